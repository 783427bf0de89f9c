"""Whether generated images repeat training images, by the share that is nearer to these than to held-out ones."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from overgan.study.analysis._claim import Verdict
from overgan.study.analysis._contrast import Draws, Interval, interval, means_of, seeds_to_tell

NOTHING = 0.5  # of the images are nearer to training images, if nothing is memorized
COPIES = 0.1  # of the images: fewer are none that matter

Runs = Float[np.ndarray, " runs"]


@dataclass(frozen=True)
class Copied:
    """The share at the widest width and what it grows by from the narrowest, with what follows."""

    widest: Interval
    growth: Interval
    none: bool  # fewer than a tenth of the images are copies, for sure
    some: bool  # some images are, and more than at the narrowest width, for sure
    seeds: float  # a width, that would tell; inf: none would

    @property
    def verdict(self) -> Verdict:
        """Whether nothing is memorized."""
        return "contradicts" if self.some else "supports" if self.none else "cannot tell"


def border(copies: float = COPIES) -> float:
    """The share that is nearer to training images if so many are copies of them, and of the others half."""
    return (1 + copies) / 2


def copied(shares: Mapping[int, Runs], images: int, confidence: float = 0.95) -> Copied:
    """What shares of images that are nearer to training images say, by width.

    shares: of each run; at least two widths, one of which has two runs. images: on each side of the comparison.

    All runs are compared with the same real images. Another draw of these changes a share whose truth is 1/2 by a
    standard deviation of √(Σ p²)/2, p being the shares of the images whose nearest neighbour is one real image: 1/(2√n)
    if n images a side have Σ p² = 1/n, as cells of exponential sizes do. In simulations it was 0.6 to 1.9 times that
    (`benchmarks/claims_coverage.py draws`), so twice that is taken.

    Held-out images of another kind make the share differ from 1/2 at every width, and a narrow network can hardly
    memorize: so copies are shown by a share that is above 1/2, and above that of the narrowest width.
    """
    of = means_of(shares)
    draws = Draws(dict.fromkeys(of.widths, 1 / math.sqrt(images)))
    narrow, wide = of.widths[0], of.widths[-1]
    widest = interval(of, of.at(wide), confidence, draws)
    growth = interval(of, of.at(wide, narrow), confidence, draws)
    seeds = min(seeds_to_tell(of, widest, at, confidence) for at in (NOTHING, border()))
    return Copied(widest, growth, widest.high < border(), widest.low > NOTHING and growth.low > 0, seeds)
