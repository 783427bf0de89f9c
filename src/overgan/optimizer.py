"""Adam: its state as tensors, its settings' types, and how its learning rate falls."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

if TYPE_CHECKING:
    import torch  # which takes a second that a spec does without

Momentum = Annotated[float, Field(ge=0, lt=1)]
Schedule = Literal["constant", "linear"]


def adam_tensors(adam: "torch.optim.Optimizer") -> dict[str, "torch.Tensor"]:
    """All moments and step counts, not copied, as INDEX.FIELD, with the index of the parameter."""
    states = adam.state_dict()["state"].items()
    return {f"{index}.{field}": value for index, state in states for field, value in state.items()}


def restore_adam(adam: "torch.optim.Optimizer", tensors: dict[str, "torch.Tensor"]) -> None:
    """Go on from what `adam_tensors` gave for the same parameters; the tensors stay as they are."""
    state = adam.state_dict()
    for name, value in tensors.items():
        index, field = name.split(".")
        state["state"].setdefault(int(index), {})[field] = value.clone()  # Adam would write into the caller's
    adam.load_state_dict(state)


def decayed(rate: float, schedule: Schedule, iteration: int, iterations: int) -> float:
    """The learning rate of the update that follows `iteration` of `iterations`: `linear` brings it down to 0."""
    return rate * (1 - iteration / iterations) if schedule == "linear" else rate
