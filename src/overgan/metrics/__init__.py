"""Distances between generated and real images, and what else can be said of them."""

from overgan.metrics._evaluate import Evaluation, evaluate
from overgan.metrics._features import canonical, feature_space
from overgan.metrics._gaussian import GaussianFit, fit_gaussian
from overgan.metrics._metric import SIDES, Column, Estimate, Metric, Setting, each_side
from overgan.metrics._reference import Reference, check_metrics
from overgan.metrics._registry import METRICS, SPACES, MetricName
from overgan.metrics._sample import Progress, Sample, fingerprint, no_progress
from overgan.metrics.distances._fid_infinity import fid_infinity
from overgan.metrics.distances._frechet import frechet_distance, gaussian_distance
from overgan.metrics.distances._kid import kernel_distance
from overgan.metrics.distances._memorization import DataCopying, MemorizedShare, data_copying, memorized_share
from overgan.metrics.distances._neighbours import nearest_neighbours
from overgan.metrics.distances._prdc import PRDC, Manifold, fit_manifold, prdc
from overgan.metrics.nnd._config import NNDConfig
from overgan.metrics.nnd._divergence import NND, NNDStopped, neural_net_divergence
from overgan.metrics.nnd._metric import CRITIC
from overgan.metrics.spaces._space import FeatureSpace, Precision, Space, Wanted
from overgan.pictures import neighbour_picture

__all__ = [
    "CRITIC",
    "METRICS",
    "NND",
    "PRDC",
    "SIDES",
    "SPACES",
    "Column",
    "DataCopying",
    "Estimate",
    "Evaluation",
    "FeatureSpace",
    "GaussianFit",
    "Manifold",
    "MemorizedShare",
    "Metric",
    "MetricName",
    "NNDConfig",
    "NNDStopped",
    "Precision",
    "Progress",
    "Reference",
    "Sample",
    "Setting",
    "Space",
    "Wanted",
    "canonical",
    "check_metrics",
    "data_copying",
    "each_side",
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
