"""The leading eigenvalues of a matrix that is known by its products alone."""

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Complex128, Float64
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigs

BASIS = 3  # vectors of Arnoldi's basis for each eigenvalue that is wanted
RESTARTS = 100  # at most; each takes as many products as the basis is larger than what is wanted
TOLERANCE = 1e-7  # relative

Vector = Float64[np.ndarray, " n"]


def leading_eigenvalues(product: Callable[[Vector], Vector], n: int, count: int) -> Complex128[np.ndarray, " found"]:
    """The `count` eigenvalues of largest modulus of a real n × n matrix, the largest first.

    product: of the matrix with a vector; or of its transpose, whose eigenvalues are the same.

    They come from Arnoldi's iteration (ARPACK, through scipy), or, of a matrix that is hardly larger than its basis,
    from the whole matrix. Those that 100 restarts do not settle are left out, so there may be fewer, even none.
    """
    basis = BASIS * count + 1
    if n <= basis:
        found = np.linalg.eigvals(np.stack([product(unit) for unit in np.eye(n)], axis=1))
    else:
        start = np.random.default_rng(0).standard_normal(n)
        operator = LinearOperator((n, n), matvec=lambda x: product(np.ascontiguousarray(x).ravel()), dtype=np.float64)
        more: dict[str, Any] = {"ncv": basis, "v0": start, "maxiter": RESTARTS, "tol": TOLERANCE}
        try:
            found = eigs(operator, count, which="LM", return_eigenvectors=False, **more)
        except ArpackNoConvergence as error:
            found = error.eigenvalues
    found = np.asarray(found, complex)
    order = np.lexsort((-found.imag, -np.abs(found).round(12)))
    return found[order][:count]
