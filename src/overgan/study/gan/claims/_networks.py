"""What claims about networks rest on: metrics that are measured on request."""

from collections.abc import Mapping, Sequence

import numpy as np

from overgan.study.gan._results import GanResults
from overgan.words import joined


def measured(study: GanResults, column: str) -> dict[int, list[float]]:
    """A metric of networks by width, of each run that came to its end, at each width's best learning rate."""
    last = study.last()
    if column not in last:
        return {}
    known = last[np.isfinite(last[column].astype(float))]
    return {int(k): known[column][known.k == k].astype(float).tolist() for k in sorted(set(known.k))}


def unmeasured(study: GanResults, runs: Mapping[int, Sequence[float]], metric: str, what: str) -> tuple[str, str]:
    """Why nothing can be said of how a metric goes with the width, for too few widths have it; and what would tell."""
    ended = [group.width for group in study.status() if group.complete and group.width not in runs]
    if ended:
        has = f"so far that is done at k = {joined(list(runs))} alone" if runs else "that is not done yet"
        return (
            f"The {what} is measured on request, and {has}.",
            f"Measure it: {study.measuring(metric)}.",
        )
    there = f"runs of k = {joined(list(runs))} have" if runs else "no run has"
    return (
        f"How the {what} goes with the width takes three widths: {there} come to an end.",
        "Finished runs of three widths or more.",
    )
