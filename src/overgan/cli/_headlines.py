"""What a study found, as the commands say it."""

from typing import TYPE_CHECKING

from overgan.cli._terminal import console
from overgan.study import Spec, scale_warning

if TYPE_CHECKING:
    from overgan.study import Study  # which imports pandas


def print_headlines(study: "Study", tolerance: float | None = None, confidence: float | None = None) -> None:
    """Print the recommendation, what must be said beside it, and the scale if it is not full."""
    for headline in study.headlines(tolerance, confidence):
        console.print(headline)
    print_scale(study.spec)


def print_scale(spec: Spec) -> None:
    """Print the warning of a scaled study."""
    if warning := scale_warning(spec):
        console.print(warning)
