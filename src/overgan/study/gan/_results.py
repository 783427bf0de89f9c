"""The results of a width study of a GAN."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
from jaxtyping import UInt8
from pydantic import Field, ValidationError
from torch import nn

from overgan.check import check
from overgan.errors import OverganError
from overgan.metrics import CRITIC, MetricName, Progress, current_row, frechet_label, no_progress
from overgan.models import plain
from overgan.study._explain import explain
from overgan.study._mirror import publish
from overgan.study._quickstart import FEW
from overgan.study._rows import Row, checked
from overgan.study._status import GroupStatus
from overgan.study._store import STUDY, Description
from overgan.study._study import Study
from overgan.study.analysis import Gap, Recommendation, disagreement, gaps, recommend
from overgan.study.gan._checkpoints import generators, samples
from overgan.study.gan._evaluate import LATER, evaluate_checkpoints, later_rows
from overgan.study.gan._facts import GanFacts
from overgan.study.gan._pictures import pictures
from overgan.study.gan._progress import group_status
from overgan.study.gan._rates import best_rates, rates_beyond
from overgan.study.gan._settled import unsettled
from overgan.study.gan._spec import GanSpec
from overgan.study.gan._write_images import check_sizes, write_images
from overgan.training import EVALUATIONS, INDEX, LOG, Rule, Run, read_rows, resume
from overgan.words import joined

RUN = ["k", "learning_rate_rule", "learning_rate", "seed"]
ROW = [*RUN, "iteration", "features"]  # what a row is of


class GanRow(Row):
    """A row of evaluations or losses, of which every other value is a number."""

    __pydantic_extra__: dict[str, float | None]

    iteration: int = Field(ge=0, le=10**15)
    features: str = ""
    learning_rate_rule: str = ""


def _column(side: str, *, averaged: bool) -> str:
    return f"frechet_{side}" + ("" if averaged else "_unaveraged")


class GanStudy(Study):
    """The results of a width study of a GAN."""

    spec: GanSpec
    row = GanRow
    beside = (INDEX,)

    def __init__(self, folder: Path, description: Description):
        try:
            facts = GanFacts.model_validate(description)
        except ValidationError as error:
            raise OverganError(f"{folder / STUDY}: {explain(error, GanFacts)}; restore it from a copy") from None
        if missing := set(description.spec.widths) - set(facts.parameters):
            raise OverganError(f"{folder / STUDY} lacks the parameters of k = {min(missing)}; restore it from a copy")
        super().__init__(folder, description)

    def frame(self) -> pd.DataFrame:
        """One row per run, evaluation and feature space: what it is of, then frechet_train, frechet_test, ….

        It is of k, learning_rate_rule, learning_rate, seed, iteration and features. Other metrics are columns of those
        names, empty where they were not asked for; with train.average those that end in _unaveraged are of the last
        weights, all others of the average. What `evaluate` measured afterwards takes the place of what was before.
        """
        frame = self._rows(EVALUATIONS, [*ROW, "frechet_train", "frechet_test"])
        later = self._rows(LATER, ROW)
        if later.empty:
            return frame
        merged = later.set_index(ROW).combine_first(frame.set_index(ROW)).reset_index()
        return merged[[*frame.columns, *(column for column in later.columns if column not in frame.columns)]]

    def losses(self) -> pd.DataFrame:
        """One row per run and logged iteration: what it is of, the losses, and how far each network has moved."""
        return self._rows(LOG, [*RUN, "iteration"])

    def group_status(self, width: int) -> GroupStatus:
        """How far the group of one width is."""
        return group_status(self.folder, self.spec, width)

    def final(self, features: str | None = None, *, rule: Rule | None = None, averaged: bool = True) -> pd.DataFrame:
        """The rows of `frame` of the last iteration, of the runs that reached it, in one feature space.

        features: by default the spec's first. Of several learning rates each width's best, as `best_rates` says.
        """
        chosen = features or self.spec.evaluate.features[0]
        last = self.last(rule=rule, averaged=averaged)
        return last[last.features == chosen]

    def last(self, *, rule: Rule | None = None, averaged: bool = True) -> pd.DataFrame:
        """The rows of `frame` of the last iteration, of the runs that reached it, at each width's best learning rate.

        rule, averaged: as of `best_rates`.
        """
        frame = self.frame()
        return self.at_best(frame[frame.iteration == self.spec.train.iterations], rule=rule, averaged=averaged)

    def best_rates(self, *, rule: Rule | None = None, averaged: bool = True) -> dict[int, float]:
        """By width the best of the learning rates, as the spec has them, at its newest evaluation.

        It is chosen on the distance from training images, in the first feature space: that from held-out ones is then
        still fair. A rate with which runs diverged comes after those with which all came through.

        rule: by default the spec's first. averaged: with train.average, whether averages are judged, or last weights.
        """
        evaluations = self._rows(EVALUATIONS, [*ROW, "frechet_train"])
        features, rules = self.spec.evaluate.features[0], self.spec.train.rules
        return best_rates(evaluations, features, rule or rules[0], _column("train", averaged=averaged))

    def at_best(self, frame: pd.DataFrame, *, rule: Rule | None = None, averaged: bool = True) -> pd.DataFrame:
        """The rows of a frame, of this study, by one rule and at each width's best learning rate (`best_rates`)."""
        train = self.spec.train
        if not train.several:
            return frame
        of_rule = frame.learning_rate_rule == (rule or train.rules[0])
        return frame[of_rule & (frame.learning_rate == frame.k.map(self.best_rates(rule=rule, averaged=averaged)))]

    def recommend(
        self,
        tolerance: float | None = None,
        confidence: float = 0.95,
        *,
        features: str | None = None,
        rule: Rule | None = None,
        averaged: bool = True,
    ) -> Recommendation:
        """The narrowest width whose mean Fréchet distance from held-out images is within the tolerance of the best.

        tolerance: by default the spec's. confidence: of its interval. features: the space of the distance, by default
        the spec's first. rule, averaged: as of `best_rates`, for with several learning rates each width is judged at
        its best. Beside seeds and widths, a recommendation takes finished runs of every width, training that has
        settled, and learning rates between which the best lies (docs/concepts.md).

        Raises OverganError if no run is finished, or all diverged, or there is no such rule, or no average.
        """
        train = self.spec.train
        check(rule is None or rule in train.rules, "rule", rule, f"one of {', '.join(train.rules)}")
        check(averaged or train.average, "averaged", averaged, "True, for the study has no averages")
        tolerance = self.spec.tolerance if tolerance is None else tolerance
        features = features or self.spec.evaluate.features[0]
        final = self.final(features, rule=rule, averaged=averaged)
        if final.empty:
            self._refuse(features)
        column = _column("test", averaged=averaged)
        found = recommend(
            {k: final[column][final.k == k].to_numpy(float) for k in self.spec.widths},
            tolerance,
            confidence,
            quantity=f"test {frechet_label(features)}",
        )
        evaluations = self._rows(EVALUATIONS, [*ROW, column])  # those of `evaluate` may be of other samples
        evaluations = evaluations[evaluations.features == features].merge(final[RUN])
        between = {*found.not_excluded, found.width, found.best_width}
        settled = unsettled(
            train,
            self.description.data["train"],
            evaluations.rename(columns={column: "value"}),
            between,
            tolerance,
            found.quantity,
        )
        best = self.best_rates(rule=rule, averaged=averaged) if len(train.rates) > 1 else {}
        frame, space = self.frame(), self.spec.evaluate.features[0]
        tried = frame[(frame.iteration == train.iterations) & (frame.features == space)]
        tried = tried[tried.learning_rate_rule == (rule or train.rules[0])]
        beyond = rates_beyond(tried, best, between, tolerance, _column("train", averaged=averaged))
        lacking = (*found.missing, *self._unfinished(), *settled, *beyond)
        return replace(found, missing=lacking, learning_rate=best.get(found.width))

    def recommendations(self, tolerance: float | None = None, confidence: float = 0.95) -> dict[str, Recommendation]:
        """What `recommend` says by each of the spec's feature spaces that has runs, the one that decides first."""
        decides, *others = self.spec.evaluate.features
        spaces = [decides, *(name for name in others if len(self.final(name)))]
        return {name: self.recommend(tolerance, confidence, features=name) for name in spaces}

    def headlines(self, tolerance: float | None = None, confidence: float = 0.95) -> list[str]:
        """The recommendation in words, whether the feature spaces agree on it, and if it rests on few images, that.

        Raises what `recommend` does.
        """
        found = self.recommendations(tolerance, confidence)
        first = next(iter(found.values()))
        final = self.final()
        rates, rules = self.spec.train.rates, self.spec.train.rules
        judged = "Each width is judged at the best of its learning rates, chosen on the training images' distance"
        by_rule = f" (by the rule {rules[0]})" if len(rules) > 1 else ""
        means = {k: float(final.frechet_test[final.k == k].mean()) for k in sorted(set(final.k.astype(int)))}
        compared = self.description.data.get("compared", FEW)
        few = f"Only {compared} images on each side of a comparison, so small differences are chance"
        return [
            str(first),
            *([judged + by_rule] if len(rates) > 1 else []),
            *filter(None, [disagreement(found, means)]),
            *([few] if compared < FEW and not first.missing else []),
        ]

    def gaps(self, features: str | None = None) -> dict[int, Gap]:
        """By width, the Fréchet distance at the last iteration, test − train, its error, and whether that is enough.

        features: by default the spec's first. A width whose runs have no frechet_gap is left out;
        `evaluate(["frechet_gap"])` measures it.
        """
        return gaps(self.final(features))

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

        width: by default the recommended one. seed: by default the first.
        learning_rate, rule: where a seed has several; by default the width's best, and the spec's first.
        latents_seed: of other latents than those of the run's evaluations; runs make their images of the same ones.

        Raises OverganError if there is no such run, no checkpoint yet, or its checksum is wrong, or if no width is
        given and none can be recommended yet.
        """
        check(n >= 1, "n", n, "at least 1")
        check(latents_seed is None or latents_seed >= 0, "latents_seed", latents_seed, "at least 0")
        width = self._width(width)
        with self.naming():
            by_run = samples(self.folder, self.spec, self._shape, width, n, latents_seed=latents_seed)
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

    def evaluate(
        self,
        metrics: Sequence[MetricName] = ("frechet",),
        *,
        progress: Progress = no_progress,
        device: str = "cpu",
        batch: int | None = None,
        **settings: Any,
    ) -> pd.DataFrame:
        """Measure the newest checkpoint of every run; `frame` has the rows beside the study's own.

        metrics: as of `overgan.metrics.evaluate`.
        progress: called with what is being done, how many are done and of how many.
        device: what generates images, computes features and trains networks: cpu, cuda, cuda:N, or auto, a GPU if
            there is one.
        batch: images that go through a feature network at once, by default as many as suit it.
        settings: keys of the spec's `evaluate` section, such as features or samples; by default as in the spec.

        The result is what was measured, a row per run and feature space. Those of the same run, iteration and features
        are replaced; an interrupted NND goes on.

        Raises OverganError if the study is being trained, its images have changed, or for what `evaluate` refuses.
        """
        fingerprint = self.description.data["fingerprint"]
        with self.naming(*metrics, *settings.get("features", ())):
            rows = evaluate_checkpoints(
                self.folder, self.spec, fingerprint, metrics, progress, device, batch, **settings
            )
        return pd.DataFrame(rows, columns=None if rows else ROW)

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

    def _refuse(self, features: str) -> None:
        """Raise OverganError if there is another reason than runs to come why none is in a feature space."""
        if not self.final().empty:
            measured = joined([str(name) for name in self.last().features.unique() if name != CRITIC])
            raise OverganError(f"no run is measured in {features} features, but in {measured}")
        if all(group.diverged == self.spec.runs_a_width for group in self.status()):
            rate = "a lower train.learning_rate" if len(self.spec.train.rates) == 1 else "lower train.learning_rates"
            raise OverganError(f"all runs diverged; {rate}, in another folder, may help")

    def pictures(self, width: int, folder: str) -> dict[Path, bytes]:
        """The PNG files in a folder of a width's, such as samples, by path; without damaged ones, with a notice."""
        return pictures(self.folder, self.group(width), folder)

    def heal(self, width: int) -> None:
        """A width whose newest checkpoint is damaged goes back to the one before."""
        resume(self.group(width))

    def _group_rows(self, width: int, file: str) -> list[dict[str, Any]]:
        rows = later_rows(self.group(width)) if file == LATER else read_rows(self.group(width), file)
        train = self.spec.train
        steps = {"learning_rate_rule": train.rules[0], "learning_rate": train.rates[0]}  # rows of one have none
        return [steps | current_row(row) for row in checked(rows, self.row, self.group(width) / file)]

    def _width(self, width: int | None) -> int:
        """The width, by default the recommended one, which there must be."""
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
        rule = rule or train.rules[0]
        check(rule in train.rules, "rule", rule, f"one of {', '.join(train.rules)}")
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
