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
LIKENESS = (0.0, 0.3, 0.6, 0.8, 0.9)  # correlation of the noise of an evaluation with that of the next
STRAYING = (0.0, 0.3, 1.0, 3.0)  # standard deviation of what a curve leaves its law by in a doubling, over the noise's
TRUST = 0.6  # power of the likelihoods: no law holds as it is written; chosen by simulated coverage
DRAWS = 4000
FAR = 100.0  # logarithm of the factor by which a curve leaves its law at most: else numbers would not do
LEAST = 0.005  # relative noise that any curve is taken to have: the grids are no finer


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

    The noise is in proportion to the curve. That of an evaluation is like that of the one before it by a factor ρ, so
    that a wave is not taken for a law; and the curve may leave its law, as a random walk over log x. ρ and the walk's
    size are on grids, too. Each law has the same weight at first, and so has each number on a grid. Of each, with p
    coefficients fitted by generalized least squares to n evaluations, the likelihood is that of a unit-information
    prior, RSS^(−n/2) (n + 1)^(−p/2) |V|^(−1/2), V being the noise's covariance over σ², and its weight that likelihood
    to the power 0.6, for none holds as it is written. One that fits best with a negative coefficient is left out. A
    draw is of a law, by weight, then of σ² and the coefficients, as a flat prior has them, then of walk and noise.
    """
    t, y = np.asarray(iterations, float), np.asarray(values, float)
    late = slice(min(int((t < t[-1] / EARLY).sum()), max(0, len(t) - FEWEST)), None) if len(t) else slice(None)
    t, y = t[late], y[late]
    if len(t) < FEWEST or not (np.isfinite(y) & (y > 0)).all():
        return None
    x = np.concatenate([t, np.asarray(at, float)]) / t[-1]
    unit = y[-1]
    scale = smooth(t, y / unit)
    terms, prior, used = _laws(x)
    fitted = _fit(terms[:, :, : len(t)] / scale, used, y / unit / scale, x)
    weights = fitted.likelihood + np.log(prior)[:, None]
    weights = np.exp(TRUST * (weights - weights.max()))
    return _draw(fitted, weights / weights.sum(), unit * terms[:, :, len(t) :], float(len(t)) - used.sum(1))


@dataclass(frozen=True)
class _Fitted:
    coefficients: Float[np.ndarray, "laws noises 2"]
    root: Float[np.ndarray, "laws noises 2 2"]  # L with L Lᵀ the covariance of the coefficients, over σ²
    squares: Float[np.ndarray, "laws noises"]  # RSS
    likelihood: Float[np.ndarray, "laws noises"]  # its logarithm
    # how the curve has left its law: at other iterations that is strays − slopes · coefficients, and roots are over σ
    strays: Float[np.ndarray, "noises m"]
    slopes: Float[np.ndarray, "laws noises m 2"]
    roots: Float[np.ndarray, "noises m m"]


def smooth(t: Float[np.ndarray, " n"], y: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
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
    x: Float[np.ndarray, " all"],
) -> _Fitted:
    """Each law by least squares, for each kind of noise."""
    n = len(y)
    correlations, straying = _noises(x, n)
    root = np.linalg.cholesky(correlations)
    whiten = np.linalg.inv(root)
    whitened = whiten @ np.moveaxis(terms, 1, 2)[:, None]  # laws, noises, n, 2
    target = whiten @ y  # noises, n
    gram = np.swapaxes(whitened, 2, 3) @ whitened
    gram[:, :, range(2), range(2)] += np.where(used, 1e-12, 1.0)[:, None]  # a term that is not there is 0
    inverse = np.linalg.inv(gram)
    coefficients = (inverse @ np.einsum("lrnj,rn->lrj", whitened, target)[..., None])[..., 0]
    squares = np.square(target - (whitened @ coefficients[..., None])[..., 0]).sum(2) + n * LEAST**2
    volume = np.log(root[:, range(n), range(n)]).sum(1)
    likelihood = -n / 2 * np.log(squares) - volume - used.sum(1)[:, None] / 2 * np.log(n + 1)
    known = whiten @ straying[:, :n, n:]  # noises, n, m
    left = straying[:, n:, n:] - np.einsum("rnm,rnk->rmk", known, known)
    values, vectors = np.linalg.eigh(left)
    return _Fitted(
        coefficients,
        np.linalg.cholesky(inverse) * used[:, None, :, None],
        squares,
        np.where((coefficients >= 0).all(2), likelihood, -np.inf),
        np.einsum("rnm,rn->rm", known, target),
        np.swapaxes(known, 1, 2) @ whitened,
        vectors * np.sqrt(np.maximum(values, 0.0))[:, None],
    )


def _noises(
    x: Float[np.ndarray, " all"], n: int
) -> tuple[Float[np.ndarray, "noises n n"], Float[np.ndarray, "noises all all"]]:
    """The covariance of the first n values over σ², and of how a curve leaves its law, as a random walk, over log x."""
    apart = np.abs(x[:n, None] - x[:n]) / np.median(np.diff(x[:n]))
    walk = np.log2(np.minimum(x[:, None], x) / x[0])
    likeness = np.array([rho**apart for rho in LIKENESS for _ in STRAYING])
    straying = np.array([kappa**2 * walk for _ in LIKENESS for kappa in STRAYING])
    return likeness + straying[:, :n, :n], straying


def _draw(
    fitted: _Fitted,
    weights: Float[np.ndarray, "laws noises"],
    terms: Float[np.ndarray, "laws 2 m"],
    freedom: Float[np.ndarray, " laws"],
) -> Extrapolated:
    random = np.random.default_rng(0)
    law, kind = np.unravel_index(random.choice(weights.size, DRAWS, p=weights.ravel()), weights.shape)
    sigma = np.sqrt(fitted.squares[law, kind] / random.chisquare(freedom[law]))[:, None]
    errors = np.einsum("dij,dj->di", fitted.root[law, kind], random.standard_normal((DRAWS, 2)))
    coefficients = fitted.coefficients[law, kind] + sigma * errors
    possible = (coefficients >= 0).all(1)
    law, kind, sigma, coefficients = law[possible], kind[possible], sigma[possible], coefficients[possible]
    level = np.maximum(np.einsum("di,dim->dm", coefficients, terms[law]), 0.0)
    walk = np.einsum("dmk,dk->dm", fitted.roots[kind], random.standard_normal(level.shape))
    left = fitted.strays[kind] - np.einsum("dmi,di->dm", fitted.slopes[law, kind], coefficients) + sigma * walk
    level = level * np.exp(np.clip(left, -FAR, FAR))
    noise = 1 + sigma * random.standard_normal(level.shape)
    return Extrapolated(level, level * np.abs(noise))
