import dataclasses

import numpy as np
import pytest
from sklearn.datasets import make_moons

from overgan.theory import ShallowGAN, generated_mean, global_optimum, jacobian_gram
from overgan.theory.shallow._gan import _mean_of


def arrays(**changes):
    random = np.random.default_rng(0)
    values = {
        "Z": random.standard_normal((7, 3)),
        "V": random.standard_normal((2, 5)),
        "W0": random.standard_normal((5, 3)),
        "target": random.standard_normal(2),
    }
    return values | changes


def test_arrays_are_float64_copies_that_cannot_be_changed():
    values = arrays(W0=np.ones((5, 3), np.float32))
    problem = ShallowGAN(**values)
    values["Z"][0, 0] = 99
    assert problem.Z[0, 0] != 99
    assert problem.W0.dtype == np.float64
    with pytest.raises(ValueError, match="read-only"):
        problem.V[0, 0] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        problem.Z = values["Z"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"Z": np.full((7, 3), np.nan)}, "Z has the value nan"),
        ({"target": np.array([0, np.inf])}, "target has the value inf"),
        ({"V": np.ones((3, 5))}, r"V is of shape \(3, 5\); it must be of shape \(2, 5\)"),
        ({"V": np.ones((2, 4))}, r"V is of shape \(2, 4\); it must be of shape \(2, 5\)"),
        ({"W0": np.ones((5, 4))}, r"W0 is of shape \(5, 4\); it must be of shape \(5, 3\)"),
        ({"W0": np.ones((0, 3)), "V": np.ones((2, 0))}, r"V has shape \(2, 0\); every size must be at least 1"),
    ],
)
def test_what_does_not_fit_is_named(changes, message):
    # ShallowGAN.__post_init__ itself, as it answers where shapes are not checked at every call
    problem = object.__new__(ShallowGAN)
    for name, value in arrays(**changes).items():
        object.__setattr__(problem, name, value)
    with pytest.raises(ValueError, match=message):
        ShallowGAN.__post_init__(problem)


def test_gaussian_problems_have_the_standard_deviations_that_were_asked_for():
    problem = ShallowGAN.gaussian(n=400, d=50, m=40, k=500, sigma_z=2.0, sigma_v=3.0, sigma_w=0.5)
    for array, sigma in ((problem.Z, 2), (problem.V, 3), (problem.W0, 0.5)):
        # 20,000 numbers: the standard error of the standard deviation is 0.5 %
        assert array.std() == pytest.approx(sigma, rel=0.03)
        assert abs(array.mean()) < 0.03 * sigma


def test_problems_of_one_seed_share_latents_target_and_their_first_units():
    narrow, wide = ShallowGAN.gaussian(k=10, seed=3), ShallowGAN.gaussian(k=20, seed=3)
    assert np.array_equal(narrow.Z, wide.Z)
    assert np.array_equal(narrow.target, wide.target)
    assert np.array_equal(narrow.W0, wide.W0[:10])
    assert np.array_equal(narrow.V, wide.V[:, :10])
    assert not np.array_equal(narrow.Z, ShallowGAN.gaussian(k=10, seed=4).Z)


def test_the_gaussian_target_is_the_mean_of_as_many_samples_as_latents():
    for n in (1, 4):
        target = ShallowGAN.gaussian(n=n, d=1, m=20_000, k=1).target
        # μ_i + the mean of n unit normals; the standard error of the variance is √(2/m) = 1 % of it
        assert target.var() == pytest.approx(1 + 1 / n, rel=0.05)


def test_the_two_moons_target_is_the_mean_of_moons():
    problem = ShallowGAN.gaussian(n=1000, m=2, k=3, target="two_moons")
    # the moons' mean is (0.5, 0.25) by symmetry; noise 0.05 and the even spacing leave it within 0.01
    np.testing.assert_allclose(problem.target, make_moons(1000)[0].mean(0), atol=0.01)
    np.testing.assert_allclose(problem.target, [0.5, 0.25], atol=0.01)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"k": 0}, "k is 0; it must be at least 1"),
        ({"n": -1}, "n is -1"),
        ({"sigma_w": -1.0}, "sigma_w is -1.0; it must be positive"),
        ({"sigma_z": float("nan")}, "sigma_z is nan"),
        ({"target": "two_moons", "m": 3}, "m is 3; it must be 2, as the two moons lie in a plane"),
    ],
)
def test_bad_sizes_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        ShallowGAN.gaussian(**arguments)


def test_an_unknown_target_is_named():
    # the function behind `gaussian`, whose own annotation the shape checks of the tests would enforce first
    with pytest.raises(ValueError, match="target is 'circle'; it must be an array, 'gaussian' or 'two_moons'"):
        _mean_of("circle", 5, 2, np.random.default_rng(0))


def test_f_and_its_gram_matrix_are_those_of_the_definition():
    problem = ShallowGAN(**arrays())
    Z, V, W = problem.Z, problem.V, problem.W0
    f = sum(V @ np.maximum(W @ z, 0) for z in Z) / len(Z)
    np.testing.assert_allclose(generated_mean(Z, V, W), f, rtol=1e-13)
    step = 1e-6
    columns = []
    for index in np.ndindex(*W.shape):
        W1, W2 = W.copy(), W.copy()
        W1[index] += step
        W2[index] -= step
        columns.append((generated_mean(Z, V, W1) - generated_mean(Z, V, W2)) / (2 * step))
    J = np.array(columns).T
    np.testing.assert_allclose(jacobian_gram(Z, V, W), J @ J.T, rtol=1e-7)


def test_the_global_optimum_is_the_distance_to_the_cone():
    """In the plane the cone of two columns has a closed form."""
    V = np.array([[1.0, 1.0], [0.0, 1.0]])
    for target, distance in (
        ([2.0, 1.0], 0.0),  # inside
        ([1.0, -3.0], 3.0),  # nearest to the edge (1, 0)
        ([-1.0, 1.0], 2**0.5),  # nearest to the edge (1, 1): orthogonal to it, so to its apex
        ([0.0, 2.0], 2**0.5),  # nearest to (1, 1)
        ([-1.0, -1.0], 2**0.5),  # the apex
    ):
        problem = ShallowGAN(np.ones((3, 1)), V, np.ones((2, 1)), np.array(target))
        assert global_optimum(problem) == pytest.approx(distance, abs=1e-12)


def test_the_global_optimum_is_attained_by_weights_along_one_latent():
    from scipy.optimize import nnls

    problem = ShallowGAN.gaussian(n=30, d=4, m=6, k=8, seed=2)
    a, distance = nnls(problem.V, problem.target)
    direction = problem.Z[0]
    unit_activation = np.maximum(problem.Z @ direction, 0).mean()
    W = a[:, None] * direction / unit_activation
    reached = np.linalg.norm(generated_mean(problem.Z, problem.V, W) - problem.target)
    assert reached == pytest.approx(distance, rel=1e-10)
    assert global_optimum(problem) == pytest.approx(distance, rel=1e-10)


def test_without_latents_nothing_can_be_generated():
    problem = ShallowGAN(np.zeros((3, 2)), np.ones((2, 4)), np.ones((4, 2)), np.array([3.0, 4.0]))
    assert global_optimum(problem) == 5.0
