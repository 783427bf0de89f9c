"""The real side of every comparison, computed once, and all metrics of generated images against it."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import numpy as np
from filelock import FileLock
from jaxtyping import UInt8
from platformdirs import user_cache_path

from overgan.data import ImageSet
from overgan.disk import sha256
from overgan.errors import OverganError
from overgan.metrics._features import FeatureSpace
from overgan.metrics._fid_infinity import LEAST, fid_infinity
from overgan.metrics._frechet import gaussian_distance
from overgan.metrics._kid import kernel_distance
from overgan.metrics._memorization import data_copying, memorized_share
from overgan.metrics._neighbours import nearest_neighbours
from overgan.metrics._nnd import neural_net_divergence
from overgan.metrics._nnd_critic import NNDConfig
from overgan.metrics._prdc import Manifold, fit_manifold, prdc
from overgan.metrics._sample import Images, Progress, Sample, cached, describe, fingerprint, no_progress
from overgan.pictures import neighbour_picture

Metric = Literal["fid", "kid", "prdc", "fid_infinity", "memorization", "nnd"]
LEAST_IMAGES = {"fid": 2, "kid": 2, "prdc": 6, "fid_infinity": LEAST, "memorization": 20, "nnd": 2}
CRITIC = "critic"  # the feature space of nnd
NEAREST_K = 5
NEIGHBOURS = 8
CELL = 40  # images that a cell of C_T has on average, at least


class Reference:
    """As many training and held-out images, in each feature space.

    parts: "train" and "test", or one of them; equally many images in each, because the Fréchet distance and others
    depend on the number.
    metrics: those of `score`. Each needs some images: see LEAST_IMAGES.
    nnd: how the critic of nnd is trained.
    cache: folder for what is computed from the real images, by default in the user's cache folder.

    Raises OverganError if there are too few images for a metric, or one that needs both parts lacks one.
    """

    def __init__(
        self,
        parts: Mapping[str, Images],
        spaces: Sequence[FeatureSpace],
        metrics: Sequence[Metric] = ("fid",),
        *,
        nnd: NNDConfig | None = None,
        cache: Path | None = None,
        progress: Progress = no_progress,
    ):
        self.parts, self.spaces, self.metrics = dict(parts), list(spaces), list(metrics)
        self.samples = min(len(images) for images in parts.values())
        check_metrics(self.metrics, list(parts), self.samples)
        self.nnd = nnd or NNDConfig()
        self.cache = cache or user_cache_path("overgan") / "real"
        self.progress = progress
        self.keep = not {"fid", "nnd"}.issuperset(metrics)
        self.checksums = {part: fingerprint(images, progress, f"{part} images") for part, images in parts.items()}

        def real(space: FeatureSpace, part: str) -> _Real:
            images, checksum = parts[part], self.checksums[part]
            return _Real(cached(space, images, checksum, self.keep, self.cache, progress, f"{part} images"))

        self._real = {space.name: {part: real(space, part) for part in parts} for space in self.spaces}

    @classmethod
    def of(
        cls,
        images: ImageSet,
        spaces: Sequence[FeatureSpace],
        samples: int,
        metrics: Sequence[Metric] = ("fid",),
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
        metrics: Sequence[Metric] | None = None,
        folder: Path | None = None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> list[dict[str, Any]]:
        """For each feature space a row with its name, `features`, and metrics of as many generated images.

        metrics: some of those that the reference was made for, by default all.
        folder, stopping: of nnd, which can go on from what an interrupted call left in the folder.

        fid: fid_train, fid_test. kid: kid_train, kid_train_error, …. prdc: precision_train, recall_train,
        density_train, coverage_train, …. fid_infinity: fid_infinity_train, fid_infinity_train_error, ….
        memorization: nearer_train, nearer_train_low, nearer_train_high, c_t. nnd: a row with the features "critic", and
        nnd, nnd_error; of training images in the generated ones' place, as if memorized: nnd_train, nnd_train_error.

        Raises NNDStopped if `stopping` says yes.
        """
        metrics = self.metrics if metrics is None else metrics
        rows: list[dict[str, Any]] = []
        for space in self.spaces:
            sample = describe(space, generated, self.keep, self.progress, "generated images")
            row: dict[str, Any] = {"features": space.name}
            for metric in metrics:
                if metric != "nnd":
                    self.progress(f"{metric} in {space.name} features", 0, 1)
                    row |= _METRICS[metric](sample, self._real[space.name])
            rows.append(row)
        if "nnd" in metrics:
            rows.append({"features": CRITIC} | self._nnd(generated, folder, stopping))
        return rows

    def _nnd(self, generated: Images, folder: Path | None, stopping: Callable[[], bool]) -> dict[str, float]:
        def divergence(images: Images, name: str, folder: Path | None) -> dict[str, float]:
            progress = partial(self.progress, f"NND of {name} images")
            real, fake = (np.asarray(side[:]) for side in (self.parts["test"], images))
            result = neural_net_divergence(
                real, fake, config=self.nnd, folder=folder, stopping=stopping, progress=progress
            )
            key = "nnd" if name == "generated" else f"nnd_{name}"
            return {key: result.value, f"{key}_error": result.standard_error}

        row = divergence(generated, "generated", folder)
        if "train" not in self.parts:
            return row
        # that of the training images is computed once: its last state stays in the cache
        config = self.nnd.model_dump_json(exclude={"checkpoint_seconds"})
        key = sha256(f"{sorted(self.checksums.items())} {config} {version('torch')}".encode())[:32]
        shared = self.cache / f"nnd-{key}"
        shared.mkdir(parents=True, exist_ok=True)
        with FileLock(shared / ".lock"):
            return row | divergence(self.parts["train"], "train", shared)

    def neighbour_pictures(
        self, generated: UInt8[np.ndarray, "rows h w c"], train: Images, count: int = NEIGHBOURS
    ) -> dict[str, UInt8[np.ndarray, "_ _ _"]]:
        """A row for each generated image: itself, then its nearest training images (Fig. 10), in each space.

        train: all training images, for pixel space. In feature spaces the nearest are looked for among those that are
        compared, and only if a metric needs their features.
        """
        everything = np.asarray(train[:])
        points = everything.reshape(len(everything), -1)
        count = min(count, self.samples)
        _, nearest = nearest_neighbours(generated.reshape(len(generated), -1), points, count)
        pictures = {"pixels": neighbour_picture(generated, everything[nearest])}
        compared = np.asarray(self.parts["train"][:])
        for space in self.spaces:
            features = self._real[space.name]["train"].sample.features
            if features is not None and space.name != "pixels":
                _, nearest = nearest_neighbours(space.embed(generated), features, count)
                pictures[space.name] = neighbour_picture(generated, compared[nearest])
        return pictures


def check_metrics(metrics: Sequence[Metric], parts: Sequence[str], samples: int) -> None:
    """Raise OverganError if a metric lacks images."""
    for metric in metrics:
        if samples < LEAST_IMAGES[metric]:
            raise OverganError(
                f"{metric} needs at least {LEAST_IMAGES[metric]} images on each side, but there are {samples}; "
                "add images, or leave it out"
            )
        if metric == "memorization" and len(parts) < 2:
            raise OverganError("memorization needs training and held-out images; add those, or leave it out")
        if metric == "nnd" and "test" not in parts:
            raise OverganError("nnd needs held-out images; add those, or leave it out")


class _Real:
    """A real sample, and its manifold once it is needed."""

    def __init__(self, sample: Sample):
        self.sample = sample

    @cached_property
    def manifold(self) -> Manifold:
        return fit_manifold(_features(self.sample), NEAREST_K)


def _features(sample: Sample) -> Any:
    assert sample.features is not None  # noqa: S101 - kept, because a metric needs them
    return sample.features


def _fid(generated: Sample, real: Mapping[str, _Real]) -> dict[str, float]:
    return {f"fid_{part}": gaussian_distance(r.sample.gaussian, generated.gaussian) for part, r in real.items()}


def _kid(generated: Sample, real: Mapping[str, _Real]) -> dict[str, float]:
    values = {part: kernel_distance(_features(generated), _features(r.sample)) for part, r in real.items()}
    return {k: v for part, e in values.items() for k, v in ((f"kid_{part}", e.value), (f"kid_{part}_error", e.error))}


def _fid_infinity(generated: Sample, real: Mapping[str, _Real]) -> dict[str, float]:
    values = {part: fid_infinity(_features(generated), _features(r.sample)) for part, r in real.items()}
    name = "fid_infinity"
    return {
        k: v for part, e in values.items() for k, v in ((f"{name}_{part}", e.value), (f"{name}_{part}_error", e.error))
    }


def _prdc(generated: Sample, real: Mapping[str, _Real]) -> dict[str, float]:
    manifold = fit_manifold(_features(generated), NEAREST_K)
    return {
        f"{name}_{part}": getattr(values, name)
        for part, values in {part: prdc(r.manifold, manifold) for part, r in real.items()}.items()
        for name in ("precision", "recall", "density", "coverage")
    }


def _memorization(generated: Sample, real: Mapping[str, _Real]) -> dict[str, float]:
    sets = _features(generated), _features(real["train"].sample), _features(real["test"].sample)
    share = memorized_share(*sets)
    values = {"nearer_train": share.share, "nearer_train_low": share.low, "nearer_train_high": share.high}
    try:
        copying = data_copying(*sets, cells=max(1, min(10, len(sets[0]) // CELL)))
    except ValueError:  # all generated images lie where there are no held-out ones: the statistic is not defined
        return values
    return values | {"c_t": copying.c_t}


_METRICS = {
    "fid": _fid,
    "kid": _kid,
    "prdc": _prdc,
    "fid_infinity": _fid_infinity,
    "memorization": _memorization,
}
