"""What a format of files is told, and how a missing package is."""

import importlib
from dataclasses import dataclass
from typing import Any

from overgan.errors import OverganError
from overgan.training import Rule


@dataclass(frozen=True)
class Chosen:
    """The run whose generator is exported; what is None is the study's to choose."""

    width: int | None = None  # by default the recommended one
    seed: int | None = None  # by default the first
    learning_rate: float | None = None  # by default the width's best
    rule: Rule | None = None  # by default the spec's first
    licence: str | None = None  # of the weights, as the Hugging Face Hub writes it; by default unknown


def needed(module: str, extra: str) -> Any:
    """The module of a package that an extra has. Raises OverganError if it is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError:
        package = module.partition(".")[0]
        raise OverganError(
            f'this export needs the package {package}; install it with pip install "overgan[{extra}]"'
        ) from None
