"""The least residual that any W of the shallow GAN can reach."""

import scipy  # its parts load at their first use

from overgan.theory.shallow._gan import ShallowGAN


def global_optimum(problem: ShallowGAN) -> float:
    """A lower bound on ‖f(W) − x̄‖ over all W: the distance of x̄ to the cone of V's columns.

    f(W) = V a with mean activations a_l = (1/n) Σ_i max(w_l·z_i, 0) ≥ 0, so the least residual over free a ≥ 0 is a
    non-negative least-squares problem. The bound is attained if some latent is not zero: a_l is continuous in w_l, 0 at
    w_l = 0 and grows in proportion to w_l along any direction with w·z_i > 0 for some i, so it takes every value in
    [0, ∞). If all latents are zero, f is 0 and the residual is ‖x̄‖, which is what is returned then.
    """
    if not problem.Z.any():
        return float((problem.target**2).sum() ** 0.5)
    return float(scipy.optimize.nnls(problem.V, problem.target, maxiter=100 * problem.V.shape[1])[1])
