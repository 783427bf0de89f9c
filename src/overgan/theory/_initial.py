"""What the linearized dynamics take from a problem, shallow or deep."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from overgan.theory._deep import DeepFeatureGAN
from overgan.theory._geometry import generated_mean, jacobian_gram, mean_gradients
from overgan.theory._problem import ShallowGAN

Problem = ShallowGAN | DeepFeatureGAN


def gram_and_residual(problem: Problem) -> tuple[Float[np.ndarray, "m m"], Float[np.ndarray, " m"]]:
    """J_0 J_0ᵀ and r_0; for a deep generator m backward passes."""
    if isinstance(problem, DeepFeatureGAN):
        from overgan.theory import _deep_autograd as autograd  # here, because PyTorch takes seconds

        f = autograd.generated_mean(problem, problem.theta0)
        return autograd.grams(problem, problem.theta0)[0], f - problem.target
    gram = jacobian_gram(problem.Z, problem.V, problem.W0)
    return gram, generated_mean(problem.Z, problem.V, problem.W0) - problem.target


def initial_weights(problem: Problem) -> Float[np.ndarray, "*weights"]:
    """W_0 or θ_0."""
    return problem.theta0 if isinstance(problem, DeepFeatureGAN) else problem.W0


def pull_back(problem: Problem) -> Callable[[np.ndarray], np.ndarray]:
    """The map g -> J_0ᵀ g, of the weights' shape."""
    if isinstance(problem, DeepFeatureGAN):
        from overgan.theory._deep_autograd import evaluator

        pull: Callable[[np.ndarray], np.ndarray] = evaluator(problem)(problem.theta0)[1]
        return pull
    s, V = mean_gradients(problem.Z, problem.W0), problem.V
    return lambda g: (V.T @ g)[:, None] * s


def largest_eta(gram: Float[np.ndarray, "m m"], method: str, mu: float) -> float:
    """The largest generator step that the theorem's condition at initialization allows (see `default_eta`)."""
    norm_squared = float(np.linalg.eigvalsh(gram)[-1])
    if norm_squared <= 0:
        return 1.0
    return 1 / (2 * norm_squared) if method == "optimal" else mu / (8 * norm_squared)
