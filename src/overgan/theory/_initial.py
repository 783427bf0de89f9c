"""What the linearized dynamics take from a problem, shallow or deep."""

import numpy as np
from jaxtyping import Float

from overgan.theory._deep import DeepFeatureGAN
from overgan.theory._geometry import generated_mean, jacobian_gram
from overgan.theory._problem import ShallowGAN

Problem = ShallowGAN | DeepFeatureGAN


def gram_and_residual(problem: Problem) -> tuple[Float[np.ndarray, "m m"], Float[np.ndarray, " m"]]:
    """J_0 J_0ᵀ and r_0; for a deep generator m backward passes."""
    if isinstance(problem, DeepFeatureGAN):
        from overgan.theory import _deep_autograd as autograd  # here, because PyTorch takes seconds

        return autograd.grams(problem, problem.theta0)[0], autograd.generated_mean(
            problem, problem.theta0
        ) - problem.target
    gram = jacobian_gram(problem.Z, problem.V, problem.W0)
    return gram, generated_mean(problem.Z, problem.V, problem.W0) - problem.target


def largest_eta(gram: Float[np.ndarray, "m m"], method: str, mu: float) -> float:
    """The largest generator step that the theorem's condition at initialization allows (see `default_eta`)."""
    norm_squared = float(np.linalg.eigvalsh(gram)[-1])
    if norm_squared <= 0:
        return 1.0
    return 1 / (2 * norm_squared) if method == "optimal" else mu / (8 * norm_squared)
