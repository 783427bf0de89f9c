"""Adam: its state as tensors and back, and its learning rate over the iterations."""

import torch
from torch import Tensor


def adam_tensors(adam: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The state of an optimizer's parameters by name, "{index}.{field}"; not copied."""
    states = adam.state_dict()["state"]
    return {f"{index}.{field}": value for index, state in states.items() for field, value in state.items()}


def restore_adam(adam: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """Go on from a copy of what `adam_tensors` gave for the same parameters."""
    state = adam.state_dict()
    for name, value in tensors.items():
        index, field = name.split(".")
        state["state"].setdefault(int(index), {})[field] = value.clone()
    adam.load_state_dict(state)


def decayed(rate: float, schedule: str, iteration: int, iterations: int) -> float:
    """The learning rate of the update that follows `iteration` of all `iterations`.

    schedule: "linear", from rate down to 0, or "constant".
    """
    return rate * (1 - iteration / iterations) if schedule == "linear" else rate
