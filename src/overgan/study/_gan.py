"""Width studies of GANs: their spec, and their results."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import torch
from jaxtyping import UInt8
from pydantic import BaseModel, Field, field_validator, model_validator

from overgan.data import DataConfig, ImageSet, image_shape, load_images
from overgan.disk import read_json, write_atomic
from overgan.errors import OverganError
from overgan.metrics import (
    FeatureSpace,
    Metric,
    NNDConfig,
    Precision,
    Progress,
    Reference,
    canonical,
    check_metrics,
    feature_space,
    no_progress,
)
from overgan.models import ModelConfig, parameter_counts
from overgan.pictures import image_png
from overgan.study._analysis import Recommendation, recommend
from overgan.study._spec import STRICT, Facts, Spec, Stopping, Work
from overgan.study._status import GroupStatus
from overgan.study._store import Description, cores, group_folder
from overgan.study._study import Study
from overgan.training import (
    EVALUATIONS,
    LOG,
    LOSSES,
    PROGRESS,
    Checkpoint,
    Group,
    Replicas,
    TrainConfig,
    generate,
    load_generator,
    load_tensors,
    products_an_iteration,
    read_checkpoint,
    train_group,
)

LATER = "later.jsonl"  # of `evaluate`
ROW = ["k", "seed", "iteration", "features"]  # what a row is of
LONG, PROBE_BATCH = 1.0, 16  # seconds of an iteration that is timed; images of one that stands in for a long one


class EvaluateConfig(BaseModel):
    """The `evaluate` section: what is measured at every evaluation."""

    model_config = STRICT

    features: list[str] = Field(["classifier"], min_length=1, description="the first one decides the width")
    metrics: list[Metric] = Field(["fid"], description="at every evaluation; fid decides the width")
    final_metrics: list[Metric] = Field([], description="at the last iteration, beside those")
    samples: int = Field(10_000, ge=2, description="images on each side of a comparison, if there are as many")
    inception_weights: str | None = Field(None, description="file; by default where torch-fidelity keeps it")
    precision: Precision = Field("float32", description="of inception: bf16 is faster on some processors")
    nnd: NNDConfig = NNDConfig()

    @field_validator("features")
    @classmethod
    def _known(cls, features: list[str]) -> list[str]:
        return [canonical(name) for name in features]

    @field_validator("metrics")
    @classmethod
    def _has_fid(cls, metrics: list[Metric]) -> list[Metric]:
        if "fid" not in metrics:
            raise ValueError("must have fid, which decides the width")
        return metrics

    @property
    def all_metrics(self) -> list[Metric]:
        """Of the last evaluation."""
        return list(dict.fromkeys([*self.metrics, *self.final_metrics]))

    def spaces(self, images: ImageSet) -> list[FeatureSpace]:
        """The feature spaces. Raises OverganError if one cannot be had."""
        weights, precision = self.inception_weights, self.precision
        return [feature_space(name, images, weights=weights, precision=precision) for name in self.features]


class GanSpec(Spec):
    """A width study of a GAN: what to train, on what, at which widths and seeds."""

    kind: Literal["gan"] = "gan"
    data: DataConfig
    model: ModelConfig
    train: TrainConfig
    evaluate: EvaluateConfig

    @model_validator(mode="after")
    def _own_precision(self) -> "GanSpec":
        if self.model.own and self.train.precision == "bf16-mixed":
            raise ValueError("train.precision=bf16-mixed is not for a model of your own, which has its own precision")
        return self

    @property
    def subject(self) -> str:
        """The image set."""
        return self.data.name

    @property
    def length(self) -> str:
        """Iterations of a run."""
        return f"{self.train.iterations:,} iterations"

    def scaled(self, factor: float) -> "GanSpec":
        """The spec with its iterations, its evaluations' spacing and its samples multiplied by factor."""

        def scale(value: int, least: int) -> int:
            return max(least, round(value * factor))

        train, evaluate = self.train, self.evaluate
        train = train.model_copy(
            update={
                "iterations": scale(train.iterations, 1),
                "evaluate_every": scale(train.evaluate_every, 1),
                "log_every": scale(train.log_every, 1),
            }
        )
        nnd = {name: scale(getattr(evaluate.nnd, name), 2) for name in ("iterations", "evaluation_batches")}
        evaluate = evaluate.model_copy(
            update={"samples": scale(evaluate.samples, 2), "nnd": evaluate.nnd.model_copy(update=nnd)}
        )
        return self.model_copy(update={"train": train, "evaluate": evaluate, "scale": self.scale * factor})

    def facts(self) -> Facts:
        """The images, the feature spaces and the networks' sizes."""
        images = load_images(self.data)
        _ = LOSSES[self.train.loss]  # a loss of the user's fails before any work
        compared = min(self.evaluate.samples, len(images.reference))
        check_metrics(self.evaluate.all_metrics, ["train", "test"], compared)
        return Facts(
            data={
                "name": images.name,
                "train": len(images.train),
                "test": len(images.test),
                "compared": compared,
                "shape": list(images.shape),
                "fingerprint": images.fingerprint,
            },
            features={space.name: space.facts for space in self.evaluate.spaces(images)},
            parameters={width: parameter_counts(self.model, width, images.shape) for width in self.widths},
        )

    def seconds(self) -> float:
        """Extrapolated from an iteration on random images, evaluation not counted.

        Widths are timed from the narrowest on, with all replicas, or, if that is long, one and a part of the batch.
        Once that is long too, the time grows as the number of products does.
        """
        shape = image_shape(self.data)
        part = min(PROBE_BATCH, self.train.batch)
        share = part / max(self.train.batch, self.train.generator_batch or 0) / len(self.seeds)
        probe_config = self.train.model_copy(update={"batch": part, "generator_batch": None})
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            total, probe, pace = 0.0, 0.0, 0.0
            for width in self.widths:
                products = products_an_iteration(self.model, self.train, width, shape)
                if probe <= LONG:
                    probe = _time(Replicas(self.model, probe_config, width, shape, self.seeds[:1]), shape)
                    whole = probe / share
                    if whole <= LONG:
                        whole = _time(Replicas(self.model, self.train, width, shape, self.seeds), shape)
                    pace = whole / products
                total += pace * products
        finally:
            torch.set_num_threads(threads)
        return total * self.train.iterations / min(cores(), len(self.widths))

    def devices(self, wanted: str) -> list[str]:
        """The CPU, or every GPU that PyTorch sees."""
        gpus = torch.cuda.device_count()
        if wanted == "cuda" and not gpus:
            raise OverganError(
                "--device cuda: PyTorch sees no GPU; install its CUDA build and a driver, or use --device cpu"
            )
        if wanted in ("auto", "cuda") and gpus:
            return [f"cuda:{i}" for i in range(gpus)]
        return super().devices(wanted)

    @property
    def notice(self) -> str:
        """That a model of the user's is trained one seed after another."""
        one_by_one = self.model.own and len(self.seeds) > 1
        return f"{self.model.name} has no replica axis: its seeds are trained one at a time" if one_by_one else ""

    def worker(self, folder: Path, threads: int, device: str) -> Work:
        """Train the group of a width."""
        torch.set_num_threads(threads)
        images = load_images(self.data)
        config = self.evaluate
        reference = Reference.of(images, config.spaces(images), config.samples, config.all_metrics, nnd=config.nnd)

        def train(width: int, stopping: Stopping) -> None:
            group = group_folder(folder, width)
            train_group(
                Group(group, images, reference, config.metrics, self.model, self.train, width, self.seeds, device),
                stopping,
            )

        return train

    def study(self, folder: Path, description: Description) -> "GanStudy":
        """The results in the study's folder."""
        return GanStudy(folder, description)


