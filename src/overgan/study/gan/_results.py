"""What the rows of a GAN's width study say."""

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import pandas as pd
from pydantic import Field, ValidationError

from overgan.check import check
from overgan.errors import OverganError
from overgan.metrics import current_row, frechet_label
from overgan.study._explain import explain
from overgan.study._rounds import read_rounds
from overgan.study._rows import Row, checked
from overgan.study._status import GroupStatus
from overgan.study._store import STUDY, Description
from overgan.study._study import Study
from overgan.study.analysis import Gap, Recommendation, gaps, recommend
from overgan.study.gan._evaluate import LATER, later_rows
from overgan.study.gan._facts import GanFacts
from overgan.study.gan._headlines import headlines
from overgan.study.gan._progress import group_status
from overgan.study.gan._race import raced, values_in_order
from overgan.study.gan._rates import best_rates, rates_beyond
from overgan.study.gan._settled import unsettled
from overgan.study.gan._spec import GanSpec
from overgan.training import EVALUATIONS, INDEX, LOG, Rule, read_rows, resume
from overgan.words import joined

RUN = ["k", "learning_rate_rule", "learning_rate", "seed"]
ROW = [*RUN, "iteration", "features"]  # what a row is of


class GanRow(Row):
    """A row of evaluations or losses, of which every other value is a number."""

    __pydantic_extra__: dict[str, float | None]

    iteration: int = Field(ge=0, le=10**15)
    features: str = ""
    compared: int = Field(0, ge=0, le=10**15)  # images on each side, and generated images beside all real ones:
    generated: int = Field(0, ge=0, le=10**15)  # `evaluate` says so
    learning_rate_rule: str = ""


def _column(side: str, *, averaged: bool) -> str:
    return f"frechet_{side}" + ("" if averaged else "_unaveraged")


