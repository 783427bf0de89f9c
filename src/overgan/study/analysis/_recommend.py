"""What a study's numbers mean: which width is enough, and how sure that is."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from overgan.errors import OverganError

RESAMPLES = 10_000
CONFIDENCE = 0.95

Final = Mapping[int, Float[np.ndarray, " _"]]  # width -> of each run; the less the better


@dataclass(frozen=True)
class Recommendation:
    """The width to use. Printed, it is the reason in words."""

    width: int
    interval: tuple[int, int]  # of the width, over resampled seeds
    value: float  # mean over seeds, of `width`
    best_width: int
    best_value: float
    tolerance: float
    quantity: str  # what the values are
    try_wider: bool  # the widest is better than all others by more than the tolerance

    def __str__(self) -> str:
        low, high = self.interval
        text = f"k = {self.width} (95 % interval over seeds: {low} to {high}): mean {self.quantity} {self.value:.3g}"
        if self.try_wider:
            return f"{text}, the best so far and still improving by more than {self.tolerance:.0%}: try wider"
        if self.width == self.best_width:
            return f"{text}, the best of all widths; no narrower one comes within {self.tolerance:.0%}"
        return f"{text}, within {self.tolerance:.0%} of the best, {self.best_value:.3g} at k = {self.best_width}"


def recommend(final: Final, tolerance: float, quantity: str) -> Recommendation:
    """The smallest width whose mean is at most (1 + tolerance) times the best mean.

    final: the final value of every run, by width, such as its FID on held-out images; less is better.
    quantity: what the values are, in words.
    The interval is the percentile bootstrap over seeds: the runs of every width are resampled and the rule applied
    again, 10,000 times, always with the same resamples.

    Raises OverganError if there is no width with a run.
    """
    widths = sorted(width for width, fids in final.items() if len(fids))
    if not widths:
        raise OverganError("no width has a finished run yet; go on with the study first")

    def choose(means: Float[np.ndarray, "resamples widths"]) -> np.ndarray:
        enough = means <= (1 + tolerance) * means.min(1, keepdims=True)
        chosen: np.ndarray = np.array(widths)[enough.argmax(1)]
        return chosen

    means = np.array([np.mean(final[width]) for width in widths])
    width = int(choose(means[None])[0])
    random = np.random.default_rng(0)
    resampled = [random.choice(final[w], (RESAMPLES, len(final[w]))).mean(1) for w in widths]
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(choose(np.stack(resampled, 1)), [tail, 1 - tail], method="inverted_cdf")
    best = int(means.argmin())
    return Recommendation(
        width=width,
        interval=(int(low), int(high)),
        value=float(means[widths.index(width)]),
        best_width=widths[best],
        best_value=float(means[best]),
        tolerance=tolerance,
        quantity=quantity,
        try_wider=width == widths[-1] and len(widths) > 1 and bool(means.min() > 0),
    )
