"""All metrics of anybody's images, in one call."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from jaxtyping import UInt8

from overgan.check import check
from overgan.data import Form, ImageSet, Mode, Source, Subset, class_labels, open_images, size_in_words
from overgan.device import resolve_device
from overgan.errors import OverganError
from overgan.metrics._features import feature_space, space_record
from overgan.metrics._metric import SIDES
from overgan.metrics._reference import MEND, Reference, too_few
from overgan.metrics._registry import METRICS, MetricName, current_key
from overgan.metrics._sample import VERSIONS_OF, Images, Progress, fingerprint, no_progress
from overgan.metrics.nnd._config import NNDConfig
from overgan.metrics.spaces._space import Precision
from overgan.words import brief


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation:
    """The numbers that `evaluate` found, and what a reader must know to trust them."""

    rows: list[dict[str, Any]]  # one a feature space: its name as `features`, and the metrics; NND's is "critic"
    facts: dict[str, Any]  # images compared, their number and SHA-256, what identifies the features, versions
    pictures: dict[str, UInt8[np.ndarray, "h w c"]] = field(default_factory=dict)  # nearest neighbours, by space
    metrics: tuple[MetricName, ...] = ()  # that were asked for

    def __repr__(self) -> str:
        compared = {name: facts["compared"] for name, facts in self.facts["images"].items()}
        return brief(self, metrics=list(self.metrics)[:3], **compared)

    def __getitem__(self, metric: str) -> float:
        """A metric such as frechet_test, in the first feature space that has it."""
        key = current_key(metric)
        for row in self.rows:
            if key in row:
                value: float = row[key]
                return value
        raise KeyError(f"{metric}; there are {', '.join(key for row in self.rows for key in row)}")


def evaluate(
    generated: Source,
    train: Source | None = None,
    test: Source | None = None,
    features: str | Sequence[str] = "inception",
    metrics: Sequence[MetricName] = ("frechet",),
    *,
    samples: int | Literal["all"] | None = None,
    size: int | None = None,
    mode: Mode | None = None,
    weights: str | Path | None = None,
    precision: Precision = "float32",
    draws: int = 10,
    nnd: NNDConfig | None = None,
    device: str = "cpu",
    batch: int | None = None,
    neighbour_rows: int = 0,
    cache: str | Path | None = None,
    progress: Progress = no_progress,
) -> Evaluation:
    """Compare generated images with training images, held-out images, or both.

    generated, train, test: uint8 arrays (images, height, width, 1 or 3), or the paths of folders or files of images, as
        studies read them; all of one size, if they are not brought to one by `size` and `mode`.
    features: one or more of inception, classifier, random, random-SEED, pixels, package.module:name.
    metrics: frechet (FID in Inception's features), frechet_gap (needs both real sets), frechet_infinity,
        frechet_population, kernel (KID), prdc, memorization (needs both real sets), nnd (needs test; with train also
        that of memorized training images), package.module:name of a Metric or of a function that returns one.
    samples: images compared on each side, drawn at random with a fixed seed; by default as many as the smallest set
        has. "all" takes every set whole: then FID is that of other tools, and is biased differently for each set.
    size, mode: every image on every side is cropped to its middle square and resized to so many pixels, with
        antialiasing, and made "grey" or "colour". That changes distances: compare only numbers of one size and mode.
    weights, precision: of inception; the file of torch-fidelity, by default where torch-fidelity keeps it.
    draws: of real images, from which the standard error of frechet_gap comes.
    nnd: how the critic of nnd is trained.
    device: what computes features and trains networks: cpu, cuda, cuda:N, or auto, a GPU if there is one.
    batch: images that go through a feature network at once, by default as many as suit it; fewer need less memory.
    neighbour_rows: generated images, evenly spread, of which `pictures` shows the nearest training images, in pixel
        space among all of them, and, if memorization is asked for, in each feature space among those compared.
    cache: folder of what is computed from real images, networks included, by default in the user's cache folder.
    progress: called with what is being done, how many are done and of how many.

    Raises OverganError, before any long work, for images that cannot be read or do not match, an unknown name, a device
    or weights that are missing, or fewer images than a metric needs.
    """
    names = [features] if isinstance(features, str) else list(features)
    metrics = [METRICS.known(name) for name in metrics]
    records = [METRICS[name] for name in metrics]
    needs_labels = next((name for name in names if space_record(name).labels), None)
    (device, *_) = resolve_device(device)
    if not metrics or not names:
        raise OverganError("no metric or no features; name at least one of each")
    check(draws >= 1, "draws", draws, "at least 1")
    check(size is None or size >= 1, "size", size, "at least 1")
    check(mode in (None, *get_args(Mode)), "mode", mode, f"one of {', '.join(get_args(Mode))}")
    form = Form(size, mode)
    given = {"generated": generated, "train": train, "test": test}
    with ExitStack() as stack:
        sets = {k: stack.enter_context(open_images(v, k, form)) for k, v in given.items() if v is not None}
        if len(sets) < 2:
            raise OverganError("there is nothing to compare with: name training images, held-out images, or both")
        shape = _one_shape(sets)
        labelled = _labelled(sets, needs_labels) if needs_labels else None
        chosen = _choose(sets, samples, labelled)
        real = {part: chosen[part] for part in sets if part != "generated"}
        counts = [len(images) for images in chosen.values()]
        for metric in records:
            metric.check(list(real), min(counts), shape)
            if metric.equally_many and min(counts) < max(counts):
                raise OverganError(
                    f"{metric.name} needs as many images on every side; leave {{argument}}={samples} out", "samples"
                )
        more: dict[str, Any] = {"weights": weights, "precision": precision, "device": device, "batch": batch}
        spaces = [feature_space(name, labelled or shape, cache, **more) for name in dict.fromkeys(names)]
        if lacking := too_few(metrics, spaces, len(chosen["generated"])):
            raise OverganError(f"{lacking[0]}; {MEND}")
        checksum = fingerprint(chosen["generated"], progress, "generated images")
        reference = Reference(
            real, spaces, metrics, draws=draws, nnd=nnd, device=device, cache=cache, progress=progress
        )
        rows = reference.score(chosen["generated"])
        pictures = {}
        if neighbour_rows and "train" in sets:
            progress("nearest neighbours", 0, 1)
            spread = np.linspace(0, len(chosen["generated"]) - 1, min(neighbour_rows, len(chosen["generated"])))
            pictures = reference.neighbour_pictures(chosen["generated"][spread.astype(int)], sets["train"])
        images = {"generated": checksum} | reference.checksums
        facts = {
            "images": {k: {"of": len(sets[k]), "compared": len(chosen[k]), "sha256": images[k]} for k in sets},
            "features": {space.name: space.facts for space in spaces},
            "versions": {name: version(name) for name in VERSIONS_OF},
        }
        if form.notes:
            facts["form"] = f"every image was {', and '.join(form.notes)}"
        if "nnd" in metrics:
            facts["nnd"] = reference.nnd.model_dump()
    return Evaluation(rows, facts, pictures, tuple(metrics))


def _one_shape(sets: Mapping[str, Images]) -> tuple[int, int, int]:
    shapes: dict[str, tuple[int, int, int]] = {name: images[:1].shape[1:] for name, images in sets.items()}
    (first, shape), *_ = shapes.items()
    for name, other in shapes.items():
        differ = f"{first} images have {size_in_words(shape)} but {name} images {size_in_words(other)}"
        if other[:2] != shape[:2]:
            least = min(*shape[:2], *other[:2])
            mend = f"bring them to one size, or have all cropped and resized with {{argument}}={least}"
            raise OverganError(f"{differ}; {mend}, which changes distances such as FID", "size")
        if other != shape:
            mend = "make all grey or all colour, such as with {argument}=grey"
            raise OverganError(f"{differ}; {mend}", "mode")
    return shape


def _labelled(sets: Mapping[str, Any], features: str) -> ImageSet:
    """The real sets with the names of their class sub-folders as labels."""
    folders = {side: [path.parent for path in getattr(sets.get(side), "paths", ())] for side in SIDES}
    labels = {side: class_labels(folders[side]) for side in SIDES}
    for side in SIDES:
        if labels[side] is None:
            raise OverganError(
                f"{side} images have no labels; {features} features need training and held-out images, both in class "
                "sub-folders: add those, or use other features, such as random"
            )
    if set(folders["train"]) != set(folders["test"]):
        raise OverganError("training and held-out images do not have the same class sub-folders; rename them")
    return ImageSet("training set", *(sets[side][:] for side in SIDES), *labels.values())


def _choose(
    sets: Mapping[str, Images], samples: int | Literal["all"] | None, labelled: ImageSet | None
) -> dict[str, Subset]:
    """Of each set the images that are compared; of the training set none that a classifier was trained on."""
    available = {name: np.arange(len(images)) for name, images in sets.items()}
    if labelled:
        available["train"] = labelled.reference
    most = min(map(len, available.values()))
    if samples != "all":
        if samples is not None and not 1 <= samples <= most:
            raise OverganError(
                f"{{argument}} is {samples}, but there are only {most} images on the smallest side", "samples"
            )
        available = {k: np.random.default_rng(0).permutation(v)[: samples or most] for k, v in available.items()}
    return {name: Subset(images, np.sort(available[name])) for name, images in sets.items()}
