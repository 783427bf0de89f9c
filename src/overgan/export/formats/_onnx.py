"""A generator as ONNX."""

import io
import logging
from contextlib import redirect_stdout
from pathlib import Path

import torch

from overgan.errors import OverganError
from overgan.export._card import write_card
from overgan.export._format import Chosen, needed
from overgan.export._out import Out
from overgan.export._run import Exporting, exporting
from overgan.own import explained
from overgan.study import Study

ONNX = "generator.onnx"
TOLERANCE = 1e-4  # of values in [-1, 1]; a byte is 8e-3. Sums in another order differ by about 1e-6


def write_onnx(study: Study, out: Out, chosen: Chosen) -> list[Path]:
    """generator.onnx, from `latents` (batch, latent) to `images` (batch, channels, height, width), and a model card.

    It is tried: ONNX Runtime's images are those of `study.generator`. With model.sampling_norm=batch its batch norm
    takes each batch's statistics, as the study's does.

    Raises OverganError as `study.generator` does, if a package is missing, or the user's own model cannot be exported.
    """
    for package in ("onnx", "onnxscript", "onnxruntime"):
        needed(package, "onnx")
    run = exporting(study, chosen)
    content = _exported(run)
    _check(run, content)
    return [out.write(f"{run.folder}/{ONNX}", content), *write_card(run, out)]


def _exported(run: Exporting) -> bytes:
    """The file's content."""
    name = run.study.spec.model.name
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    _begin_autograd()
    try:
        with explained(f"{name} cannot be exported as ONNX"), redirect_stdout(io.StringIO()):
            program = torch.onnx.export(
                run.module.requires_grad_(False),
                (run.latents,),
                dynamo=True,
                input_names=["latents"],
                output_names=["images"],
                dynamic_shapes=({0: torch.export.Dim("batch")},),
                verbose=False,
            )
            assert program is not None  # noqa: S101 - dynamo gives one
            content: bytes = program.model_proto.SerializeToString()
    finally:
        logger.setLevel(level)
    return content


def _begin_autograd() -> None:
    """One pass backward: PyTorch counts devices at the first, and gives a thread to those that its exporter makes up.

    With such a thread no process that is forked from this one could train.
    """
    with torch.enable_grad():
        torch.autograd.backward(torch.ones((), requires_grad=True) ** 2)


@torch.no_grad()
def _check(run: Exporting, content: bytes) -> None:
    """Raise OverganError if the file does not make the run's images, also of another number of latents."""
    onnxruntime = needed("onnxruntime", "onnx")
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    for latents in (run.latents, run.latents[:5]):
        (images,) = session.run(None, {"latents": latents.numpy()})
        difference = float((torch.from_numpy(images) - run.module(latents)).abs().max())
        if not difference <= TOLERANCE:
            raise OverganError(
                f"ONNX Runtime makes other images than PyTorch: they differ by {difference:.2g}; "
                "other versions of onnx, onnxscript or onnxruntime may do better"
            )
