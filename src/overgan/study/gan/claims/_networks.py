"""What claims about networks rest on: metrics that are measured on request."""

from collections.abc import Collection

from overgan.study.gan._results import GanResults
from overgan.study.gan.claims._basis import Runs, by_width, three_widths
from overgan.words import joined


def measured(study: GanResults, column: str) -> Runs:
    """A metric of networks by width, of each run that came to its end, at each width's best learning rate."""
    return by_width(study.last(), column)


def unmeasured(study: GanResults, widths: Collection[int], metric: str, what: str) -> tuple[str, str]:
    """Why nothing can be said of how a metric goes with the width, for too few widths have it; and what would tell."""
    ended = [group.width for group in study.status() if group.finished and group.width not in widths]
    if ended:
        has = f"so far that is done at k = {joined(list(widths))} alone" if widths else "that is not done yet"
        return (
            f"The {what} is measured on request, and {has}.",
            f"Measure it: {study.measuring(metric)}.",
        )
    return three_widths(f"How the {what} goes with the width", widths)
