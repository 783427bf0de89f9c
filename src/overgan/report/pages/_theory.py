"""What the pages of theory studies share: a width's row, the cases that each run looks at, and curves of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from overgan.errors import OverganError
from overgan.report._content import Content, Row, state
from overgan.report._plot import (
    Panel,
    Plot,
    Series,
    against_width,
    each,
    each_width,
    of_widths,
    over_seeds,
    without_range,
)
from overgan.study.theory import TheoryStudy
from overgan.words import course, number

POINTS = 200  # of a residual curve, at steps that are equally far apart on a logarithmic axis


def theory_content(
    study: TheoryStudy,
    rows: pd.DataFrame,
    subtitle: str,
    findings: list[str],
    plots: list[Plot],
    cells: Mapping[int, Row],
    table_note: str,
    method: list[str],
) -> Content:
    """The whole page, made of what is the kind's own; before a run is finished it says so, and has no plots.

    rows: the study's frame. findings: all but the recommendation. cells: each width's, without those of every kind.
    """
    table = [
        [("k", str(k)), *own, ("seconds", number(study.group_status(k).seconds, 2)), ("runs", state(study, k))]
        for k, own in cells.items()
    ]
    if rows.empty:
        findings, plots = [], []
    return Content(
        subtitle,
        [_recommended(study), *findings],
        plots,
        table,
        table_note,
        method,
        claims=study.claims(),
    )


def _recommended(study: TheoryStudy) -> str:
    """The recommendation, or why there is none, as a sentence."""
    try:
        return f"{study.recommend()}."
    except OverganError as error:
        return f"{str(error)[0].upper()}{str(error)[1:]}."


def by_case(study: TheoryStudy, rows: pd.DataFrame, width: int) -> dict[str, pd.DataFrame]:
    """The rows of one width, by the names of the study's cases."""
    return {name: rows[(rows.k == width) & (rows[study.case] == name)] for name in study.cases}


def count(succeeded: pd.Series) -> str:
    """How many of the runs did, such as 2 of 3."""
    return f"{succeeded.sum()} of {len(succeeded)}"


def always(share: pd.Series, one: str, never: str) -> str:
    """From which width on all runs succeed, and up to which none does, from the share at each width.

    one, never: "all do" and "no run converges", and so on.
    """
    widths = [int(k) for k in share.index]
    none = [k for k, before in zip(widths, share.cummax(), strict=True) if before == 0]  # the narrowest ones
    every = [k for k, after in zip(widths, share[::-1].cummin()[::-1], strict=True) if after == 1]  # the widest ones
    if len(widths) == 1:
        return f"at k = {widths[0]} {one if every else never if none else f'not {one}'}"
    if none == widths:
        return f"{never} at any width"
    if every == widths:
        return f"at every width {one}"
    parts = [f"{'up to' if len(none) > 1 else 'at'} k = {none[-1]} {never}"] if none else []
    if not every:
        parts.append(f"even at k = {widths[-1]} not {one}")
    elif len(every) == 1:
        parts.append(f"at k = {every[0]} {one}")
    else:
        parts.append(f"from k = {every[0]} on {one}")
    return ", ".join(parts)


def power_law(frame: pd.DataFrame, column: str) -> str:
    """How a column's means go with the width, and the exponent of k in the power law that the claims have.

    That is through the mean logarithms of widths whose mean is finite and above 0, by least squares.
    """
    means = frame.groupby("k")[column].mean()
    fitted = means[np.isfinite(means) & (means > 0)]
    text = course(means.to_dict(), digits=2)
    if len(fitted) < 2:
        return text
    positive = frame[frame.k.isin(fitted.index) & (frame[column] > 0)]
    of_width = positive.assign(log=np.log(positive[column].astype(float))).groupby("k").log.mean()
    exponent = np.polyfit(np.log(of_width.index), of_width, 1)[0]
    where = "" if len(fitted) == len(means) else " where it is finite and above 0"
    return f"{text}, as k^{number(round(exponent, 2), 3)}{where}"


def fraction(name: str, frame: pd.DataFrame, column: str, color: str, *, dashed: bool = False) -> Series:
    """The share of runs at each width for which a column is true."""
    return without_range(over_seeds(name, frame.astype({column: float}), "k", column, color, dashed=dashed))


def successes(study: TheoryStudy, rows: pd.DataFrame, title: str, y_label: str, *more: Series) -> Plot:
    """The share of runs at each width in which a case succeeds, a curve for each case, and more curves."""
    curves = [fraction(name, of, study.success, color) for name, of, color in each(rows, study.case)]
    plot = against_width(study.success, title, y_label, [Panel([*curves, *more])])
    try:
        return replace(plot, mark=study.recommend().recommended)
    except OverganError:  # no run succeeded
        return plot


def residuals(
    study: TheoryStudy, rows: pd.DataFrame, steps: int, title: str, y_label: str, shown: Mapping[str, str]
) -> list[Plot]:
    """Residuals over the steps, a panel for each case and a color for each width; no plot where no curves are kept.

    shown: which curves of a run, as what follows the case in their names, and what follows the width in the key; those
    with something there are dashed and have no quartiles, which would hide those of the others.
    """
    if not study.has_residuals():
        return []
    looked_at = np.unique(np.geomspace(1, steps + 1, POINTS).round().astype(int)) - 1
    widths = [
        (k, color, [study.residuals(int(k), int(seed)) for seed in of.seed.unique()])
        for k, of, color in each_width(rows)
    ]

    def curves(case: str) -> list[Series]:
        found = []
        for k, color, runs in widths:
            for suffix, label in shown.items():
                series = _over_steps(f"k = {k}{label}", [run[case + suffix] for run in runs], looked_at, color)
                found.append(replace(without_range(series), dashed=True) if label else series)
        return found

    panels = [Panel(curves(case), case) for case in study.cases]
    return [Plot("residuals", title + of_widths(rows), "step + 1", y_label, panels, "log", True)]


def _over_steps(
    name: str, curves: Sequence[Float[np.ndarray, "..."]], steps: Int[np.ndarray, " steps"], color: str
) -> Series:
    """Median and quartiles of curves, each relative to its first value; one that ended stays where it did."""
    relative = [curve[np.minimum(steps, len(curve) - 1)] / (curve[0] or 1.0) for curve in curves]
    low, median, high = np.quantile(relative, [0.25, 0.5, 0.75], axis=0).tolist()
    return Series(name, (steps + 1).tolist(), median, low, high, color)
