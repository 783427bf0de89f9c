"""The real side of every comparison, computed once, and all metrics of generated images against it."""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8
from platformdirs import user_cache_path

from overgan.data import ImageSet
from overgan.errors import OverganError
from overgan.metrics._metric import ENDS, Metric, Setting
from overgan.metrics._registry import METRICS, MetricName
from overgan.metrics._sample import Images, Progress, cached, describe, fingerprint, no_progress
from overgan.metrics.distances._neighbours import nearest_neighbours
from overgan.metrics.nnd._config import NNDConfig
from overgan.metrics.nnd._divergence import NNDStopped
from overgan.metrics.spaces._space import FeatureSpace
from overgan.own import explained, is_own
from overgan.pictures import neighbour_picture

NEIGHBOURS = 8
MEND = "add images, name other features, or leave it out"  # what to do if they are too few


class Reference:
    """As many training as held-out images, in each feature space: what generated images are compared with.

    parts: "train" and "test", or one of them; equally many images in each, because the Fréchet distance and others
    depend on the number.
    metrics: those of `score`.
    nnd: how the critic of nnd is trained.
    device: PyTorch's name of what trains it.
    cache: folder for what is computed from the real images, by default in the user's cache folder.

    Raises OverganError if there are too few images for a metric, or one that needs both parts lacks one.
    """

    def __init__(
        self,
        parts: Mapping[str, Images],
        spaces: Sequence[FeatureSpace],
        metrics: Sequence[MetricName] = ("fid",),
        *,
        nnd: NNDConfig | None = None,
        device: str = "cpu",
        cache: Path | None = None,
        progress: Progress = no_progress,
    ):
        self.parts, self.spaces, self.metrics = dict(parts), list(spaces), list(metrics)
        self.samples = min(len(images) for images in parts.values())
        check_metrics(self.metrics, list(parts), self.samples)
        self.nnd, self.device = nnd or NNDConfig(), device
        self.cache = cache or user_cache_path("overgan") / "real"
        self.progress = progress
        self.keep = any(METRICS[name].needs == "features" for name in metrics)
        self.checksums = {part: fingerprint(images, progress, f"{part} images") for part, images in parts.items()}
        self._real = {
            space.name: {
                part: cached(space, images, self.checksums[part], self.keep, self.cache, progress, f"{part} images")
                for part, images in parts.items()
            }
            for space in self.spaces
        }

    @classmethod
    def of(
        cls,
        images: ImageSet,
        spaces: Sequence[FeatureSpace],
        samples: int,
        metrics: Sequence[MetricName] = ("fid",),
        **more: Any,
    ) -> "Reference":
        """That of an image set: all sides have `samples` images, but at most as many as `images.reference` has."""
        samples = min(samples, len(images.reference))
        held_out = np.random.default_rng(0).permutation(len(images.test))
        parts = {"train": images.train[images.reference[:samples]], "test": images.test[held_out[:samples]]}
        return cls(parts, spaces, metrics, **more)

    def score(
        self,
        generated: Images,
        metrics: Sequence[MetricName] | None = None,
        folder: Path | None = None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> list[dict[str, Any]]:
        """For each feature space a row with its name, `features`, and metrics of as many generated images.

        metrics: some of those that the reference was made for, by default all.
        folder, stopping: of nnd, which can go on from what an interrupted call left in the folder.

        The keys are those of the metrics' columns, of each with a standard error also the key and _error. A metric is
        left out in features with more dimensions than the images allow (`too_few`). Metrics that need images, such as
        nnd, have a row of their own, with the features "critic" or another word.

        Raises NNDStopped if `stopping` says yes, and OverganError if a metric of the user's own fails.
        """
        records = {name: METRICS[name] for name in (self.metrics if metrics is None else metrics)}
        rows: dict[str, dict[str, Any]] = {}
        for space in self.spaces:
            sample = describe(space, generated, self.keep, self.progress, "generated images")
            rows[space.name] = {"features": space.name}
            for name, metric in records.items():
                if metric.needs != "images" and not too_few([name], [space], len(generated)):
                    self.progress(f"{metric.name} in {space.name} features", 0, 1)
                    rows[space.name] |= _values(name, metric, sample, self._real[space.name])
        setting = Setting(self.nnd, self.device, self.cache, self.checksums, folder, stopping, self.progress)
        for name, metric in records.items():
            if metric.needs == "images":
                row = rows.setdefault(metric.row, {"features": metric.row})
                row |= _values(name, metric, generated, self.parts, setting)
        return list(rows.values())

    def neighbour_pictures(
        self, generated: UInt8[np.ndarray, "rows h w c"], train: Images
    ) -> dict[str, UInt8[np.ndarray, "_ _ _"]]:
        """A row for each generated image: itself, then its nearest training images (Fig. 10), in each space.

        train: all training images, for pixel space. In feature spaces the nearest are looked for among those that are
        compared, and only if a metric needs their features.
        """
        everything = np.asarray(train[:])
        points = everything.reshape(len(everything), -1)
        count = min(NEIGHBOURS, self.samples)
        _, nearest = nearest_neighbours(generated.reshape(len(generated), -1), points, count)
        pictures = {"pixels": neighbour_picture(generated, everything[nearest])}
        compared = np.asarray(self.parts["train"][:])
        for space in self.spaces:
            features = self._real[space.name]["train"].features
            if len(features) and space.name != "pixels":
                _, nearest = nearest_neighbours(space.embed(generated), features, count)
                pictures[space.name] = neighbour_picture(generated, compared[nearest])
        return pictures


def check_metrics(metrics: Sequence[MetricName], parts: Sequence[str], samples: int) -> None:
    """Raise OverganError if a metric lacks images, or there is none of that name."""
    for name in metrics:
        METRICS[name].check(parts, samples)


def too_few(metrics: Sequence[MetricName], spaces: Sequence[FeatureSpace], generated: int) -> list[str]:
    """A sentence for each metric and feature space with more dimensions than so many generated images allow."""
    return [
        f"{metric.name} in {space.name} features needs at least {needed:,} generated images, "
        f"{metric.per_feature:.3g} for each of {dimension:,} dimensions, but there are {generated:,}"
        for metric in (METRICS[name] for name in metrics)
        for space in spaces
        if generated < (needed := metric.needed(dimension := space.facts["dimension"]))
    ]


def _values(name: str, metric: Metric, *compared: object) -> dict[str, float]:
    """What a metric finds; one of the user's own must not fail, and give finite numbers of its columns."""
    if not is_own(name):
        return metric.values(*compared)
    with explained(f"metric {name} fails", OverganError, NNDStopped):
        values = metric.values(*compared)
    known = {key + end for column in metric.columns for key in column.keys.values() for end in ("", *ENDS)}
    if not known.issuperset(values) or not all(map(math.isfinite, values.values())):
        raise OverganError(f"metric {name} gives {values}; finite numbers of its columns, {sorted(known)}, are needed")
    return values
