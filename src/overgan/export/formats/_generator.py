"""A generator as weights in safetensors, with a file of Python that loads them without overgan."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import safetensors.torch
import torch

from overgan.errors import OverganError
from overgan.export._card import write_card
from overgan.export._format import Chosen
from overgan.export._out import Out
from overgan.export._run import Exporting, exporting
from overgan.export._source import source
from overgan.models import repeatable
from overgan.own import explained
from overgan.study import Study

ROUNDING = 1e-5  # of values in [-1, 1]
WEIGHTS, SOURCE = "generator.safetensors", "generator.py"


def write_generator(study: Study, out: Out, chosen: Chosen) -> list[Path]:
    """generator.safetensors, generator.py, which needs torch and safetensors alone, and a model card, README.md.

    The file is tried: its images are those of `study.generator`, up to rounding. That of a user's own model imports it.

    Raises OverganError as `study.generator` does, or if the images of the user's own model are others.
    """
    run = exporting(study, chosen)
    spec = run.study.spec
    tensors = {name: tensor.contiguous().clone() for name, tensor in run.module.state_dict().items()}
    text = source(
        run.module,
        width=spec.model.generator_width or run.width,
        seed=run.seed,
        latent=spec.model.latent,
        shape=tuple(study.description.data["shape"]),
        dithered=spec.data.dither,
        own=spec.model.name if spec.model.own else None,
        weights=WEIGHTS,
    )
    weights = out.write(f"{run.folder}/{WEIGHTS}", safetensors.torch.save(tensors, {"format": "pt"}))
    path = out.write(f"{run.folder}/{SOURCE}", text.encode())
    _check(run, path)
    return [weights, path, *write_card(run, out)]


@torch.no_grad()
def _check(run: Exporting, path: Path) -> None:
    """Raise OverganError if the file does not make the run's images."""
    found = spec_from_file_location(f"overgan_{path.parent.name.replace('-', '_')}", path)
    assert found is not None  # noqa: S101 - only None for what is no Python
    assert found.loader is not None  # noqa: S101 - the same
    loaded: Any = module_from_spec(found)
    with explained(f"{path} cannot be loaded"):
        found.loader.exec_module(loaded)
        module = loaded.load()
        with repeatable(torch.device("cpu")):
            images = module(run.latents)
    with repeatable(torch.device("cpu")):
        wanted = run.module(run.latents)
    if not torch.allclose(images, wanted, rtol=0, atol=ROUNDING):
        raise OverganError(
            f"{path} makes other images than the study: {run.study.spec.model.name} keeps more than its parameters and "
            "buffers, which alone are in a checkpoint"
        )
