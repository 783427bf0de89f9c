"""Distances between generated and real images, and what else can be said of them."""

from overgan.metrics._evaluate import METRICS, Evaluation, evaluate
from overgan.metrics._features import FeatureSpace, canonical, feature_space
from overgan.metrics._fid_infinity import fid_infinity
from overgan.metrics._frechet import GaussianFit, fit_gaussian, frechet_distance, gaussian_distance
from overgan.metrics._inception import Precision
from overgan.metrics._kid import Estimate, kernel_distance
from overgan.metrics._memorization import DataCopying, MemorizedShare, data_copying, memorized_share
from overgan.metrics._neighbours import nearest_neighbours
from overgan.metrics._nnd import NND, NNDStopped, neural_net_divergence
from overgan.metrics._nnd_critic import NNDConfig
from overgan.metrics._prdc import PRDC, Manifold, fit_manifold, prdc
from overgan.metrics._reference import CRITIC, Metric, Reference, check_metrics
from overgan.metrics._sample import Progress, fingerprint, no_progress
from overgan.pictures import neighbour_picture

__all__ = [
    "CRITIC",
    "METRICS",
    "NND",
    "PRDC",
    "DataCopying",
    "Estimate",
    "Evaluation",
    "FeatureSpace",
    "GaussianFit",
    "Manifold",
    "MemorizedShare",
    "Metric",
    "NNDConfig",
    "NNDStopped",
    "Precision",
    "Progress",
    "Reference",
    "canonical",
    "check_metrics",
    "data_copying",
    "evaluate",
    "feature_space",
    "fid_infinity",
    "fingerprint",
    "fit_gaussian",
    "fit_manifold",
    "frechet_distance",
    "gaussian_distance",
    "kernel_distance",
    "memorized_share",
    "nearest_neighbours",
    "neighbour_picture",
    "neural_net_divergence",
    "no_progress",
    "prdc",
]
