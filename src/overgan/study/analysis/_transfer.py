"""Whether the step that is best at one narrow width is good at the wider ones."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import scipy  # its parts load at their first use: stats alone takes half a second

from overgan.study.analysis._steps import best_rate

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Transfer:
    """What it costs to train every wider width with the best learning rate of a narrow one."""

    width: int  # the narrow one
    rate: float
    excess: dict[int, float]  # of each wider width, relative to its own best's mean; inf if a run did not finish
    verdict: Literal["holds", "fails", "unclear"]


def transfer(runs: pd.DataFrame, width: int, tolerance: float) -> Transfer | None:
    """How the best learning rate of a width does at the wider ones, as the rule of the learning rates predicts.

    runs: a row a run, with the columns k, learning_rate, seed, by which a width's best rate is chosen, `chosen`, and by
    which it is judged, `judged`; less is better. A run without a row did not finish. width: the narrow one.
    tolerance: an excess by this fraction or less does not matter.

    It holds if no wider width has a larger excess. It fails if one has that is more than chance: a run of it diverged
    that does not at the width's own best, or the seeds' excesses, each relative to the mean of the width's own best,
    are above the tolerance by Student's one-sided test, at 5 % divided by the number of wider widths (Bonferroni). Else
    it is unclear. As a width's own best is the best of several noisy ones, the excess is, if anything, too large.

    None if the width has no run, or there is no wider one with one.
    """
    by_width = {int(k): of for k, of in runs.groupby("k") if k >= width}
    wider = sorted(by_width)[1:]
    if width not in by_width or not wider:
        return None
    rate = _best(by_width[width])
    excess, shown = {}, False
    for k in wider:
        judged = _table(by_width[k], "judged")
        own = judged[_best(by_width[k])]
        there = judged.get(rate, own * np.nan)
        if there.count() < own.count():
            excess[k], shown = np.inf, True
            continue
        over = (there - own).dropna() / own.mean()
        excess[k] = float(there.mean() / own.mean() - 1)
        shown |= _is_above(over, tolerance, (1 - CONFIDENCE) / len(wider))
    verdict: Literal["holds", "fails", "unclear"] = (
        "holds" if max(excess.values()) <= tolerance else "fails" if shown else "unclear"
    )
    return Transfer(width, rate, excess, verdict)


def _best(runs: pd.DataFrame) -> float:
    return best_rate(_table(runs, "chosen"))


def _table(runs: pd.DataFrame, column: str) -> pd.DataFrame:
    """A row a seed, a column a learning rate."""
    return runs.pivot_table(index="seed", columns="learning_rate", values=column, dropna=False).astype(float)


def _is_above(values: pd.Series, border: float, error: float) -> bool:
    """Whether the mean of what the values are drawn from is above the border, but for so small a probability."""
    if len(values) < 2 or values.mean() <= border:
        return False
    deviation = values.std(ddof=1) / np.sqrt(len(values))
    return bool(values.mean() - border > scipy.stats.t.isf(error, len(values) - 1) * deviation)
