"""The zero-centred penalty, R1 of real images and R2 of generated ones (Mescheder et al., 2018, Section 4.1)."""

from torch import Tensor

from overgan.models import Images
from overgan.training.losses._loss import PerReplica


def squared_slope(slope: Images) -> PerReplica:
    """E ‖∇D‖² of the slopes at some images, which the losses weigh with γ/2; differentiable as the slopes are."""
    mean: Tensor = slope.flatten(2, 4).square().sum(2).flatten(1).mean(1)
    return mean
