"""Whether a run that did not converge could have."""

import pandas as pd


def within_reach(rows: pd.DataFrame, tol: float) -> pd.Series:
    """Of each run of the shallow GAN whether some weights have a residual that counts as converged.

    rows: with the columns `optimum`, the least residual that any weights have (`overgan.theory.global_optimum`), and
    `initial_residual`. tol: the residual, relative to the first, at which a run counts as converged.
    """
    return rows["optimum"] <= tol * rows["initial_residual"]
