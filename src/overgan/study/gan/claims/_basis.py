"""What the claims of a trained GAN rest on, and the words that they share."""

import math
from collections.abc import Collection, Mapping, Sized

import numpy as np
import pandas as pd
from jaxtyping import Float

from overgan.study.analysis import Change, Estimate, as_judged
from overgan.study.gan._race import values_in_order
from overgan.study.gan._results import GanResults
from overgan.words import counted, joined, number, percent, span

MOST_SEEDS = 10_000  # a width; more would be no advice

Runs = dict[int, Float[np.ndarray, " _"]]  # of each run by width


def judged_runs(study: GanResults, features: str | None = None) -> Runs:
    """By width the test distance of each run at the last iteration; diverged ones count as twice as far as the others.

    Widths without a finished run that came through are left out. features: by default the spec's first.
    """
    judged = {k: as_judged(np.asarray(of, float)) for k, of in values_in_order(study, features).items()}
    return {k: of for k, of in judged.items() if np.isfinite(of).all()}


def complete(rows: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """The rows that have finite numbers in these columns; none without the columns."""
    if not set(columns).issubset(rows):
        return rows.iloc[:0]
    return rows.replace([math.inf, -math.inf], math.nan).dropna(subset=columns)


def by_width(rows: pd.DataFrame, column: str) -> Runs:
    """The finite numbers of a column, of the widths that have some."""
    known = complete(rows, [column])
    return {k: known[column][known.k == k].to_numpy(float) for k in sorted(set(known.k.astype(int)))}


def rests_on(study: GanResults, runs: Mapping[int, int], features: str = "") -> str:
    """The runs, widths and features: 40 runs, 8 widths, classifier features; 9 runs, 3 of 5 widths, ….

    runs: how many, by width.
    """
    of, all_widths = sum(1 for n in runs.values() if n), len(study.spec.widths)
    widths = counted(all_widths, "width") if of == all_widths else f"{of} of {counted(all_widths, 'width')}"
    return ", ".join([counted(sum(runs.values()), "run"), widths, *([f"{features} features"] if features else [])])


def counts(values: Mapping[int, Sized]) -> dict[int, int]:
    """How many runs, by width."""
    return {k: len(of) for k, of in values.items()}


def changed(low: float, high: float | None = None, digits: int = 2) -> str:
    """Relative changes in words: 72% lower; 65% to 78% lower; 3% lower to 12% higher; high: None if it is one."""
    if high is None or percent(low, digits) == percent(high, digits):
        return f"{percent(abs(low), digits)} {'lower' if low < 0 else 'higher'}"
    first, last = (low, high) if high > 0 else (high, low)
    if first < 0 < last:
        return f"{changed(first, digits=digits)} to {changed(last, digits=digits)}"
    return f"{percent(abs(first), digits)} to {changed(last, digits=digits)}"


def in_percent(what: str, change: Change, confidence: float) -> Estimate:
    """The number of a relative change."""
    return Estimate(f"{what}, in %", 100 * change.value, 100 * change.low, 100 * change.high, confidence)


def more_runs(study: GanResults) -> str:
    """What a study would need of which too few runs are there to say anything."""
    waiting = [group.width for group in study.status() if not group.complete]
    if waiting and len(study.spec.widths) > 1 and any(len(study.seeds(k)) > 1 for k in study.spec.widths):
        return f"The runs of k = {joined(waiting)} that are not finished yet may tell."
    if sum(len(of) > 1 for of in judged_runs(study).values()) > 1:
        return "It takes distances from training and held-out images that are told from 0."
    return "It takes two widths at least, with two seeds each that do not diverge."


def three_widths(what: str, widths: Collection[int]) -> tuple[str, str]:
    """Why an exponent of k cannot be said, in a sentence, and what would tell. what: takes it; widths: with runs."""
    there = f"runs of k = {joined(list(widths))} have" if widths else "no run has"
    return f"{what} takes three widths: {there} come to an end.", "Finished runs of three widths or more."


def seeds_would_tell(study: GanResults, seeds: float, widths: Collection[int]) -> str:
    """The sentence; of more than 10,000 seeds, or an unknown number, that no number is known to.

    widths: those that are compared.
    """
    if not math.isfinite(seeds) or seeds > MOST_SEEDS:
        return "It is so close that no number of seeds that anybody trains would tell."
    there = sorted(len(of) for k, of in judged_runs(study).items() if k in widths) or [0]
    rounded = math.ceil(seeds) if seeds < 10 else float(f"{seeds:.1e}")
    wanted = max(rounded, there[-1] + 1)  # the estimate takes the spread as known, and may be fewer than there are
    are = span(str(there[0]), str(there[-1]))
    return f"At their spread about {number(wanted)} seeds a width would tell: there are {are}."
