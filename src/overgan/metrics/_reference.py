"""The real side of every comparison, computed once, and all metrics of generated images against it."""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8
from platformdirs import user_cache_path

from overgan.data import ImageSet, Subset
from overgan.errors import OverganError
from overgan.metrics._features import space_record
from overgan.metrics._gaussian import fit_gaussian
from overgan.metrics._metric import ENDS, Metric, Setting
from overgan.metrics._registry import METRICS, MetricName
from overgan.metrics._sample import Images, Progress, Sample, cached, describe, fingerprint, no_progress
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
    whole: by space and part, if there are more, the images that metrics which need moments alone, such as frechet,
    compare with in place of parts.
    samples: generated images that are to be scored, by default as many as the smallest part has; with `whole` those
    metrics see all of them, the others as many as there are in the parts.
    draws: of real images, for frechet_gap.
    nnd: how the critic of nnd is trained.
    device: PyTorch's name of what trains it.
    cache: folder for what is computed from the real images, by default in the user's cache folder.

    Raises OverganError if there are too few images for a metric, or one that needs both parts lacks one.
    """

    def __init__(
        self,
        parts: Mapping[str, Images],
        spaces: Sequence[FeatureSpace],
        metrics: Sequence[MetricName] = ("frechet",),
        *,
        whole: Mapping[str, Mapping[str, Images]] | None = None,
        samples: int | None = None,
        draws: int = 10,
        nnd: NNDConfig | None = None,
        device: str = "cpu",
        cache: str | Path | None = None,
        progress: Progress = no_progress,
    ):
        self.parts, self.spaces = dict(parts), list(spaces)
        self.metrics = [METRICS.known(name) for name in metrics]
        self.drawn = min(len(images) for images in parts.values())
        self.samples = samples or self.drawn
        shape = next(iter(parts.values()))[:1].shape[1:]
        check_metrics(self.metrics, list(parts), self.drawn, shape)
        self.draws, self.nnd, self.device = draws, nnd or NNDConfig(), device
        self.cache = Path(cache) if cache else user_cache_path("overgan") / "real"
        self.progress = progress
        keep = any(METRICS[name].needs == "features" for name in metrics)
        self.checksums = {part: fingerprint(images, progress, f"{part} images") for part, images in parts.items()}
        self._real = {
            space.name: {
                part: cached(space, images, self.checksums[part], keep, self.cache, progress, f"{part} images")
                for part, images in parts.items()
            }
            for space in self.spaces
        }
        self._most = self.drawn if whole else None  # generated images that metrics of features and images see
        self._whole = {
            space.name: {part: self._of_all(space, part, images) for part, images in whole[space.name].items()}
            for space in self.spaces
            if whole
        }

    @classmethod
    def of(
        cls,
        images: ImageSet,
        spaces: Sequence[FeatureSpace],
        samples: int,
        metrics: Sequence[MetricName] = ("frechet",),
        every: bool = False,
        **more: Any,
    ) -> "Reference":
        """That of an image set: all sides have `samples` images, but at most as many as `images.reference` has.

        every: metrics that need moments alone compare `samples` generated images with all training and all held-out
            images; in spaces that were trained on labels the training images are those of `images.reference`.
        """
        drawn = min(samples, len(images.reference))
        held_out = np.random.default_rng(0).permutation(len(images.test))
        chosen = {"train": images.reference[:drawn], "test": held_out[:drawn]}
        parts = {part: Subset(getattr(images, part), places) for part, places in chosen.items()}
        if not every:
            return cls(parts, spaces, metrics, **more)
        unseen = Subset(images.train, images.reference)
        whole = {
            space.name: {"train": unseen if space_record(space.name).labels else images.train, "test": images.test}
            for space in spaces
        }
        return cls(parts, spaces, metrics, whole=whole, samples=samples, **more)

    def seen(self, metric: MetricName, generated: int) -> int:
        """How many of so many generated images a metric is given."""
        return generated if self._most is None or METRICS[metric].needs == "moments" else min(generated, self._most)

    def _of_all(self, space: FeatureSpace, part: str, images: Images) -> Sample:
        """The moments of all images of a part; they are known if the part has them all."""
        if len(images) == len(self.parts[part]):
            return self._real[space.name][part]
        name = f"all {part} images"
        return cached(space, images, fingerprint(images, self.progress, name), False, self.cache, self.progress, name)

    def _first(self, sample: Sample) -> Sample:
        """That of as many of its images as there are in the parts, if there are more."""
        features = sample.features[: self._most]
        return sample if len(features) == len(sample.features) else Sample(fit_gaussian(features), features)

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
        left out in features with more dimensions than the images allow (`too_few`), and a row without any metric, too.
        Metrics that need images, such as nnd, have a row of their own, with the features "critic" or another word.

        Raises NNDStopped if `stopping` says yes, and OverganError if a metric of the user's own fails.
        """
        records = {METRICS.known(name): METRICS[name] for name in (self.metrics if metrics is None else metrics)}
        setting = Setting(
            self.nnd, self.draws, self.device, self.cache, self.checksums, folder, stopping, self.progress
        )
        keep = any(metric.needs == "features" for metric in records.values())
        rows: dict[str, dict[str, Any]] = {}
        for space in self.spaces:
            all_generated = describe(space, generated, keep, self.progress, "generated images")
            compared = {
                "moments": (all_generated, self._whole.get(space.name, self._real[space.name])),
                "features": (self._first(all_generated), self._real[space.name]),
            }
            rows[space.name] = {"features": space.name}
            for name, metric in records.items():
                if metric.needs != "images" and not too_few([name], [space], self.seen(name, len(generated))):
                    self.progress(f"{metric.name} in {space.name} features", 0, 1)
                    given = (*compared[metric.needs], setting) if metric.settings else compared[metric.needs]
                    rows[space.name] |= _values(name, metric, *given)
        images = generated if self._most is None else generated[: self._most]
        for name, metric in records.items():
            if metric.needs == "images":
                row = rows.setdefault(metric.row, {"features": metric.row})
                row |= _values(name, metric, images, self.parts, setting)
        return [row for row in rows.values() if len(row) > 1]

    def neighbour_pictures(
        self, generated: UInt8[np.ndarray, "rows h w c"], train: Images
    ) -> dict[str, UInt8[np.ndarray, "_ _ _"]]:
        """A row for each generated image: itself, then its nearest training images (Fig. 10), in each space.

        train: all training images, for pixel space. In feature spaces the nearest are looked for among those that are
        compared, and only if a metric needs their features.
        """
        everything = np.asarray(train[:])
        points = everything.reshape(len(everything), -1)
        count = min(NEIGHBOURS, self.drawn)
        _, nearest = nearest_neighbours(generated.reshape(len(generated), -1), points, count)
        pictures = {"pixels": neighbour_picture(generated, everything[nearest])}
        for space in self.spaces:
            features = self._real[space.name]["train"].features
            if len(features) and space.name != "pixels":
                _, nearest = nearest_neighbours(space.embed(generated), features, count)
                images = self.parts["train"][nearest.ravel()]
                pictures[space.name] = neighbour_picture(generated, images.reshape(*nearest.shape, *images.shape[1:]))
        return pictures


def check_metrics(metrics: Sequence[MetricName], parts: Sequence[str], samples: int, shape: tuple[int, ...]) -> None:
    """Raise OverganError if such images are too few or too small for a metric, or there is none of that name."""
    for name in metrics:
        METRICS[name].check(parts, samples, shape)


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
