"""How probable each width is to be the narrowest that is enough."""

from collections.abc import Mapping, Sequence

import numpy as np

from overgan.study.analysis._pairs import as_judged
from overgan.study.analysis._spread import cautious

DRAWS = 4000  # a probability of a half is then right to 0.8 %


def probabilities(values: Mapping[int, Sequence[float]], tolerance: float) -> dict[int, float]:
    """Of each width, that it is the narrowest whose mean is within the tolerance of the best, for the runs as they are.

    values: of each run by width; inf is a run that diverged.

    A posterior: each mean is a Student variable around that of the runs, whose standard deviations lend each other
    strength in proportion to the means if these are positive. Of one run a width nothing is known: all are as probable.
    """
    widths = sorted(k for k, v in values.items() if len(v))
    runs = [as_judged(np.asarray(values[k], np.float64)) for k in widths]
    counts = np.array([len(v) for v in runs])
    alive = np.array([bool(np.isfinite(v).all()) for v in runs])
    if not alive.any():
        return dict.fromkeys(widths, 0.0)
    if counts[alive].max() == 1:
        return {k: float(a) / float(alive.sum()) for k, a in zip(widths, alive, strict=True)}
    means = np.array([v.mean() if a else np.inf for v, a in zip(runs, alive, strict=True)])
    scale = np.where(alive, means, 1.0) if means.min() > 0 else np.ones_like(means)
    squares = np.array([v.var(ddof=1) if a and len(v) > 1 else 0.0 for v, a in zip(runs, alive, strict=True)])
    relative, freedom = cautious(squares / scale**2, np.where(alive, counts - 1.0, 0.0))
    random = np.random.default_rng(0)
    errors = np.sqrt(relative / counts) * scale
    drawn = means + errors * random.standard_t(np.maximum(freedom, 1), (DRAWS, len(widths)))
    drawn[:, ~alive] = np.inf
    least = drawn.min(1, keepdims=True)
    place = (drawn <= least + tolerance * np.abs(least)).argmax(1)
    return {k: float((place == i).mean()) for i, k in enumerate(widths)}
