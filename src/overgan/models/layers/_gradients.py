"""Which gradients a backward pass is for, which a Function cannot know."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_inputs_only = ContextVar("inputs_only", default=False)  # of this thread, in which a CPU's backward passes run


@contextmanager
def input_gradients_only() -> Iterator[None]:
    """Leave out the gradients of weights, which a Function cannot know that nobody asked for."""
    token = _inputs_only.set(True)
    try:
        yield
    finally:
        _inputs_only.reset(token)


def weights_wanted() -> bool:
    """Whether gradients of weights are asked for."""
    return not _inputs_only.get()
