"""Networks whose f(W_0) is 0."""

from dataclasses import replace

import numpy as np

from overgan.theory.shallow._gan import ShallowGAN


def paired(problem: ShallowGAN) -> ShallowGAN:
    """Twice as wide, each unit once with v_l and once with −v_l: f(W_0) = 0, so that only the target is to be learned.

    ‖r_0‖ = ‖x̄‖ then does not grow with k. As V is drawn symmetrically, each unit is distributed as before.
    """
    return replace(problem, V=np.hstack([problem.V, -problem.V]), W0=np.vstack([problem.W0, problem.W0]))
