"""Where the curve of a run, or of the mean of several, goes on to: laws fitted to it, weighted by how well they fit."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

FEWEST = 4  # evaluations: a law with a floor has three numbers, and one more shows how well it fits
EARLY = 10  # what came before this part of the iterations is left out: networks begin by another law
POWERS = np.geomspace(0.1, 4, 33)
TIMES = np.geomspace(0.1, 2, 15)  # of decay, in parts of the iterations so far
RISES = (0.5, 1.0)
LIKENESS = np.array([0.0, 0.3, 0.6, 0.8, 0.9])  # correlation of the noise of an evaluation with that of the next
TRUST = 0.5  # power of the likelihoods: no law holds as it is written; chosen by simulated coverage
DRAWS = 4000
LEAST = 0.003  # relative noise that any curve is taken to have: the grids are no finer


@dataclass(frozen=True)
class Extrapolated:
    """Draws of where a curve is at some iterations, as its evaluations so far leave it open."""

    level: Float[np.ndarray, "draws iterations"]  # of the law: without noise
    measured: Float[np.ndarray, "draws iterations"]  # what an evaluation there would give

    def interval(self, confidence: float = 0.95) -> Float[np.ndarray, "3 iterations"]:
        """The median of what would be measured at each iteration, and the ends of its interval."""
        error = (1 - confidence) / 2
        found: Float[np.ndarray, "3 iterations"] = np.quantile(self.measured, [0.5, error, 1 - error], axis=0)
        return found

    def change(self, error: float) -> tuple[float, float, float]:
        """By which factor the level changes from the first of the iterations to the last: the median and two quantiles.

        error: the probability that it is below the first quantile, and that it is above the second.
        """
        middle, low, high = np.quantile(self.level[:, -1] / self.level[:, 0], [0.5, error, 1 - error])
        return float(middle), float(low), float(high)


def extrapolate(
    iterations: Sequence[float] | Float[np.ndarray, " n"],
    values: Sequence[float] | Float[np.ndarray, " n"],
    at: Sequence[float] | Float[np.ndarray, " m"],
) -> Extrapolated | None:
    """Where a curve is at other iterations; None if it has fewer than four evaluations, or one that is not above 0.

    iterations: of the evaluations, rising. values: distances, of a run, or the mean of several.

    With x = iteration / last iteration the laws are a, b x^−c, a + b x^−c, a + b e^(−x/s), a + b x^c and b x^−c + d x,
    with a, b, d ≥ 0 (cf. Domhan, Springenberg and Hutter, 2015, Table 1): level, falling to nothing or to a floor,
    rising, and turning up. c and s are on grids; for c = 0 there is a logarithm, cut off at 0.

    The noise is in proportion to the curve, and that of an evaluation is like that of the one before it by a factor ρ,
    on a grid, too, so that a wave is not taken for a law. Each law has the same weight at first, and so has each number
    on a grid. Of each, with p coefficients fitted by generalized least squares to n evaluations, the likelihood is that
    of a unit-information prior, RSS^(−n/2) (n + 1)^(−p/2) |V|^(−1/2), V being the correlations, and its weight the
    square root of that, for none holds as it is written. One that fits best with a negative coefficient is left out. A
    draw is of a law, by weight, then of σ² and the coefficients, as a flat prior has them, then of the noise.
    """
    t, y = np.asarray(iterations, float), np.asarray(values, float)
    late = slice(min(int((t < t[-1] / EARLY).sum()), max(0, len(t) - FEWEST)), None) if len(t) else slice(None)
    t, y = t[late], y[late]
    if len(t) < FEWEST or not (np.isfinite(y) & (y > 0)).all():
        return None
    scale = _smooth(t, y)
    terms, prior, used = _laws(np.concatenate([t, np.asarray(at, float)]) / t[-1])
    fitted = _fit(terms[:, :, : len(t)] / scale, used, y / scale, t)
    weights = fitted.likelihood + np.log(prior)[:, None]
    weights = np.exp(TRUST * (weights - weights.max()))
    return _draw(fitted, weights / weights.sum(), terms[:, :, len(t) :], float(len(t)) - used.sum(1))


@dataclass(frozen=True)
class _Fitted:
    coefficients: Float[np.ndarray, "laws likenesses 2"]
    root: Float[np.ndarray, "laws likenesses 2 2"]  # L with L Lᵀ the covariance of the coefficients, over σ²
    squares: Float[np.ndarray, "laws likenesses"]  # RSS
    likelihood: Float[np.ndarray, "laws likenesses"]  # its logarithm


def _smooth(t: Float[np.ndarray, " n"], y: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """What noise is in proportion to: a parabola through the logarithms."""
    x = np.log(t / t[-1])
    basis = np.stack([np.ones_like(x), x, x**2], 1)
    smooth: Float[np.ndarray, " n"] = np.exp(basis @ np.linalg.lstsq(basis, np.log(y), rcond=None)[0])
    return smooth


def _laws(
    x: Float[np.ndarray, " n"],
) -> tuple[Float[np.ndarray, "laws 2 n"], Float[np.ndarray, " laws"], Bool[np.ndarray, "laws 2"]]:
    """The two terms of each law at x, its weight at first, and which of the terms it has."""
    one, none = np.ones_like(x), np.zeros_like(x)
    families = [
        [(one, none)],
        [(x**-c, none) for c in POWERS],
        [(one, 1 - np.log(x)), *((one, x**-c) for c in POWERS)],
        [(one, np.exp(-(x - 1) / s)) for s in TIMES],
        [(one, 1 + np.log(x)), *((one, x**c) for c in RISES)],
        [(x**-c, x) for c in POWERS],
    ]
    terms = np.array([law for family in families for law in family])
    prior = np.array([1 / len(family) for family in families for _ in family])
    return terms, prior, np.abs(terms).max(2) > 0


def _fit(
    terms: Float[np.ndarray, "laws 2 n"],
    used: Bool[np.ndarray, "laws 2"],
    y: Float[np.ndarray, " n"],
    t: Float[np.ndarray, " n"],
) -> _Fitted:
    """Each law by least squares, for each likeness of the noise."""
    steps = np.diff(t) / np.median(np.diff(t))
    rho = LIKENESS[:, None] ** steps  # likenesses, n − 1
    rest = np.sqrt(1 - rho**2)

    def whitened(of: Float[np.ndarray, "*many n"]) -> Float[np.ndarray, "*many likenesses n"]:
        first, last = of[..., None, :-1], of[..., None, 1:]
        begin = np.broadcast_to(of[..., None, :1], (*of.shape[:-1], len(LIKENESS), 1))
        return np.concatenate([begin, (last - rho * first) / rest], -1)

    basis = np.moveaxis(whitened(terms), 1, 3)  # laws, likenesses, n, 2
    target = whitened(y)
    gram = np.einsum("lrni,lrnj->lrij", basis, basis)
    gram[:, :, range(2), range(2)] += np.where(used, 1e-12, 1.0)[:, None]  # a term that is not there is 0
    inverse = np.linalg.inv(gram)
    coefficients = np.einsum("lrij,lrnj,rn->lri", inverse, basis, target)
    squares = np.square(target - np.einsum("lrni,lri->lrn", basis, coefficients)).sum(2) + len(t) * LEAST**2
    root = np.linalg.cholesky(inverse) * used[:, None, :, None]
    likelihood = -len(t) / 2 * np.log(squares) - np.log(rest).sum(1) - used.sum(1)[:, None] / 2 * np.log(len(t) + 1)
    shaped = (coefficients >= 0).all(2)
    return _Fitted(coefficients, root, squares, np.where(shaped, likelihood, -np.inf))


def _draw(
    fitted: _Fitted,
    weights: Float[np.ndarray, "laws likenesses"],
    terms: Float[np.ndarray, "laws 2 m"],
    freedom: Float[np.ndarray, " laws"],
) -> Extrapolated:
    random = np.random.default_rng(0)
    law, likeness = np.unravel_index(random.choice(weights.size, DRAWS, p=weights.ravel()), weights.shape)
    sigma = np.sqrt(fitted.squares[law, likeness] / random.chisquare(freedom[law]))
    errors = np.einsum("dij,dj->di", fitted.root[law, likeness], random.standard_normal((DRAWS, 2)))
    coefficients = fitted.coefficients[law, likeness] + sigma[:, None] * errors
    possible = (coefficients >= 0).all(1)
    level = np.maximum(np.einsum("di,dim->dm", coefficients[possible], terms[law[possible]]), 0.0)
    noise = 1 + sigma[possible, None] * random.standard_normal(level.shape)
    return Extrapolated(level, level * np.abs(noise))
