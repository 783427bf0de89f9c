"""Sentences and curves that the reports of theory studies share."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float

from overgan.errors import OverganError
from overgan.report._content import scale_note
from overgan.report._plot import Panel, Plot, Series, colors
from overgan.study.theory import Curves, TheoryStudy

POINTS = 200  # of a residual curve, at steps that are equally far apart on a logarithmic axis


def recommended(study: TheoryStudy) -> str:
    """The recommendation, or why there is none, as a sentence."""
    try:
        return f"Recommended: {study.recommend()}."
    except OverganError as error:
        return f"{str(error)[0].upper()}{str(error)[1:]}."


def always(share: pd.Series, one: str, never: str) -> str:
    """From which width on all runs succeed, and up to which none does, from the share at each width.

    one, never: "converges" and "no run converges", and so on.
    """
    none, every = share.index[share == 0], share.index[share[::-1].cummin()[::-1] == 1]
    parts = [f"up to k = {none.max()} {never}"] if len(none) and (share.iloc[: len(none)] == 0).all() else []
    if len(none) < len(share):
        parts += [f"from k = {every.min()} on {one}" if len(every) else "at no width do all from there on"]
    return ", ".join(parts)


def fraction(name: str, frame: pd.DataFrame, column: str, color: str, *, dashed: bool = False) -> Series:
    """The share of runs at each width for which a column is true."""
    share = frame.astype({column: float}).groupby("k")[column].mean()
    values = share.tolist()
    return Series(name, share.index.tolist(), values, values, values, color, dashed)


def each(rows: pd.DataFrame, column: str) -> list[tuple[str, pd.DataFrame, str]]:
    """For every value of a column, in the order of the spec: its name, its rows and a color."""
    groups = list(rows.groupby(column, sort=False))
    return [(str(name), of, color) for (name, of), color in zip(groups, colors(len(groups)), strict=True)]


def fractions(rows: pd.DataFrame, by: str, column: str) -> list[Series]:
    """For every value of the column `by` the share of runs at each width for which another column is true."""
    return [fraction(name, of, column, color) for name, of, color in each(rows, by)]


def finished_curves(study: TheoryStudy) -> dict[int, list[Curves]]:
    """The curves of every finished run, by width."""
    rows = study.frame()
    seeds = {k: rows.seed[rows.k == k].unique() for k in study.spec.widths}
    return {k: [study.residuals(k, int(seed)) for seed in of_k] for k, of_k in seeds.items() if len(of_k)}


def residuals_plot(study: TheoryStudy, title: str, y_label: str, panels: Sequence[Panel]) -> Plot:
    """A figure of curves by `over_steps`."""
    title = f"{title}{scale_note(study)}"
    return Plot("residuals", title, "step + 1", f"{y_label}, median and quartiles", panels, "log", y_log=True)


def over_steps(name: str, curves: Sequence[Float[np.ndarray, "..."]], steps: int, color: str) -> Series:
    """Median and quartiles of curves, each relative to its first value; one that ended stays where it did.

    steps: the last step that is drawn. Those before are equally far apart on a logarithmic axis.
    """
    shown = np.unique(np.geomspace(1, steps + 1, POINTS).round().astype(int)) - 1
    relative = [curve[np.minimum(shown, len(curve) - 1)] / (curve[0] or 1.0) for curve in curves]
    low, median, high = np.quantile(relative, [0.25, 0.5, 0.75], axis=0).tolist()
    return Series(name, (shown + 1).tolist(), median, low, high, color)


def slope(frame: pd.DataFrame, column: str) -> tuple[float, pd.Series]:
    """The exponent of k in a least-squares power law through a column's means at each width; nan for one width."""
    means = frame.groupby("k")[column].mean()
    means = means[np.isfinite(means) & (means > 0)]
    if len(means) < 2:
        return float("nan"), means
    return float(np.polyfit(np.log(means.index), np.log(means), 1)[0]), means