class GanResults(Study):
    """Its runs' rows, the best learning rates, and the recommendation."""

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

    def measuring(self, *metrics: str) -> str:
        """The command that measures metrics of finished runs, as a shell takes it, between backticks.

        A folder within the current one is named from there: pages are passed on, and others have another one.
        """
        here = Path.cwd()
        near = self.place == str(self.folder) and self.folder.is_relative_to(here)
        place = str(self.folder.relative_to(here)) if near else self.place
        return f"`overgan evaluate --study {shlex.quote(place)} --metrics {','.join(metrics)}`"

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

    def tried(self, rule: Rule) -> pd.DataFrame:
        """The last rows of all runs by a rule, in the first feature space, whatever their learning rate."""
        frame = self.frame()
        last = (frame.iteration == self.spec.train.iterations) & (frame.features == self.spec.evaluate.features[0])
        return frame[last & (frame.learning_rate_rule == rule)]

    def best_rates(self, *, rule: Rule | None = None, averaged: bool = True) -> dict[int, float]:
        """By width the best of the learning rates, as the spec has them, at its newest evaluation.

        It is chosen on the distance from training images, in the first feature space, so that no held-out image takes
        part in the choice. The runs do, and a run that is lucky is close to both: of rates that are about as good, the
        best one's distance is a little too small, the less so the more seeds there are. A rate with which runs diverged
        comes after those with which all came through.

        rule: by default the spec's first. averaged: with train.average, whether averages are judged, or last weights.

        Raises OverganError if there is no such rule, or no average.
        """
        rule = self._rule(rule, averaged)
        evaluations = self._rows(EVALUATIONS, [*ROW, "frechet_train"])
        return best_rates(evaluations, self.spec.evaluate.features[0], rule, _column("train", averaged=averaged))

    def at_best(self, frame: pd.DataFrame, *, rule: Rule | None = None, averaged: bool = True) -> pd.DataFrame:
        """The rows of a frame, of this study, by one rule and at each width's best learning rate.

        rule, averaged: as of `best_rates`, which says what it raises.
        """
        rule = self._rule(rule, averaged)
        if not self.spec.train.several:
            return frame
        best = frame.k.map(self.best_rates(rule=rule, averaged=averaged))
        return frame[(frame.learning_rate_rule == rule) & (frame.learning_rate == best)]

    def recommend(
        self,
        tolerance: float | None = None,
        confidence: float | None = None,
        *,
        features: str | None = None,
        rule: Rule | None = None,
        averaged: bool = True,
    ) -> Recommendation:
        """The narrowest width whose mean Fréchet distance from held-out images is within the tolerance of the best.

        tolerance: by default the spec's. confidence: of its interval, by default 0.95, or that of a study that is to go
        on until it is sure, and is then judged by its race. features: the space of the distance, by default the spec's
        first. rule, averaged: as of `best_rates`, for with several learning rates each width is judged at its best.
        Runs that diverged count against a width, as in `overgan.recommend`. Beside seeds and widths, a recommendation
        takes finished runs of every width, training that has settled, and learning rates between which the best lies
        (docs/concepts.md).

        Raises OverganError if no run is finished, or all diverged, or there is no such rule, or no average.
        """
        train, rule = self.spec.train, self._rule(rule, averaged)
        tolerance = self.spec.tolerance if tolerance is None else tolerance
        features = features or self.spec.evaluate.features[0]
        column = _column("test", averaged=averaged)
        last = self.last(rule=rule, averaged=averaged)
        final = last[last.features == features]
        if final.empty or final[column].isna().all():  # `evaluate` measures averages alone
            self._refuse(last, features, rule, averaged=averaged)
        values = values_in_order(self, features, rule=rule, averaged=averaged)
        found = recommend(
            dict.fromkeys(self.spec.widths, ()) | values,
            tolerance,
            self.confidence(confidence),
            quantity=f"test {frechet_label(features)}",
        )
        found = raced(self, found, values)
        between = {*found.not_excluded, found.width, found.best_width}
        settled = unsettled(
            train,
            self.description.data["train"],
            self._curves(final, column),
            between,
            tolerance,
            found.quantity,
        )
        best = self.best_rates(rule=rule, averaged=averaged) if len(train.rates) > 1 else {}
        beyond = rates_beyond(
            self.tried(rule), best, train.rates, between, tolerance, _column("train", averaged=averaged)
        )
        lacking = (*found.missing, *self._unfinished(), *settled, *beyond)
        return replace(found, missing=lacking, learning_rate=best.get(found.width))

    def recommendations(
        self, tolerance: float | None = None, confidence: float | None = None
    ) -> dict[str, Recommendation]:
        """What `recommend` says by each of the spec's feature spaces that has runs, the one that decides first."""
        decides, *others = self.spec.evaluate.features
        spaces = [decides, *(name for name in others if len(self.final(name)))]
        return {name: self.recommend(tolerance, confidence, features=name) for name in spaces}

    def headlines(self, tolerance: float | None = None, confidence: float | None = None) -> list[str]:
        """The recommendation in words, how probable it is and what would settle it, and what must be said beside it.

        Raises what `recommend` does.
        """
        return headlines(self, self.recommendations(tolerance, confidence))

    def curves(self, features: str | None = None) -> pd.DataFrame:
        """The test distance of `final`'s runs at every evaluation, as it was in training: k, seed, iteration, value.

        features: by default the spec's first.
        """
        return self._curves(self.final(features), _column("test", averaged=True))

    def _curves(self, final: pd.DataFrame, column: str) -> pd.DataFrame:
        evaluations = self._rows(EVALUATIONS, [*ROW, column])  # those of `evaluate` may be of other samples
        return evaluations.merge(final[[*RUN, "features"]]).rename(columns={column: "value"})

    def gaps(self, features: str | None = None) -> dict[int, Gap]:
        """By width, the Fréchet distance at the last iteration, test − train, its error, and whether that is enough.

        features: by default the spec's first. A width whose runs have no frechet_gap is left out;
        `evaluate(["frechet_gap"])` measures it.
        """
        return gaps(self.final(features))

    def _refuse(self, last: pd.DataFrame, features: str, rule: Rule, *, averaged: bool) -> NoReturn:
        """Raise OverganError with the reason why no run is in a feature space.

        last: the last rows by the rule.
        """
        column = _column("test", averaged=averaged)
        if not last.empty:
            spaces = [str(name) for name in last.features[last[column].notna()].unique()]
            if not spaces:
                raise OverganError("no run has a distance from held-out images that is a number")
            what = "no run is" if averaged else "no run's last weights are"
            raise OverganError(f"{what} measured in {features} features, but in {joined(spaces)}")
        if all(group.complete for group in self.status()):
            by = f" by the rule {rule}" if len(self.spec.train.rules) > 1 else ""
            rate = "a lower train.learning_rate" if len(self.spec.train.rates) == 1 else "lower train.learning_rates"
            raise OverganError(f"all runs{by} diverged; {rate}, in another folder, may help")
        if (rounds := read_rounds(self.folder)) and rounds.newest.move == "longer":
            end = f"{rounds.newest.iterations:,} iterations"
            raise OverganError(
                f"all runs are made longer, and no width is at its {end} yet; go on with the study first"
            )
        raise OverganError("no width has a finished run yet; go on with the study first")

    def _rule(self, rule: Rule | None, averaged: bool) -> Rule:
        """The rule, by default the spec's first. Raises OverganError if there is no such one, or no average."""
        train = self.spec.train
        rule = rule or train.rules[0]
        check(rule in train.rules, "rule", rule, f"one of {', '.join(train.rules)}")
        check(averaged or train.average, "averaged", averaged, "True, for the study has no averages")
        return rule

    def heal(self, width: int) -> None:
        """A width whose newest checkpoint is damaged goes back to the one before."""
        resume(self.group(width))

    def _group_rows(self, width: int, file: str) -> list[dict[str, Any]]:
        rows = later_rows(self.group(width)) if file == LATER else read_rows(self.group(width), file)
        train = self.spec.train
        steps = {"learning_rate_rule": train.rules[0], "learning_rate": train.rates[0]}  # rows of one have none
        return [steps | current_row(row) for row in checked(rows, self.row, self.group(width) / file)]
