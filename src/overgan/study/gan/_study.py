"""The results of a width study of a GAN: its rows, and what is made with its checkpoints."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
from jaxtyping import UInt8
from torch import nn

from overgan.check import check
from overgan.errors import OverganError
from overgan.metrics import Progress, no_progress
from overgan.models import plain
from overgan.study._mirror import publish
from overgan.study.analysis import Claim
from overgan.study.gan._budget import ForBudget, Pace, for_budget
from overgan.study.gan._checkpoints import generators, samples
from overgan.study.gan._evaluate import evaluate_checkpoints
from overgan.study.gan._pictures import pictures
from overgan.study.gan._results import ROW, GanResults
from overgan.study.gan._write_images import check_sizes, write_images
from overgan.study.gan.claims import CLAIMS
from overgan.training import Rule, Run
from overgan.words import joined


class GanStudy(GanResults):
    """The results of a width study of a GAN."""

    def sample(
        self,
        width: int | None = None,
        seed: int | None = None,
        n: int = 16,
        *,
        latents_seed: int | None = None,
        learning_rate: float | None = None,
        rule: Rule | None = None,
    ) -> UInt8[np.ndarray, "{n} h w c"]:
        """The first n images of a run's newest checkpoint, with train.average of the average; the same n at any time.

        width: by default the recommended one, or `recommend().width` while something is missing. seed: by default the
            first.
        learning_rate, rule: where a seed has several; by default the width's best, and the spec's first.
        latents_seed: of other latents than those of the run's evaluations; runs make their images of the same ones.

        Raises OverganError if there is no such run, no checkpoint yet, or its checksum is wrong, or if no width is
        given and `recommend` raises it.
        """
        check(n >= 1, "n", n, "at least 1")
        check(latents_seed is None or latents_seed >= 0, "latents_seed", latents_seed, "at least 0")
        width = self._width(width)
        with self.naming():
            by_run = dict(samples(self.folder, self.spec, self._shape, width, n, latents_seed=latents_seed))
        return by_run[self._trained(width, seed, learning_rate, rule, list(by_run))]

    def generator(
        self,
        width: int,
        seed: int | None = None,
        *,
        learning_rate: float | None = None,
        rule: Rule | None = None,
    ) -> nn.Module:
        """The generator of a run's newest checkpoint, made of PyTorch's own layers, or the user's own module.

        It maps latents (batch, latent), standard normal, to images (batch, channels, height, width) in [-1, 1], is on
        the CPU and in evaluation mode, and a copy: it can be trained or exported. From the latents of the run's
        evaluation stream, in batches of 64, come the images of `sample`, before they are made bytes; with
        model.sampling_norm=batch the images of a batch depend on each other, as they do there.

        seed, learning_rate, rule: as of `sample`.

        Raises OverganError as `sample` does.
        """
        with self.naming():
            runs, replicas = generators(self.folder, self.spec, self._shape, width)
        place = runs.index(self._trained(width, seed, learning_rate, rule, runs))
        return plain(cast(nn.Module, replicas), place)  # there are some: a seed was found

    def claims(self, confidence: float | None = None) -> list[Claim]:
        """What the study says of each of the paper's statements about trained GANs (docs/claims.md)."""
        return [CLAIMS[name](self, self.confidence(confidence)) for name in CLAIMS]

    def evaluate(
        self,
        metrics: Sequence[str] = ("frechet",),
        *,
        progress: Progress = no_progress,
        device: str = "cpu",
        batch: int | None = None,
        **settings: Any,
    ) -> pd.DataFrame:
        """Measure the newest checkpoint of every run; `frame` has the rows beside the study's own.

        metrics: as of `overgan.metrics.evaluate`; and of networks, tangent_kernel and game (docs/metrics.md), which are
            those of the last weights, with train.average too.
        progress: called with what is being done, how many are done and of how many.
        device: what generates images, computes features and trains networks: cpu, cuda, cuda:N, or auto, a GPU if
            there is one.
        batch: images that go through a feature network at once, by default as many as suit it.
        settings: keys of the spec's `evaluate` section, such as features; by default as in the spec. In features of the
            study's, as many images are compared as there: distances of other numbers do not compare.

        The result is what was measured, a row per run and feature space; metrics of networks have a row of their own,
        whose features are networks. Those of the same run, iteration and features are replaced, with all that was of
        other numbers of images, which are beside the rest: compared on each side, and generated, where the Fréchet
        distance compares so many with all real ones. An interrupted NND goes on.

        Raises OverganError if the study is being trained, its images have changed, or for what `evaluate` refuses.
        """
        fingerprint = self.description.data["fingerprint"]
        with self.naming(*metrics, *settings.get("features", ())):
            rows = evaluate_checkpoints(
                self.folder, self.spec, fingerprint, metrics, progress, device, batch, **settings
            )
        return pd.DataFrame(rows, columns=None if rows else ROW)

    def for_budget(
        self,
        budget: str | float,
        pace: Pace | None = None,
        tolerance: float | None = None,
        confidence: float = 0.95,
    ) -> ForBudget:
        """The width to train once in a given time, by the mean distances that are expected after as many iterations.

        budget: the time of training, evaluations not counted: seconds, or such as 30m, 10h or 1d.
        pace: how many times as fast as this study one model will be trained; or the seconds of an iteration of it, by
            width, from which others follow by the power of k that these show, or, from a single one, the study's own.
            By default the study's: of a group, over its iterations and runs.
        tolerance: by default the spec's. confidence: of intervals.

        At a constant learning rate a mean is taken from the curve, and beyond it by `extrapolate`, to four times what
        was trained at most. Where the rate falls to 0 only trainings as long as the study's are known.

        Raises OverganError for what is out of range, if no run is finished, or nothing is known of so few iterations.
        """
        return for_budget(self, budget, pace, tolerance, confidence)

    def write_samples(
        self,
        width: int | None = None,
        seed: int | None = None,
        n: int = 16,
        out: str | Path | None = None,
        *,
        latents_seed: int | None = None,
        learning_rate: float | None = None,
        rule: Rule | None = None,
        scale_up: int = 1,
    ) -> Path:
        """Write `sample` of the same arguments as 00000.png, 00001.png, …, and all in one grid; their folder.

        out: by default images-seed-S in the folder of the width, with what else is given, such as the latents' seed.
        scale_up: how many pixels each becomes, in both directions.

        The grid is beside the folder, FOLDER-grid.png: the folder has images of one size, which can be measured.

        Raises OverganError as `sample` does, if the folder cannot be written or is one of more images that were written
        before, or if the grid would be too large.
        """
        check(n >= 1, "n", n, "at least 1")
        check_sizes(n, self._shape, scale_up)
        width = self._width(width)
        images = self.sample(width, seed, n, latents_seed=latents_seed, learning_rate=learning_rate, rule=rule)
        name = f"images-seed-{self.spec.seeds[0] if seed is None else seed}"
        name += f"-{rule}" if rule else ""
        name += f"-rate-{learning_rate:g}" if learning_rate else ""
        name += f"-latents-{latents_seed}" if latents_seed is not None else ""
        name += f"-x{scale_up}" if scale_up > 1 else ""
        folder = self.group(width) / name if out is None else Path(out).resolve()
        write_images(images, scale_up, folder, ours=out is None)
        if out is None:
            publish(self.folder, folder)
            publish(self.folder, folder.with_name(f"{name}-grid.png"))
        return folder

    def pictures(self, width: int, folder: str) -> dict[Path, bytes]:
        """The PNG files in a folder of a width's, such as samples, by path; without damaged ones, with a notice."""
        return pictures(self.folder, self.group(width), folder)

    def _width(self, width: int | None) -> int:
        """The width, by default that of `recommend`, which is the best of what there is while something is missing."""
        if width is not None:
            return width
        try:
            return self.recommend().width
        except OverganError as error:
            raise OverganError(f"no width can be recommended ({error}); name one with {{argument}}", "width") from None

    def _trained(
        self, width: int, seed: int | None, learning_rate: float | None, rule: Rule | None, runs: list[Run]
    ) -> Run:
        """The run, by default of the first seed, at the width's best learning rate; it must have weights."""
        train = self.spec.train
        rule = self._rule(rule, averaged=True)
        seed = self.spec.seeds[0] if seed is None else seed
        if learning_rate is None:
            learning_rate = self.best_rates(rule=rule).get(width, train.rates[0])
        rates = joined([f"{rate:g}" for rate in train.rates])
        check(learning_rate in train.rates, "learning_rate", learning_rate, f"one that was tried: {rates}")
        run = Run(seed, learning_rate, rule)
        if run not in runs:
            seeds = sorted(of.seed for of in runs if of[1:] == run[1:])
            at = f" at learning rate {learning_rate:g}, {rule}" if train.several else ""
            has = f"it has those of {seeds}" if seeds else "its runs diverged"
            raise OverganError(f"{self.group(width)} has no weights of seed {seed}{at}; {has}")
        return run

    @property
    def _shape(self) -> tuple[int, int, int]:
        height, width, channels = self.description.data["shape"]
        return height, width, channels
