"""A feature space as a record: what it needs, and what it makes of images."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, UInt8

from overgan.data import ImageSet

Embedding = Callable[[UInt8[np.ndarray, "images h w c"]], Float[np.ndarray, "images features"]]
Precision = Literal["float32", "bf16"]


@dataclass(frozen=True)
class Wanted:
    """What a feature space is made for, and with."""

    shape: tuple[int, int, int]  # height, width, channels
    images: ImageSet | None  # None where only the shape is known; with labels, if the space needs them
    seed: int  # 0 for a space without one
    cache: Path  # folder where networks that had to be trained are kept
    weights: Path | None  # of inception; None is where torch-fidelity keeps them
    precision: Precision  # of inception
    device: str  # PyTorch's name of what computes
    batch: int | None = None  # images that are embedded at once; None is as many as suit the space


@dataclass(frozen=True)
class Space:
    """How a feature space is made: the embedding, and facts that a reader must know to trust it."""

    create: Callable[[Wanted], tuple[Embedding, dict[str, Any]]]  # the facts have its dimension
    labels: bool = False  # whether it needs an image set with labels


@dataclass(frozen=True)
class FeatureSpace:
    """A name for tables and plots, the embedding, what a reader must know to trust it, and what computes it."""

    name: str
    embed: Embedding
    facts: dict[str, Any]
    device: str = "cpu"
    batch: int | None = None  # images that are embedded at once
