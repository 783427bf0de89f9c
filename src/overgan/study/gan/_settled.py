"""What the training of a GAN's width study lacks to recommend a width by."""

import math
from collections.abc import Collection

import pandas as pd

from overgan.study.analysis import EVALUATIONS, trends
from overgan.training import TrainConfig
from overgan.words import joined, percent

FEWEST = 100  # generator updates, before which no GAN has learned to make images


def unsettled(
    train: TrainConfig, images: int, evaluations: pd.DataFrame, widths: Collection[int], tolerance: float, quantity: str
) -> tuple[str, ...]:
    """What there should be more of, in words: iterations, or evaluations that show whether those are enough.

    images: how many there are to train on. evaluations: of finished runs, as `trends` takes them. widths: those between
    which the answer hangs. quantity: what the values are.

    A run is too short if it has fewer than 100 iterations, or has not seen as many images as there are. Else, at a
    constant learning rate, it must have settled (`trends`). One that falls to 0 brings every run to rest: what a longer
    one would have come to is not to be seen in it, and nothing is asked.
    """
    needed = max(FEWEST, math.ceil(images / (train.batch * train.critic_steps)))
    if train.iterations < needed:
        why = "to have begun to learn" if needed == FEWEST else f"to have seen as many images as there are, {images:,}"
        few = "1 is" if train.iterations == 1 else f"{train.iterations:,} are"
        return (f"longer runs, train.iterations={needed} at least: {few} too few {why}",)
    if train.schedule == "linear":
        return ()
    count = evaluations.iteration.nunique()
    if count < EVALUATIONS:
        every = train.iterations // EVALUATIONS
        has = f"there {'is' if count == 1 else 'are'} {count}"
        return (f"three evaluations, such as by train.evaluate_every={every}, to see whether training settles: {has}",)
    falls = {k: trend.fall for k, trend in trends(evaluations, tolerance).items() if trend.falling and k in widths}
    if not falls:
        return ()
    by = joined([f"{percent(fall, 2)} at k = {k}" for k, fall in falls.items()])
    return (
        f"longer runs, such as train.iterations={2 * train.iterations}: in their second half the mean {quantity} still "
        f"falls, by {by}",
    )
