"""How much the runs of a width differ, when there are only a few of them."""

import numpy as np
import scipy  # its parts load at their first use: stats alone takes half a second
from jaxtyping import Float

OUTLYING = 1.5  # less, and sets are wider where spreads are even; more, and they are too narrow where these grow


def cautious(
    variances: Float[np.ndarray, " widths"], freedom: Float[np.ndarray, " widths"]
) -> tuple[Float[np.ndarray, " widths"], Float[np.ndarray, " widths"]]:
    """`moderated`, but never less than a width's own variance, and no strength lent to one that is much larger.

    Where a few widths are far noisier than the others, the moderated variance of those is too small. A variance that is
    more than 1.5 times its moderated one is kept, with its own degrees of freedom. The factor was chosen by simulated
    coverage; benchmarks/recommend_coverage.py measures what it gives.
    """
    lent, total = moderated(variances, freedom)
    own = np.where(freedom > 0, variances, 0.0)
    return np.maximum(lent, own), np.where(own > OUTLYING * lent, freedom, total)


def moderated(
    variances: Float[np.ndarray, " widths"], freedom: Float[np.ndarray, " widths"]
) -> tuple[Float[np.ndarray, " widths"], Float[np.ndarray, " widths"]]:
    """Variances that lend each other strength, and their degrees of freedom (Smyth, 2004).

    The true variances are taken to be s₀² d₀/χ² with d₀ degrees of freedom; both are estimated from the mean and the
    variance over widths of log s², and each s² with d degrees is replaced by (d₀s₀² + ds²)/(d₀ + d), with d₀ + d, but
    never more than all widths have together. Where the variances differ by no more than chance would make them, d₀ is
    infinite and all are their pooled one. A width with d = 0 takes s₀² as it is.

    variances: s² of each width, whatever it is where d = 0. freedom: d, of which one at least is positive.
    """
    variances = np.where(freedom > 0, variances, 0.0)
    pooled = (variances * freedom).sum() / freedom.sum()
    known = variances > 0
    d = freedom[known]
    if known.sum() > 1:
        e = np.log(variances[known]) - scipy.special.digamma(d / 2) + np.log(d / 2)
        excess = e.var(ddof=1) - scipy.special.polygamma(1, d / 2).mean()  # ψ′(d₀/2)
        if excess > 0:
            half = (
                scipy.optimize.brentq(lambda x: scipy.special.polygamma(1, x) - excess, 1e-8, 1e8)
                if excess > 1e-8
                else 1e8
            )
            prior = np.exp(e.mean() + scipy.special.digamma(half) - np.log(half))
            total = 2 * half + freedom
            return (2 * half * prior + freedom * variances) / total, np.minimum(total, freedom.sum())
    return np.full(len(variances), pooled), np.full(len(variances), float(freedom.sum()))
