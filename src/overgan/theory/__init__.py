"""The shallow GAN of the paper's Sections 2 and A: exact training dynamics and what they can reach."""

from overgan.theory._geometry import generated_mean, jacobian_gram, mean_gradients, population_mean
from overgan.theory._linearize import Linearization, StepSizes, best_step_sizes, linearize
from overgan.theory._optimum import global_optimum
from overgan.theory._problem import ShallowGAN, Target
from overgan.theory._simulate import Draw, Engine, Method, Trajectory, default_eta, simulate

__all__ = [
    "Draw",
    "Engine",
    "Linearization",
    "Method",
    "ShallowGAN",
    "StepSizes",
    "Target",
    "Trajectory",
    "best_step_sizes",
    "default_eta",
    "generated_mean",
    "global_optimum",
    "jacobian_gram",
    "linearize",
    "mean_gradients",
    "population_mean",
    "simulate",
]
