"""Distances between generated and real images."""

from overgan.metrics._features import FeatureSpace, feature_space
from overgan.metrics._frechet import fit_gaussian, frechet_distance, gaussian_distance
from overgan.metrics._reference import Reference

__all__ = [
    "FeatureSpace",
    "Reference",
    "feature_space",
    "fit_gaussian",
    "frechet_distance",
    "gaussian_distance",
]
