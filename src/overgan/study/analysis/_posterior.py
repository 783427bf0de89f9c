"""How probable each width is to be the narrowest that is enough."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from overgan.study.analysis._spread import cautious

DRAWS = 4000  # a probability of a half is then right to 0.8 %

Drawn = Float[np.ndarray, "draws widths"]


def probabilities(
    values: Mapping[int, Sequence[float] | Float[np.ndarray, " _"]], tolerance: float
) -> dict[int, float]:
    """Of each width, that it is the narrowest whose mean is within the tolerance of the best, for the runs as they are.

    values: of each run by width; inf is a run that diverged.

    A posterior: the mean of finished runs is a Student variable around that of those there are, whose standard
    deviations lend each other strength, in proportion to the means if these are positive. If any run of the study
    diverged, the share of these is a Beta variable (Jeffreys) at each width, and a diverged run counts as worse than
    that mean by its size. A width whose runs all diverged has a probability of 0; where all others have one run,
    nothing is known, and each is as probable.
    """
    runs = {k: np.asarray(values[k], np.float64) for k in sorted(values) if len(values[k])}
    finished = {k: v[np.isfinite(v)] for k, v in runs.items() if np.isfinite(v).any()}
    found = dict.fromkeys(runs, 0.0)
    if not finished:
        return found
    counts = np.array([len(v) for v in finished.values()])
    if counts.max() == 1:
        return found | dict.fromkeys(finished, 1 / len(finished))
    random = np.random.default_rng(0)
    drawn = _means([*finished.values()], random)
    if any(np.isinf(v).any() for v in runs.values()):
        diverged = np.array([len(runs[k]) for k in finished]) - counts
        drawn += random.beta(diverged + 0.5, counts + 0.5, drawn.shape) * np.abs(drawn)
    least = drawn.min(1, keepdims=True)
    place = (drawn <= least + tolerance * np.abs(least)).argmax(1)
    return found | {k: float((place == i).mean()) for i, k in enumerate(finished)}


def _means(values: Sequence[Float[np.ndarray, " _"]], random: np.random.Generator) -> Drawn:
    counts = np.array([len(v) for v in values])
    means = np.array([v.mean() for v in values])
    scale = means if means.min() > 0 else np.ones_like(means)
    squares = np.array([v.var(ddof=1) if len(v) > 1 else 0.0 for v in values]) / scale**2
    relative, freedom = cautious(squares, counts - 1.0)
    found: Drawn = means + np.sqrt(relative / counts) * scale * random.standard_t(freedom, (DRAWS, len(values)))
    return found
