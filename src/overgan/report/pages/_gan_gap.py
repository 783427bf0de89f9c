"""What the claims about training images rest on, against the width."""

from overgan.report._plot import Panel, Plot, Series, against_width, over_seeds
from overgan.study.gan import GanStudy
from overgan.study.gan.claims import measured_gaps

COLORS = ("#2f9e44", "#1f5fbf")  # of metrics
NOTHING = 0.5  # the share if nothing is memorized


def gap_figures(study: GanStudy) -> list[Plot]:
    """The gap by FID∞ and KID, or the Fréchet distance, and the memorized share, as far as they were measured."""
    return [*_gap(study), *_share(study)]


def _gap(study: GanStudy) -> list[Plot]:
    """With its interval, in parts of each distance."""
    confidence, curves = study.confidence(), []
    for gap, color in zip(measured_gaps(study, confidence), COLORS, strict=False):
        widths = list(gap.growth.gaps)
        value, low, high = ([100 * x for x in ends] for ends in zip(*gap.growth.gaps.values(), strict=True))
        curves.append(Series(gap.label, widths, value, low, high, color))
    if not curves:
        return []
    y_label = f"test − train, % of test at k = {max(curves[0].x)}, {100 * confidence:g}% interval"
    return [against_width("gap", "Test less train distance against width", y_label, [Panel(curves)])]


def _share(study: GanStudy) -> list[Plot]:
    final = study.final()
    if "nearer_train" not in final or not final.nearer_train.notna().any():
        return []
    generated = over_seeds("generated images", final.dropna(subset=["nearer_train"]), "k", "nearer_train", COLORS[0])
    line = [NOTHING] * len(generated.x)
    nothing = Series("nothing memorized", generated.x, line, line, line, COLORS[1], dashed=True)
    title, y_label = "Share nearer to training images against width", "share, mean and range over seeds"
    return [against_width("nearer-train", title, y_label, [Panel([generated, nothing])])]
