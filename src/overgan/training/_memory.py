"""A group that is trained with fewer replicas at once when memory runs out."""

import gc
import logging
from collections.abc import Callable
from dataclasses import replace

import torch

from overgan.memory import is_out_of_memory
from overgan.training._cost import replicas_at_once
from overgan.training._loop import Group, train_group


def train_in_memory(group: Group, stopping: Callable[[], bool]) -> None:
    """`train_group`, tried again from the last checkpoint with half as many replicas at once while memory runs out.

    Raises MemoryError if it does with one at a time, and what `train_group` raises.
    """
    count, device = len(group.seeds), group.device
    at_once = replicas_at_once(group.model, group.config, group.width, group.images.shape, count, device)
    at_once = min(group.at_once or at_once, len(group.config.runs(group.seeds)))
    while reason := _ran_out(replace(group, at_once=at_once), stopping):
        if at_once == 1:
            raise MemoryError(f"{reason}, at k = {group.width} even with one replica at a time")
        before, at_once = at_once, at_once // 2
        gc.collect()
        if group.device != "cpu":
            torch.cuda.empty_cache()
        logging.getLogger(__name__).warning(
            f"overgan: memory ran out at k = {group.width} ({reason}); it goes on from the last checkpoint with "
            f"{at_once} of its replicas at once in place of {before}"
        )


def _ran_out(group: Group, stopping: Callable[[], bool]) -> str:
    """Train; why memory ran out, if it did. By the return no tensor of the attempt is left."""
    try:
        train_group(group, stopping)
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        return " ".join(str(error).split())[:120] or "no memory is left"
    return ""
