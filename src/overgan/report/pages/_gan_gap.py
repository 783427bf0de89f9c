"""Test less train distance against the width, as the claim about generalization compares it."""

from overgan.report._plot import Panel, Plot, Series, against_width
from overgan.study.gan import GanStudy
from overgan.study.gan.claims import measured_gaps

COLORS = ("#2f9e44", "#1f5fbf")  # of metrics


def gap_figures(study: GanStudy) -> list[Plot]:
    """The gap by FID∞ and KID, or the Fréchet distance, with its interval, in parts of each one's distance."""
    curves = []
    for gap, color in zip(measured_gaps(study), COLORS, strict=False):
        widths = list(gap.growth.gaps)
        value, low, high = ([100 * x for x in ends] for ends in zip(*gap.growth.gaps.values(), strict=True))
        curves.append(Series(gap.label, widths, value, low, high, color))
    if not curves:
        return []
    widest = max(curves[0].x)
    return [
        against_width(
            "gap",
            "Test less train distance against width",
            f"test − train, % of test at k = {widest}, with 95% interval",
            [Panel(curves)],
        )
    ]
