"""How well a law over widths foretells the mean of a width that it was not fitted to."""

from dataclasses import dataclass

import numpy as np
import scipy  # its parts load at their first use
from jaxtyping import Float

from overgan.study.analysis._curves import POWERS

Values = Float[np.ndarray, " widths"]


@dataclass(frozen=True)
class LeftOut:
    """The root mean square, over the widths, of what a law misses the mean of one by that it was not fitted to."""

    law: str  # as it is written: "a + b k^−c"
    error: float  # relative to the means


def leave_one_out(widths: Values, means: Values) -> list[LeftOut]:
    """Of the laws a, b k^−c and a + b k^−c, with a, b ≥ 0, fitted to relative errors; c is on a grid.

    Each of at least five widths is left out in turn. means: above 0.
    """
    k = widths / widths[-1]
    laws = {"a": [np.ones((len(k), 1))]}
    laws["b k^−c"] = [k[:, None] ** -c for c in (0.0, *POWERS)]
    laws["a + b k^−c"] = [np.stack([np.ones_like(k), k**-c], 1) for c in POWERS]
    return [LeftOut(law, _error(terms, means)) for law, terms in laws.items()]


def _error(terms: list[Float[np.ndarray, "widths coefficients"]], means: Values) -> float:
    places = np.arange(len(means))
    missed = [_foretold(terms, means, places != i)[i] / means[i] - 1 for i in places]
    return float(np.sqrt(np.mean(np.square(missed))))


def _foretold(terms: list[Float[np.ndarray, "widths coefficients"]], means: Values, fitted: np.ndarray) -> Values:
    """The law that misses the means of the fitted widths least, in proportion to them, at all widths."""
    tried = []
    for of in terms:
        coefficients, residual = scipy.optimize.nnls(of[fitted] / means[fitted, None], np.ones(fitted.sum()))
        tried.append((residual, of @ coefficients))
    found: Values = min(tried, key=lambda one: one[0])[1]
    return found
