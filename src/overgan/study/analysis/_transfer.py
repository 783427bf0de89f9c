"""Whether the step that is best at one narrow width is good at the wider ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import scipy  # its parts load at their first use: stats alone takes half a second

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Transfer:
    """What it costs to train every wider width with the best learning rate of a narrow one."""

    width: int  # the narrow one
    rate: float
    excess: dict[int, float]  # of each wider width, relative to its own best's mean; inf if a run did not finish
    verdict: Literal["holds", "fails", "unclear"]


def transfer(runs: pd.DataFrame, best: Mapping[int, float], width: int, tolerance: float) -> Transfer | None:
    """How the best learning rate of a width does at the wider ones, as the rule of the learning rates predicts.

    runs: a row a run, with the columns k, learning_rate, seed and value, of which less is better; a run without a row
    did not finish. best: the best learning rate of each width, chosen by other values. width: the narrow one.
    tolerance: an excess by this fraction or less does not matter.

    It holds if no wider width has a larger excess. It fails if one has that is more than chance: fewer runs finished
    than with the width's own best, or the seeds' excesses, each relative to the mean of the width's own best, are
    above the tolerance by Student's one-sided test, at 5 % divided by the number of wider widths (Bonferroni). Else it
    is unclear. As a width's own best is the least of several noisy ones, the excess is, if anything, too large.

    None if the narrow width has no best rate, or no wider one was judged.
    """
    excess, shown = dict[int, float](), False
    wider = sorted(set(runs.k.astype(int)) & {k for k in best if k > width and width in best})
    for k in wider:
        values = runs[runs.k == k].pivot(index="seed", columns="learning_rate", values="value").astype(float)
        own = values[best[k]].dropna()
        there = values.get(best[width], values[best[k]] * np.nan).dropna()
        if not own.mean() > 0:
            continue
        if len(there) < len(own):
            excess[k], shown = np.inf, True
            continue
        excess[k] = float(there.mean() / own.mean() - 1)
        shown |= _is_above((there - own).dropna() / own.mean(), tolerance, (1 - CONFIDENCE) / len(wider))
    if not excess:
        return None
    holds = max(excess.values()) <= tolerance
    return Transfer(width, best[width], excess, "holds" if holds else "fails" if shown else "unclear")


def _is_above(values: pd.Series, border: float, error: float) -> bool:
    """Whether the mean of what the values are drawn from is above the border, but for so small a probability."""
    if len(values) < 2 or values.mean() <= border:
        return False
    deviation = values.std(ddof=1) / np.sqrt(len(values))
    return bool(values.mean() - border > scipy.stats.t.isf(error, len(values) - 1) * deviation)
