"""Where the mean distance goes on to at a wider network: the law a + b k^−c through the means of widths."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from overgan.study.analysis._curves import DRAWS, POWERS, smooth
from overgan.study.analysis._spread import cautious

FEWEST = 4  # widths: the law has three numbers
MISFITS = np.array([0.02, 0.05, 0.1, 0.2])  # relative distance of a width's true mean from the law

RARELY = 0.25  # weight at first of a law that turns up, against one of the others


@dataclass(frozen=True)
class Predicted:
    """The mean that runs of a wider network would have, by the law over widths. It is a guess: it was not trained."""

    width: int
    value: float
    low: float
    high: float


def why_no_law(values: Mapping[int, Sequence[float] | Float[np.ndarray, " _"]]) -> str:
    """What the law over widths lacks, in words; empty if it can be fitted. values: of each run, by width."""
    some = [width for width, of in values.items() if len(of)]
    if len(some) < FEWEST:
        return f"a law over widths takes {FEWEST} of them, and there {'is' if len(some) == 1 else 'are'} {len(some)}"
    if max(len(values[width]) for width in some) == 1:
        return "a law over widths takes two runs of a width at least, for its interval"
    if any(not np.isfinite(values[width]).all() or np.mean(values[width]) <= 0 for width in some):
        return "a law over widths is of finite means above 0"
    return ""


def next_width(
    values: Mapping[int, Sequence[float] | Float[np.ndarray, " _"]],
    width: int | None = None,
    confidence: float = 0.95,
) -> Predicted | None:
    """What the mean of as many runs at a wider network would be; None where `why_no_law` says why.

    values: of each run, by width; diverged ones left out. width: by default twice the widest.

    The laws are a, b k^−c, a + b k^−c, for c = 0 a − b log k cut off at 0, and b k^−c + d k, which turns up, with
    a, b, d ≥ 0 and c on a grid. A width's mean misses its law by the error of its runs, whose relative deviations lend
    each other strength (`cautious`), and by a misfit, on a grid, too: no law holds as it is written. Each law has the
    same weight at first, but the last a quarter, then that of its likelihood with a unit-information prior,
    |V|^(−1/2) e^(−χ²/2) (widths + 1)^(−p/2). A draw is of a law and a misfit, then of the coefficients, of the misfit
    and of the error at the wider network.
    """
    if why_no_law(values):
        return None
    runs = [np.asarray(values[k], float) for k in sorted(values) if len(values[k])]
    k = np.array([k for k in sorted(values) if len(values[k])], float)
    width = width or int(2 * k[-1])
    means, counts = np.array([of.mean() for of in runs]), np.array([len(of) for of in runs])
    squares = np.array([of.var(ddof=1) if len(of) > 1 else 0.0 for of in runs]) / means**2
    variances, freedom = cautious(squares, counts - 1.0)
    scale = smooth(k, means / means[-1])
    terms, prior, used = _laws(np.append(k, width) / k[-1])
    errors = np.append(variances / counts, variances[-1] / counts[-1])
    drawn = means[-1] * _draw(terms, prior, used, means / means[-1] / scale, scale, errors, float(np.median(freedom)))
    low, middle, high = np.quantile(drawn, [(1 - confidence) / 2, 0.5, (1 + confidence) / 2])
    return Predicted(width, float(middle), float(low), float(high))


def _laws(
    x: Float[np.ndarray, " n"],
) -> tuple[Float[np.ndarray, "laws 2 n"], Float[np.ndarray, " laws"], Float[np.ndarray, " laws"]]:
    """The two terms of each law at x, its weight at first, and how many terms it has."""
    one, none = np.ones_like(x), np.zeros_like(x)
    families = [
        (1.0, [(one, none)]),
        (1.0, [(x**-c, none) for c in POWERS]),
        (1.0, [(one, 1 - np.log(x)), *((one, x**-c) for c in POWERS)]),
        (RARELY, [(x**-c, x) for c in POWERS]),
    ]
    terms = np.array([law for _, family in families for law in family])
    prior = np.array([weight / len(family) for weight, family in families for _ in family])
    return terms, prior, 1.0 + (np.abs(terms[:, 1]).max(1) > 0)


def _draw(
    terms: Float[np.ndarray, "laws 2 all"],
    prior: Float[np.ndarray, " laws"],
    used: Float[np.ndarray, " laws"],
    y: Float[np.ndarray, " n"],
    scale: Float[np.ndarray, " n"],
    errors: Float[np.ndarray, " all"],
    freedom: float,
) -> Float[np.ndarray, " draws"]:
    """The mean at the last of the places.

    y: means over scale. errors: squared, of means over their size.
    """
    random, n = np.random.default_rng(0), len(y)
    variances = errors[:n] + MISFITS[:, None] ** 2 + 1e-6  # misfits, n
    basis = np.moveaxis(terms[:, :, :n] / scale, 1, 2)[:, None] / np.sqrt(variances)[..., None]  # laws, misfits, n, 2
    target = y / np.sqrt(variances)
    gram = np.swapaxes(basis, 2, 3) @ basis
    gram[:, :, 1, 1] += np.where(used == 1, 1.0, 1e-12)[:, None]  # a term that is not there is 0
    inverse = np.linalg.inv(gram)
    coefficients = (inverse @ np.einsum("lrnj,rn->lrj", basis, target)[..., None])[..., 0]
    chi = np.square(target - (basis @ coefficients[..., None])[..., 0]).sum(2)
    log = np.log(prior)[:, None] - chi / 2 - np.log(variances).sum(1) / 2 - used[:, None] / 2 * np.log(n + 1)
    log = np.where((coefficients >= 0).all(2), log, -np.inf)
    weights = np.exp(log - log.max())
    law, misfit = np.unravel_index(random.choice(log.size, DRAWS, p=(weights / weights.sum()).ravel()), log.shape)
    root = np.linalg.cholesky(inverse)[law, misfit] * np.stack([np.ones(DRAWS), used[law] == 2], 1)[:, :, None]
    stretch = np.sqrt(freedom / random.chisquare(freedom, DRAWS))
    found = coefficients[law, misfit] + stretch[:, None] * np.einsum(
        "dij,dj->di", root, random.standard_normal((DRAWS, 2))
    )
    level = np.einsum("di,di->d", found, terms[law, :, n])
    error = stretch * np.sqrt(errors[n] + MISFITS[misfit] ** 2)
    possible = (found >= 0).all(1)
    drawn: Float[np.ndarray, " draws"] = np.maximum(level[possible], 0.0)
    drawn *= np.abs(1 + error[possible] * random.standard_normal(len(drawn)))
    return drawn
