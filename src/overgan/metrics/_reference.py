"""The real side of every comparison, computed once."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import UInt8

from overgan.data import ImageSet
from overgan.metrics._features import FeatureSpace
from overgan.metrics._frechet import fit_gaussian, gaussian_distance


class Reference:
    """Mean and covariance of `samples` training and as many held-out images in each feature space.

    The Fréchet distance grows as samples get fewer, so all three sides have the same number: what was asked for, but
    at most the images of `images.reference`.
    """

    def __init__(self, images: ImageSet, spaces: Sequence[FeatureSpace], samples: int):
        self.samples = min(samples, len(images.reference))
        self.spaces = list(spaces)
        held_out = np.random.default_rng(0).permutation(len(images.test))
        parts = {
            "train": images.train[images.reference[: self.samples]],
            "test": images.test[held_out[: self.samples]],
        }
        self.real = {
            (space.name, part): fit_gaussian(space.embed(real)) for space in self.spaces for part, real in parts.items()
        }

    def score(self, generated: UInt8[np.ndarray, "{self.samples} h w c"]) -> list[dict[str, Any]]:
        """For each feature space its name and the Fréchet distances to the training and to the held-out images."""
        rows = []
        for space in self.spaces:
            ours = fit_gaussian(space.embed(generated))
            fid = {f"fid_{part}": gaussian_distance(self.real[space.name, part], ours) for part in ("train", "test")}
            rows.append({"features": space.name, **fid})
        return rows
