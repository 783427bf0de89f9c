"""Brute force and problems that the tests of the theory share."""

import dataclasses

import numpy as np
import torch
from hypothesis import strategies as st

from overgan.theory import ShallowGAN, generated_mean

small = st.builds(
    ShallowGAN.gaussian,
    n=st.integers(1, 20),
    d=st.integers(1, 4),
    m=st.integers(1, 4),
    k=st.integers(1, 12),
    seed=st.integers(0, 1000),
)


def full_jacobian(problem, W):
    """∂f/∂W as a matrix (m, k d), by autograd."""
    Z, V = torch.tensor(problem.Z), torch.tensor(problem.V)
    jacobian = torch.autograd.functional.jacobian(lambda w: (torch.relu(Z @ w.T) @ V.T).mean(0), torch.tensor(W))
    return jacobian.reshape(len(problem.V), -1).numpy()


def near(distance, **sizes):
    """A problem whose target is that far from f(W_0)."""
    problem = ShallowGAN.gaussian(**sizes)
    f, m = generated_mean(problem.Z, problem.V, problem.W0), len(problem.V)
    return dataclasses.replace(problem, target=f + distance / np.sqrt(m))
