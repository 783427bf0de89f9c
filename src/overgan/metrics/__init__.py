"""Distances between generated and real images."""

from overgan.metrics._features import FeatureSpace, feature_space
from overgan.metrics._frechet import fit_gaussian, frechet_distance, gaussian_distance
from overgan.metrics._memorization import DataCopying, MemorizedShare, data_copying, memorized_share
from overgan.metrics._neighbours import nearest_neighbours
from overgan.metrics._picture import neighbour_picture
from overgan.metrics._prdc import PRDC, Manifold, fit_manifold, prdc
from overgan.metrics._reference import Reference

__all__ = [
    "PRDC",
    "DataCopying",
    "FeatureSpace",
    "Manifold",
    "MemorizedShare",
    "Reference",
    "data_copying",
    "feature_space",
    "fit_gaussian",
    "fit_manifold",
    "frechet_distance",
    "gaussian_distance",
    "memorized_share",
    "nearest_neighbours",
    "neighbour_picture",
    "prdc",
]
