"""The GANs of the paper's Section 2 and Appendix A, shallow and deep: how they train, and what they can reach."""

from overgan.theory._certify import certify, jacobian_norms
from overgan.theory._linearize import Linearization, StepSizes, best_step_sizes, linearize
from overgan.theory._problem import Draw, Engine, Method, Problem, default_eta
from overgan.theory._simulate import Trajectory, simulate
from overgan.theory._theorem import Certificate, Claim, Condition, check_claims
from overgan.theory._widths import simulation_width, theory_width
from overgan.theory.deep._ball import BallEstimate, ball_estimate
from overgan.theory.deep._gan import DeepFeatureGAN
from overgan.theory.deep._load import load_deep_problem
from overgan.theory.shallow._ball import BallBound, ball_bound, norm_bound
from overgan.theory.shallow._constants import PaperConstants, paper_constants
from overgan.theory.shallow._gan import ShallowGAN, Target
from overgan.theory.shallow._geometry import generated_mean, jacobian_gram, mean_gradients, population_mean
from overgan.theory.shallow._lemmas import Lemma, lemmas
from overgan.theory.shallow._load import load_problem
from overgan.theory.shallow._optimum import global_optimum
from overgan.theory.shallow._paired import paired

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
