"""The seeds that a group is given after others: they are trained beside it, and then become a part of it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from overgan.training._config import TrainConfig
from overgan.training._index import ADDING, read_checkpoint, seeds_of
from overgan.training._loop import Group
from overgan.training._memory import train_in_memory
from overgan.training._merge import merge


def train_seeds(group: Group, stopping: Callable[[], bool]) -> None:
    """Train a group until all of its seeds are at the last iteration, be it that some came later than others.

    Raises what `train_in_memory` does.
    """
    folder, adding = group.folder, group.folder / ADDING
    while not stopping():
        there = seeds_of(read_checkpoint(folder), group.seeds) or group.seeds
        train_in_memory(replace(group, seeds=there), stopping)
        if not ends(folder, group.config):
            return
        # of a round before, if that was interrupted, or else what is missing
        begun = seeds_of(read_checkpoint(adding), group.seeds)
        more = begun or [seed for seed in group.seeds if seed not in there]
        if not {*more} <= {*there}:  # else they are merged already, or there are none
            train_in_memory(replace(group, folder=adding, seeds=more), stopping)
            if not ends(adding, group.config):
                return
        merge(folder, adding, group.config)
        if not more:
            return


def ends(folder: Path, config: TrainConfig) -> bool:
    """Whether nothing is left to train in a group's folder."""
    checkpoint = read_checkpoint(folder)
    return checkpoint is not None and checkpoint.ends(config.iterations)