SPEC = GanSpec


def _time(gan: Replicas, shape: tuple[int, int, int]) -> float:
    """Of an iteration, after one that is not timed."""
    images = torch.randint(256, (gan.config.batch, *shape), dtype=torch.uint8)
    gan.iterate(images)
    start = time.perf_counter()
    gan.iterate(images)
    return time.perf_counter() - start


class GanStudy(Study):
    """The results of a width study of a GAN."""

    spec: GanSpec

    def frame(self) -> pd.DataFrame:
        """One row per run, evaluation and feature space: k, seed, iteration, features, fid_train, fid_test, ….

        Other metrics are columns of those names, empty where they were not asked for. What `evaluate_study` measured
        afterwards takes the place of what was measured before.
        """
        frame = self._rows(EVALUATIONS, [*ROW, "fid_train", "fid_test"])
        later = self._rows(LATER, ROW)
        if later.empty:
            return frame
        merged = later.set_index(ROW).combine_first(frame.set_index(ROW)).reset_index()
        return merged[[*frame.columns, *(column for column in later.columns if column not in frame.columns)]]

    def losses(self) -> pd.DataFrame:
        """One row per run and logged iteration: k, seed, iteration, the losses, and how far each network has moved."""
        return self._rows(LOG, ["k", "seed", "iteration"])

    def group_status(self, width: int) -> GroupStatus:
        """How far the group of one width is."""
        group = self.group(width)
        checkpoint = read_checkpoint(group)
        progress = read_json(group / PROGRESS) if (group / PROGRESS).exists() else {}
        fid = progress.get("fid_test")
        return GroupStatus(
            width=width,
            unit="iteration",
            done=progress.get("iteration", 0),
            total=self.spec.train.iterations,
            seconds=progress.get("seconds", 0.0),
            result=f"test {self.spec.evaluate.features[0]} FID {fid:.3g}" if fid is not None else "",
            diverged=len(checkpoint.diverged) if checkpoint else 0,
            complete=checkpoint.complete if checkpoint else False,
        )

    def final(self, features: str | None = None) -> pd.DataFrame:
        """The rows of `frame` of the last iteration, of the runs that reached it, in one feature space.

        features: by default the spec's first.
        """
        chosen = features or self.spec.evaluate.features[0]
        last = self.last()
        return last[last.features == chosen]

    def last(self) -> pd.DataFrame:
        """The rows of `frame` of the last iteration, of the runs that reached it."""
        frame = self.frame()
        return frame[frame.iteration == self.spec.train.iterations]

    def recommend(self, tolerance: float | None = None) -> Recommendation:
        """The smallest width whose mean FID on held-out images is within the tolerance of the best.

        tolerance: by default the spec's. Raises OverganError if no run is finished.
        """
        final = self.final()
        return recommend(
            {k: final.fid_test[final.k == k].to_numpy(float) for k in self.spec.widths},
            self.spec.tolerance if tolerance is None else tolerance,
            f"test {self.spec.evaluate.features[0]} FID",
        )

    def sample(self, width: int, seed: int | None = None, n: int = 16) -> UInt8[np.ndarray, "{n} h w c"]:
        """The first n images of a run's newest checkpoint; the same n whenever it is asked.

        seed: by default the first.

        Raises OverganError if there is no such run, no checkpoint yet, or its checksum is wrong.
        """
        group, checkpoint = self.group(width), self.checkpoint(width)
        seed = self.spec.seeds[0] if seed is None else seed
        if seed not in checkpoint.seeds:
            raise OverganError(f"{group} has no weights of seed {seed}; it has those of {checkpoint.seeds}")
        if n < 1:
            raise OverganError(f"{n} images were asked for; at least 1 is needed")
        return self.samples(width, n)[seed]

    def samples(self, width: int, n: int) -> dict[int, UInt8[np.ndarray, "{n} h w c"]]:
        """As `sample`, of every seed that did not diverge. Raises OverganError as it does."""
        checkpoint = self.checkpoint(width)
        height, width_px, channels = self.description.data["shape"]
        model, shape = self.spec.model, (height, width_px, channels)
        tensors = load_tensors(self.group(width), checkpoint)
        if not checkpoint.seeds:
            return {}
        generator = load_generator(model, width, shape, len(checkpoint.seeds), tensors)
        images = generate(generator, checkpoint.seeds, n, model.latent)
        return {seed: row.numpy() for seed, row in zip(checkpoint.seeds, images, strict=True)}

    def checkpoint(self, width: int) -> Checkpoint:
        """The newest of a width. Raises OverganError if there is no such width, or no checkpoint yet."""
        if width not in self.spec.widths:
            raise OverganError(f"{self.folder} has no width {width}; it has {self.spec.widths}")
        checkpoint = read_checkpoint(self.group(width))
        if checkpoint is None:
            raise OverganError(f"{self.group(width)} has no checkpoint yet; let the study go on")
        return checkpoint

    def evaluate(
        self, metrics: Sequence[Metric] = ("fid",), *, progress: Progress = no_progress, **settings: Any
    ) -> None:
        """Measure the newest checkpoint of every run; `frame` has the rows beside the study's own.

        metrics: as of `overgan.metrics.evaluate`.
        progress: called with what is being done, how many are done and of how many.
        settings: keys of the spec's `evaluate` section, such as features or samples; by default as in the spec.

        Rows of the same run, iteration and features are replaced; an interrupted NND goes on.

        Raises OverganError if the study is being trained, its images have changed, or for what `evaluate` refuses.
        """
        from overgan.study._gan_evaluate import evaluate_study

        evaluate_study(self, metrics, progress, **settings)

    def write_samples(self, width: int, seed: int | None = None, n: int = 16, out: str | Path | None = None) -> Path:
        """Write `sample(width, seed, n)` as 00000.png, 00001.png, … and return their folder.

        out: by default images-seed-S in the folder of the width.
        Raises OverganError as `sample` does, or if out cannot be written.
        """
        images = self.sample(width, seed, n)
        seed = self.spec.seeds[0] if seed is None else seed
        folder = Path(out) if out is not None else self.group(width) / f"images-seed-{seed}"
        try:
            for i, image in enumerate(images):
                write_atomic(folder / f"{i:05d}.png", image_png(image))
        except OSError as error:
            raise OverganError(f"{folder} cannot be written ({error}); name another folder with --out") from None
        return folder
