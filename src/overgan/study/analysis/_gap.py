"""Whether the distance from held-out images is above that from training images by more than the draw of them."""

from dataclasses import dataclass
from typing import Literal

import pandas as pd
import scipy  # its parts load at their first use: stats alone takes half a second

CONFIDENCE = 0.95

Verdict = Literal["above", "below", "unclear"]


@dataclass(frozen=True)
class Gap:
    """Test less train distance of one width: mean over its runs, standard error over draws, what may be said."""

    value: float
    error: float
    verdict: Verdict


def gaps(final: pd.DataFrame) -> dict[int, Gap]:
    """The gap of each width that has one.

    final: a row a run, with the columns k and frechet_gap, frechet_gap_error, frechet_gap_draws as
    `overgan.metrics.frechet_gap` gives them; without these columns there is no gap.

    All runs are compared with the same draws of real images, so the error of their mean is at most the mean of their
    errors (the triangle inequality of root mean squares), which is what is taken: more seeds do not make it smaller,
    for they bring no other real images. A width is above or below if its gap is more than t errors from 0, t being
    Student's quantile for that many draws at 5 % divided by the number of widths (Bonferroni): with 95 % confidence
    nothing is said that is only due to the draw, of any width.
    """
    columns = ["frechet_gap", "frechet_gap_error", "frechet_gap_draws"]
    if not set(columns).issubset(final):
        return {}
    runs = final.dropna(subset=columns)
    widths = sorted(set(runs.k.astype(int)))
    found = {}
    for width in widths:
        of = runs[runs.k == width]
        value, error = float(of.frechet_gap.mean()), float(of.frechet_gap_error.mean())
        enough = abs(value) > scipy.stats.t.isf((1 - CONFIDENCE) / 2 / len(widths), of.frechet_gap_draws.min()) * error
        verdict: Verdict = "unclear" if not enough else "above" if value > 0 else "below"
        found[width] = Gap(value, error, verdict)
    return found
