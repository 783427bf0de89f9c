"""Distances between generated and real images."""

from overgan.metrics._features import FeatureName, FeatureSpace, feature_space
from overgan.metrics._frechet import fit_gaussian, frechet_distance, gaussian_distance
from overgan.metrics._nnd import NND, NNDStopped, neural_net_divergence
from overgan.metrics._nnd_critic import NNDConfig
from overgan.metrics._reference import Reference

__all__ = [
    "NND",
    "FeatureName",
    "FeatureSpace",
    "NNDConfig",
    "NNDStopped",
    "Reference",
    "feature_space",
    "fit_gaussian",
    "frechet_distance",
    "gaussian_distance",
    "neural_net_divergence",
]
