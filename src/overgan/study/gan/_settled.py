"""What the training of a GAN's width study lacks to recommend a width by."""

import math
from collections.abc import Collection

import pandas as pd

from overgan.study.analysis import EVALUATIONS, outlooks, worth_longer
from overgan.training import TrainConfig
from overgan.words import joined, number, percent, span

FEWEST = 100  # generator updates, before which no GAN has learned to make images


def unsettled(
    train: TrainConfig, images: int, evaluations: pd.DataFrame, widths: Collection[int], tolerance: float, quantity: str
) -> tuple[str, ...]:
    """What there should be more of, in words: iterations, or evaluations that show whether those are enough.

    images: how many there are to train on. evaluations: of finished runs, as `trends` takes them. widths: those between
    which the answer hangs. quantity: what the values are.

    A run is too short if it has fewer than 100 iterations, or has not seen as many images as there are. Else, at a
    constant learning rate, it must have settled (`worth_longer`). One that falls to 0 brings every run to rest: what a
    longer one would have come to is not to be seen in it, and nothing is asked.
    """
    if why := _too_short(train, images):
        return (f"longer runs, train.iterations={_needed(train, images)} at least: {why}",)
    if train.schedule == "linear":
        return ()
    count = evaluations.iteration.nunique()
    if count < EVALUATIONS:
        every = train.iterations // EVALUATIONS
        has = f"there {'is' if count == 1 else 'are'} {count}"
        return (f"three evaluations, such as by train.evaluate_every={every}, to see whether training settles: {has}",)
    if why := _still_falls(train, evaluations, widths, tolerance, quantity):
        return (f"longer runs, such as train.iterations={2 * train.iterations}: {why}",)
    return ()


def longer_because(
    train: TrainConfig, images: int, evaluations: pd.DataFrame, widths: Collection[int], tolerance: float, quantity: str
) -> str:
    """Why runs should go on to `twice_or_more` iterations, in a sentence; empty if they need not, or cannot.

    The arguments are those of `unsettled`. Runs whose learning rate falls to 0 cannot go on. It is a reason to train,
    never one to declare a width good.
    """
    if train.schedule == "linear":
        return ""
    why = _too_short(train, images) or _still_falls(train, evaluations, widths, tolerance, quantity)
    return f"{why[0].upper()}{why[1:]}." if why else ""


def twice_or_more(train: TrainConfig, images: int) -> int:
    """The iterations to which runs go on that are not long enough: twice as many, again and again if those are too few.

    images: how many there are to train on.
    """
    iterations = 2 * train.iterations
    while iterations < _needed(train, images):
        iterations *= 2
    return iterations


def _needed(train: TrainConfig, images: int) -> int:
    return max(FEWEST, math.ceil(images / (train.batch * train.critic_steps)))


def _too_short(train: TrainConfig, images: int) -> str:
    needed = _needed(train, images)
    if train.iterations >= needed:
        return ""
    why = "to have begun to learn" if needed == FEWEST else f"to have seen as many images as there are, {images:,}"
    few = "1 is" if train.iterations == 1 else f"{train.iterations:,} are"
    return f"{few} too few {why}"


def _still_falls(
    train: TrainConfig, evaluations: pd.DataFrame, widths: Collection[int], tolerance: float, quantity: str
) -> str:
    """By how much the mean of each width that has not settled fell, and where its curve goes on to."""
    falling = {k: fall for k, fall in worth_longer(evaluations, tolerance).items() if k in widths}
    if not falling:
        return ""
    ahead = outlooks(evaluations)
    said = []
    for k, fall in falling.items():
        parts = [] if fall is None else [f"by {percent(fall, 2)} in the last doubling"]
        if k in ahead:
            to = ahead[k]
            there = span(number(to.low[-1], 2), number(to.high[-1], 2))
            parts.append(
                f"by its curve on to {number(to.value[-1], 2)} ({there}) at {2 * train.iterations:,} iterations"
            )
        said.append(f"at k = {k} {joined(parts)}")
    return f"the mean {quantity} still falls: {'; '.join(said)}"
