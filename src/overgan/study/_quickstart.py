"""The quickstart on anybody's images: which study they get, when nothing but the images is named."""

import math
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from overgan.data import Survey, given_arrays, is_hub, survey, survey_of, unread_arrays
from overgan.errors import OverganError
from overgan.study._spec import Spec
from overgan.study._store import IMAGES, STUDY

FEWEST, SMALLEST = 20, 4  # images; pixels
LABELLED, LABELLED_EACH = 200, 20  # training images with labels, all and of a class, from which a classifier learns
SAMPLES, FEW = 1_000, 250  # images on each side of a comparison; so few that a user must know
TRAIN = {"batch": 32, "betas": [0.0, 0.9], "schedule": "linear", "log_every": 50}
# by the pixels of the networks' images, 0 for those that are too small for a DCGAN: about five minutes on two cores
CHOSEN: dict[int, dict[str, Any]] = {
    0: {
        "model": {"name": "mlp", "latent": 32, "depth": 2},
        "widths": [4, 8, 16, 32, 64, 128],
        "train": TRAIN | {"iterations": 2000, "learning_rate": 4e-3, "evaluate_every": 400},
    },
    16: {
        "model": {"name": "dcgan", "latent": 64},
        "widths": [2, 4, 8, 16, 32],
        "train": TRAIN | {"iterations": 800, "learning_rate": 1e-3, "evaluate_every": 200},
    },
    32: {
        "model": {"name": "dcgan", "latent": 64},
        "widths": [2, 4, 8, 16],
        "train": TRAIN | {"iterations": 800, "learning_rate": 1e-3, "evaluate_every": 200},
    },
}
DCGAN = (16, 32)
SEEDS = [0, 1, 2]


def quickstart(source: str | Path) -> dict[str, Any]:
    """The plain values of a spec for the images in a folder, archive, array or dataset.

    They depend on the images alone, so that the same command goes on with the same study.

    Raises OverganError if there are too few images, or too small ones, or one cannot be read, or the parts are not
    clear.
    """
    path = _path(source)
    if (path / STUDY).exists():
        raise OverganError(
            f"{source} is a study's folder, not one of images; to go on with it, repeat the command that began it"
        )
    values = quickstart_of(survey(path), str(source))
    return {"name": _name(source), **values, "data": values["data"] | {"root": str(path)}}


def quickstart_of(images: Survey, where: str) -> dict[str, Any]:
    """The sections of a spec for images that are like this, but for their name and where they are."""
    n, least = images.train + images.held_out, min(images.least)
    if n < FEWEST:
        raise OverganError(f"{where} has {n} images; at least {FEWEST} are needed: add images")
    if least < SMALLEST:
        raise OverganError(f"{where} has images of {least} pixels; at least {SMALLEST} are needed: leave them out")
    pixels = min(DCGAN, key=lambda p: abs(math.log(p / least))) if least >= min(DCGAN) else 0
    wanted = (pixels, pixels) if pixels else images.least
    size = {} if images.least == images.most == wanted else {"size": pixels or least}
    labelled = images.classes and images.train >= max(LABELLED, LABELLED_EACH * images.classes)
    return CHOSEN[pixels] | {
        "data": {"name": "folder", **size},
        "seeds": SEEDS,
        "evaluate": {"features": ["classifier" if labelled else "random"], "samples": SAMPLES},
    }


def apart(spec: Any) -> tuple[Any, dict[str, np.ndarray]]:
    """What `load_spec` takes, and the images, if it has any in memory, instead of a spec, or as the data of a dict.

    Raises OverganError if they are nothing that `given_arrays` takes, or, instead of a spec, as `quickstart_of` does.
    """
    if isinstance(spec, str | Path | Spec):
        return spec, {}
    if not isinstance(spec, Mapping):
        arrays = given_arrays(spec)
        values = quickstart_of(survey_of(unread_arrays(arrays, "images")), "the array")
        return {"name": "images", **values}, arrays
    if arrays_at := [str(key) for key, value in spec.items() if key != "data" and hasattr(value, "__array__")]:
        raise OverganError(
            f"{arrays_at[0]} holds images, but is no data of a spec; give images alone, or as a pair (trained on, held "
            "out), or as the data of a dict"
        )
    if isinstance(spec.get("data", ""), str | Mapping):
        return spec, {}
    return {**spec, "data": {"name": "folder", "root": IMAGES}}, given_arrays(spec["data"])


def with_root(spec: Spec, root: str) -> Spec:
    """The spec of a GAN with images that lie there."""
    data = spec.data.model_copy(update={"root": root})  # type: ignore[attr-defined] # only specs of a GAN get here
    return spec.model_copy(update={"data": data})


def where_it_lies(spec: Spec, folder: Path) -> Spec:
    """The spec of a study whose folder keeps its images, and may have been moved with them."""
    data, kept = getattr(spec, "data", None), (folder / IMAGES).resolve()
    moved = data and data.root and Path(data.root).name == IMAGES and not Path(data.root).exists() and kept.exists()
    return with_root(spec, str(kept)) if moved else spec


def choices(source: str | Path, spec: Spec) -> list[str]:
    """What was found at a source that is images, what a spec of it does with them, and how to choose otherwise."""
    found, plain = survey(_path(source)), spec.model_dump(mode="json")
    height, width = (
        low if low == high else f"{low} to {high}" for low, high in zip(found.least, found.most, strict=True)
    )
    classes = f"{found.classes:,} classes" if found.classes else "no classes"
    model, train, size = plain["model"]["name"], plain["train"], plain["data"]["size"]
    widths, seeds, features = (", ".join(map(str, v)) for v in (spec.widths, spec.seeds, plain["evaluate"]["features"]))
    compared = min(found.held_out, found.train // 2)
    few = (
        [f"note: only {compared} images on each side of a comparison, so small differences are chance"]
        if compared < FEW
        else []
    )
    return [
        f"images: {source}: {found.train:,} to train on and {found.held_out:,} held out, {width} × {height} pixels, "
        f"{'grey' if found.channels == 1 else 'colour'}, {classes}",
        *few,
        f"chosen: {model}{f', images of {size} × {size} pixels' if size else ''}; widths {widths} with seeds {seeds}; "
        f"{train['iterations']:,} iterations; {features} features{_whose(features, found.classes)}",
        "otherwise: --set KEY=VALUE, such as --set data.size=64 (larger images take longer), or "
        f"overgan show {shlex.quote(str(source))} > mine.yaml, then overgan run mine.yaml",
    ]


def _whose(features: str, classes: int) -> str:
    """What a newcomer cannot know of the first choice of features."""
    if features == "classifier":
        return f", of a small network that learns the {classes:,} classes"
    return ", of a network with random weights" if features.startswith("random-") and "," not in features else ""


def _path(source: str | Path) -> Path:
    return Path(source) if is_hub(source) else Path(source).expanduser().resolve()


def _name(source: str | Path) -> str:
    """The last part of the path without its ending, of characters that a folder's name may have everywhere."""
    path = _path(source)
    stem = path.name if path.is_dir() or is_hub(source) else path.name.split(".")[0]
    return re.sub(r"[^\w.-]+", "-", stem).strip("-.") or "images"
