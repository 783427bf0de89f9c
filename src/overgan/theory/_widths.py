"""How wide theory and simulation say that a GAN must be."""

from collections.abc import Callable

from overgan.check import check
from overgan.theory._certify import certify
from overgan.theory._problem import Problem
from overgan.theory._simulate import simulate

Family = Callable[[int], Problem]  # the problem of each width k


def theory_width(family: Family, lowest: int = 1, highest: int = 1_000_000) -> int | None:
    """The width at which `certify` first holds, by doubling from `lowest` and then bisection; None above `highest`.

    family: the problem of each width k. Draws of one seed share their first units, as those of `ShallowGAN.gaussian`
    do, but whether a certificate holds need not be monotone in k: it holds at the width and not at the last one tried
    below it.

    Raises OverganError if lowest is less than 1 or above highest.
    """
    return _first(lambda k: certify(family(k)).holds, lowest, highest)


def simulation_width(
    family: Family, lowest: int = 1, highest: int = 1_000_000, *, steps: int = 20_000, tol: float = 1e-6
) -> int | None:
    """As `theory_width`, where GDA with `default_eta` first brings the residual to `tol` times the first in `steps`."""
    return _first(lambda k: simulate(family(k), steps=steps, tol=tol, stop_early=True).converged, lowest, highest)


def _first(holds: Callable[[int], bool], lowest: int, highest: int) -> int | None:
    check(1 <= lowest <= highest, "lowest", lowest, f"at least 1 and at most highest, {highest}")
    below, k = lowest - 1, lowest
    while not holds(k):
        if k == highest:
            return None
        below, k = k, min(2 * k, highest)
    while k - below > max(1, k // 50):  # to 2 %
        middle = (below + k) // 2
        below, k = (below, middle) if holds(middle) else (middle, k)
    return k
