"""Which widths can be the narrowest that is enough, judged by means of runs; less is better.

Width i is enough if μ_i ≤ μ_l + τ|μ_l| for all l, and the answer is the narrowest such i. The data speak by
t_il = (x̄_i − x̄_l − τ|x̄_l|) / (its standard error): A_i = max_l t_il is large if i is not enough, −A_j if j is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy  # its parts load at their first use: stats alone takes half a second
from jaxtyping import Bool, Float

from overgan.study.analysis._spread import cautious

DRAWS = 2000  # the level of a 95 % quantile is then right to 0.5 %
FIRST_STEP = 0.1  # of the error allowed, for telling which inequalities are far from deciding
NEAR = 2.0  # standard errors within which the mean of a width may be the least as well
POWER = 0.8

Values = Sequence[Float[np.ndarray, " _"]]
Widths = Float[np.ndarray, " widths"]
Pairs = Float[np.ndarray, "widths widths"]
Noise = Float[np.ndarray, "draws widths widths"]


@dataclass(frozen=True)
class Decision:
    """The narrowest width that is enough, as a place among the widths, and which are not excluded from being it."""

    place: int
    not_excluded: Bool[np.ndarray, " widths"]
    runs_needed: float  # a width, to show in 80 % of studies that one as good as the best is enough; inf if unknown


def decide(values: Values, tolerance: float, confidence: float) -> Decision:
    """The estimate and the confidence set.

    values: of each run, by width, the narrowest first.

    The set inverts a test (Neyman, 1937). "The answer is i" means that i is enough and no j < i is; it is rejected if
    max(A_i, max_{j<i} −A_j) is above the quantile of what noise makes of it when all inequalities are at their borders
    but those that a first step finds clearly slack (the two-step method of Romano, Shaikh and Wolf, 2014). The true
    answer is excluded with a probability of about 1 − confidence where it is close to a border, and less elsewhere.

    The estimate is the narrowest i with A_i at most the median of max_l of the noise in t_il over the widths l whose
    means may be the least: the least of several noisy means is too low, and this takes off by how much.

    Runs are taken to be normal. Their standard deviations lend each other strength (`cautious`), in proportion to the
    means if all are positive. With one run a width nothing is excluded, and the estimate is the rule as it reads.
    """
    means = np.array([v.mean() for v in values])
    counts = np.array([len(v) for v in values])
    if counts.max() == 1 or len(values) == 1:
        enough = means <= (means + tolerance * np.abs(means)).min()
        return Decision(int(enough.argmax()), np.ones(len(values), np.bool_), np.inf)
    slope = 1 + tolerance * np.sign(means)  # the border is x̄_i = slope_l x̄_l
    scale = means if means.min() > 0 else np.ones_like(means)
    squares = np.array([v.var(ddof=1) if len(v) > 1 else 0.0 for v in values]) / scale**2
    relative, freedom = cautious(squares, counts - 1.0)
    variances = relative * scale**2
    t = _in_errors(means[:, None] - slope * means, variances / counts, slope)
    np.fill_diagonal(t, -np.inf)
    noise = _noise(variances / counts, slope, freedom, float((counts - 1).sum()))
    place = _estimate(means, variances / counts, t, noise)
    not_excluded = _not_excluded(t, noise, 1 - confidence)
    not_excluded[place] = True
    best = int(means.argmin())
    spread = np.sqrt(variances[place] + slope[best] ** 2 * variances[best])
    quantiles = scipy.stats.norm.ppf(confidence) + scipy.stats.norm.ppf(POWER)
    allowed = tolerance * abs(means[best])
    return Decision(place, not_excluded, float((quantiles * spread / allowed) ** 2) if allowed > 0 else np.inf)


def _in_errors(difference: Pairs, squared_errors: Widths, slope: Widths) -> Pairs:
    """x̄_i − slope_l x̄_l in its standard errors; ±∞ or 0 where there is no error."""
    error = np.sqrt(squared_errors[:, None] + slope**2 * squared_errors)
    t = np.where(difference == 0, 0.0, np.copysign(np.inf, difference))
    np.divide(difference, error, out=t, where=error > 0)
    return t


def _noise(squared_errors: Widths, slope: Widths, freedom: Widths, most: float) -> Noise:
    """What t_il is if x̄_i = slope_l x̄_l, in draws; 0 where there is no error."""
    random = np.random.default_rng(0)
    widths = len(squared_errors)
    means = random.standard_normal((DRAWS, widths)) * np.sqrt(squared_errors)
    if (freedom >= most).all():  # one estimate for all
        found = random.chisquare(most, (DRAWS, 1)) / most * squared_errors
    else:
        found = random.chisquare(freedom, (DRAWS, widths)) / freedom * squared_errors
    error = np.sqrt(found[:, :, None] + (slope**2 * found)[:, None])
    difference = means[:, :, None] - (slope * means)[:, None]
    difference[:, range(widths), range(widths)] = 0
    t: Noise = np.zeros_like(difference)
    np.divide(difference, error, out=t, where=error > 0)
    return t


def _estimate(means: Widths, squared_errors: Widths, t: Pairs, noise: Noise) -> int:
    best = means.argmin()
    near = means - means[best] <= NEAR * np.sqrt(squared_errors + squared_errors[best])
    typical = [np.median(noise[:, i, near & (np.arange(len(means)) != i)].max(1, initial=0)) for i in range(len(means))]
    return int((t.max(1) <= typical).argmax())


def _not_excluded(t: Pairs, noise: Noise, error: float) -> Bool[np.ndarray, " widths"]:
    excess = t.max(1)
    slack = np.quantile(np.abs(noise).max(2), 1 - FIRST_STEP * error, axis=0)
    kept = np.ones(len(t), np.bool_)
    for i in range(len(t)):
        narrower = np.flatnonzero(excess[:i] <= slack[:i])
        # that j is not enough needs one l; the nearest to its border is the one that noise can hide
        at_border = np.concatenate([noise[:, i, t[i] >= -slack[i]], -noise[:, narrower, t[narrower].argmax(1)]], axis=1)
        critical = np.quantile(at_border.max(1, initial=0), 1 - (1 - FIRST_STEP) * error)
        kept[i] = max(excess[i], -excess[:i].min(initial=np.inf)) <= critical
    return kept
