"""Ticks of logarithmic axes, and how they read."""

import math
from collections.abc import Sequence

from matplotlib.ticker import MaxNLocator

from overgan.words import RAISED


def log_ticks(values: Sequence[float]) -> list[float]:
    """1, 2, 5, 10, … within the positive values; powers of ten if they span many; evenly spaced if they span few."""
    positive = [v for v in values if 0 < v < math.inf]
    if not positive:
        return []
    low, high = min(positive), max(positive)
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    step = max(1, math.ceil((last - first) / 8))  # low and high may be the same power of ten
    mantissas = (1, 2, 5) if last - first <= 4 else (1,)
    ticks = [m * 10.0**e for e in range(first, last + 1, step) for m in mantissas]
    within = [t for t in ticks if low * 0.9 <= t <= high * 1.1]
    if len(within) > 2:
        return within
    return [float(t) for t in MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(low, high) if t > 0]


def plain(value: float) -> str:
    """As a reader would write it, such as 0.05, 20,000 or 2 × 10⁻⁶."""
    if 1e-3 <= value < 1e6:
        return f"{value:,g}"
    mantissa, exponent = f"{value:.3e}".split("e")
    power = "10" + str(int(exponent)).translate(RAISED)
    return power if float(mantissa) == 1 else f"{float(mantissa):g} × {power}"
