"""The GANs of the paper's Sections 2 and A, shallow and deep: training dynamics and what they can reach."""

from overgan.theory._ball import BallBound, ball_bound, norm_bound
from overgan.theory._certify import certify, check_claims, jacobian_norms
from overgan.theory._deep import DeepFeatureGAN, load_deep_problem
from overgan.theory._deep_ball import BallEstimate, ball_estimate
from overgan.theory._geometry import generated_mean, jacobian_gram, mean_gradients, population_mean
from overgan.theory._initial import Problem
from overgan.theory._lemmas import Lemma, lemmas
from overgan.theory._linearize import Linearization, StepSizes, best_step_sizes, linearize
from overgan.theory._optimum import global_optimum
from overgan.theory._problem import ShallowGAN, Target, load_problem
from overgan.theory._simulate import Draw, Engine, Method, Trajectory, default_eta, simulate
from overgan.theory._theorem import Certificate, Claim, Condition
from overgan.theory._widths import PaperConstants, paired, paper_constants, simulation_width, theory_width

__all__ = [
    "BallBound",
    "BallEstimate",
    "Certificate",
    "Claim",
    "Condition",
    "DeepFeatureGAN",
    "Draw",
    "Engine",
    "Lemma",
    "Linearization",
    "Method",
    "PaperConstants",
    "Problem",
    "ShallowGAN",
    "StepSizes",
    "Target",
    "Trajectory",
    "ball_bound",
    "ball_estimate",
    "best_step_sizes",
    "certify",
    "check_claims",
    "default_eta",
    "generated_mean",
    "global_optimum",
    "jacobian_gram",
    "jacobian_norms",
    "lemmas",
    "linearize",
    "load_deep_problem",
    "load_problem",
    "mean_gradients",
    "norm_bound",
    "paired",
    "paper_constants",
    "population_mean",
    "simulate",
    "simulation_width",
    "theory_width",
]
