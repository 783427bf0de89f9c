import dataclasses

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from overgan.theory import Linearization, ShallowGAN, best_step_sizes, generated_mean, linearize, simulate
from tests.theory.conftest import full_jacobian

problems = st.builds(
    ShallowGAN.gaussian,
    n=st.integers(1, 30),
    d=st.integers(1, 5),
    m=st.integers(1, 4),
    k=st.integers(1, 20),
    seed=st.integers(0, 1000),
)


def of_spectrum(s, mu, eta, seed=0):
    """A linearization whose Gram matrix has the eigenvalues s in a random basis, at a random state."""
    random = np.random.default_rng(seed)
    basis = np.linalg.qr(random.standard_normal((len(s), len(s))))[0]
    gram = (basis * np.array(s, float)) @ basis.T
    return Linearization((gram + gram.T) / 2, *random.standard_normal((2, len(s))), mu, eta)


@settings(max_examples=60)
@given(problems)
def test_the_spectrum_is_that_of_the_full_jacobian(problem):
    singular = np.linalg.svd(full_jacobian(problem, problem.W0), compute_uv=False)
    singular = np.r_[singular, np.zeros(len(problem.V))][: len(problem.V)]
    ours = linearize(problem).eigenvalues[::-1]
    np.testing.assert_allclose(ours, singular**2, atol=1e-9 * singular[0] ** 2)


@settings(max_examples=100)
@given(problems, st.sampled_from([0.05, 0.5, 1.0]), st.floats(0.1, 4.0), st.integers(0, 300))
def test_states_are_powers_of_the_transition_matrix(problem, mu, times, t):
    usual = linearize(problem, mu)
    linear = linearize(problem, mu, usual.eta * times)  # up to q = 4/8, where eigenvalues are complex
    J = full_jacobian(problem, problem.W0)
    m = len(problem.V)
    A = np.block([[np.eye(m), -linear.eta * J @ J.T], [mu * np.eye(m), (1 - mu) * np.eye(m)]])
    np.testing.assert_allclose(linear.matrix, A, atol=1e-12 * np.abs(A).max())
    d0 = np.random.default_rng(t).standard_normal(m)
    start = np.r_[generated_mean(problem.Z, problem.V, problem.W0) - problem.target, np.zeros(m)]
    for initial in (None, d0):
        start[m:] = 0.0 if initial is None else initial
        expected = np.linalg.matrix_power(A, t) @ start
        state = linearize(problem, mu, linear.eta, d0=initial).state(t)
        np.testing.assert_allclose(state, expected, atol=1e-9 * np.linalg.norm(start))
    linear = linearize(problem, mu, linear.eta, d0=d0)
    np.testing.assert_allclose(
        linear.residual_norm([t, t])[1], np.linalg.norm(expected[:m]), atol=1e-9 * linear_size(linear)
    )


def linear_size(linear):
    return np.linalg.norm(np.r_[linear.r_0, linear.d_0])


@pytest.mark.parametrize("mu", [1.0, 0.3])
@pytest.mark.parametrize(
    "q", [0.25, 0.25 * (1 - 1e-15), 0.25 * (1 + 1e-15), 0.25 - 1e-9, 0.25 + 1e-9, 0.1, 0.7, 1e-9, 1e-17, 0.0]
)
def test_one_block_agrees_with_50_digits_at_any_time(mu, q):
    # one number: its Gram matrix is its own eigenvalue, so that only the closed form is under test
    eta = 0.5
    s = q * mu / eta
    linear = Linearization(np.array([[s]]), np.array([0.7]), np.array([-1.3]), mu, eta)
    with mpmath.workdps(50):
        A = mpmath.matrix([[1, -mpmath.mpf(eta) * s], [mpmath.mpf(mu), 1 - mpmath.mpf(mu)]])
        for t in (0, 1, 2, 17, 1000, 10**6, 10**9):
            power, square, left = mpmath.eye(2), A.copy(), t
            while left:
                power, square, left = (power * square if left % 2 else power), square * square, left // 2
            expected = power * mpmath.matrix([0.7, -1.3])
            expected = np.array([float(x) for x in expected])
            # relative to the result; t log λ, of size at most 745 before underflow, carries its rounding
            np.testing.assert_allclose(linear.state(t), expected, rtol=1e-11, atol=1e-13 * np.abs(expected).max())


def test_diverging_states_are_infinite_and_not_nan():
    linear = of_spectrum([0.1, 30.0], 1.0, 0.5)
    assert np.isinf(linear.residual_norm(1e9))
    assert not np.isnan(linear.state([0, 5, 1e9])).any()


def test_times_may_have_any_shape():
    linear = of_spectrum([0.1, 0.2, 0.2], 1.0, 0.3)
    times = np.array([[0, 1, 2], [3, 50, 1e9]])
    assert linear.state(times).shape == (2, 3, 6)
    assert linear.residual_norm(times).shape == (2, 3)
    assert linear.residual_norm(0) == pytest.approx(np.linalg.norm(linear.r_0))


@pytest.mark.parametrize("mu", [1.0, 0.4])
@pytest.mark.parametrize("q", [0.0, 0.02, 0.125, 0.2, 0.249, 0.3, 1.0])
def test_gamma_is_the_condition_number_of_the_papers_eigenvectors(mu, q):
    linear = of_spectrum([q], mu, mu)  # η s/μ = q
    M = np.array([[0.5 - np.emath.sqrt(0.25 - q), 0.5 + np.emath.sqrt(0.25 - q)], [1, 1]])
    for column in M.T:  # they are eigenvectors
        image = linear.matrix @ column
        np.testing.assert_allclose(image * column[1], image[1] * column, atol=1e-12)
    assert linear.gamma == pytest.approx(np.linalg.cond(M), rel=1e-9)
    assert q > 0.125 or linear.gamma < 5  # Lemma A.3


@settings(max_examples=60)
@given(st.lists(st.floats(0.001, 0.125), min_size=1, max_size=4), st.floats(0.05, 1.0))
def test_growth_bounds_every_power_and_is_approached(q, mu):
    linear = of_spectrum(q, mu, mu)
    rate = 1 - linear.eta * min(q)
    ratios, power = [], np.eye(2 * len(q))
    for t in range(200):
        ratios.append(np.linalg.norm(power, 2) / rate**t)
        power = power @ linear.matrix
    assert max(ratios) <= linear.growth * (1 + 1e-9)
    assert linear.growth <= np.sqrt(113 / 32) * (1 + 1e-12)  # that of q = 1/8, less than 1.88
    if len(q) == 1:  # with several, the one that sets the rate need not set the constant
        long = np.linalg.matrix_power(linear.matrix, 3000) / (np.abs(np.linalg.eigvals(linear.matrix)).max() ** 3000)
        assert np.linalg.norm(long, 2) == pytest.approx(linear.growth, rel=1e-6)


@settings(max_examples=25)
@given(problems, st.integers(0, 100))
def test_no_step_sizes_beat_the_best_ones(problem, seed):
    s = linearize(problem).eigenvalues
    if not s[0] > 1e-6 * s[-1]:
        return
    best = best_step_sizes(problem)
    assert linearize(problem, best.mu, best.eta).spectral_radius == pytest.approx(best.spectral_radius, abs=1e-7)
    random = np.random.default_rng(seed)
    mu, eta = 1 - random.random(1000), best.eta * 10 ** random.uniform(-1, 1, 1000)
    assert radius_of(s, mu, eta).min() >= best.spectral_radius - 1e-7  # a double root moves by √eps
    near = np.array([(best.mu * a, best.eta * b) for a in (0.97, 1) for b in (0.97, 1, 1.03) if (a, b) != (1, 1)])
    assert radius_of(s, *near.T).min() > best.spectral_radius


def radius_of(s, mu, eta):
    """The largest modulus of the roots of λ² − (2 − μ) λ + 1 − μ + μηs over the extreme s."""
    linear, constant = 2 - mu, 1 - mu + mu * eta * np.array([[s[0]], [s[-1]]])
    root = np.emath.sqrt(linear**2 - 4 * constant)
    return np.maximum(np.abs(linear + root), np.abs(linear - root)).max(0) / 2


def test_the_best_step_sizes_need_as_many_fewer_steps_as_predicted():
    problem = ShallowGAN.gaussian(n=200, d=5, m=5, k=400, seed=3)
    near = generated_mean(problem.Z, problem.V, problem.W0) + 1e-5  # no sign changes, so the prediction is exact
    problem = dataclasses.replace(problem, target=near)
    best = best_step_sizes(problem)
    steps = [
        simulate(problem, steps=20_000, stop_early=True, tol=1e-9, **sizes).first_below(1e-9)
        for sizes in ({}, {"mu": best.mu, "eta": best.eta})
    ]
    assert steps[0] / steps[1] == pytest.approx(best.speedup, rel=0.1)  # the first steps are not yet at the rate
    assert best.speedup > 4


@pytest.mark.parametrize("eta", [None, 0.02])
def test_a_run_without_sign_changes_is_the_prediction(eta):
    problem = ShallowGAN.gaussian(n=100, d=4, m=3, k=200, seed=1)
    target = generated_mean(problem.Z, problem.V, problem.W0) + np.array([1e-5, -2e-5, 1e-5])
    problem = dataclasses.replace(problem, target=target)
    eta = eta and eta * linearize(problem).eta
    traj = simulate(problem, steps=500, mu=0.6, eta=eta, record=[0, 100, 500])
    assert traj.sign_changes == 0
    linear = linearize(problem, 0.6, eta)
    assert linear.eta == traj.eta
    size = traj.residual_norm[0]
    # f(W) is of size 50, so its rounding is 1e-14; the residual is 2e-5
    np.testing.assert_allclose(linear.residual_norm(np.arange(501)), traj.residual_norm, atol=1e-8 * size)
    state = linear.state(traj.recorded_steps)
    np.testing.assert_allclose(state[:, 3:], traj.recorded_d, atol=1e-8 * size)
    from overgan.theory import mean_gradients

    moved = -linear.eta * (problem.V.T @ linear.discriminator_sum(500))[:, None] * mean_gradients(problem.Z, problem.W0)
    np.testing.assert_allclose(problem.W0 + moved, traj.W, atol=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mu": 0.0}, "mu is 0.0"),
        ({"mu": 1.5}, "mu is 1.5"),
        ({"eta": -1.0}, "eta is -1.0"),
        ({"eta": np.inf}, "eta is inf"),
        ({"gram": np.array([[1.0, 2.0], [0.0, 1.0]])}, "gram is asymmetric"),
        ({"gram": np.array([[1.0, 2.0], [2.0, 1.0]])}, "gram is with the eigenvalue"),
        ({"r_0": np.array([np.nan, 1.0])}, "r_0 has the value nan"),
    ],
)
def test_wrong_arguments_are_named(change, message):
    arguments = {"gram": np.eye(2), "r_0": np.ones(2), "d_0": np.zeros(2), "mu": 1.0, "eta": 0.1} | change
    with pytest.raises(ValueError, match=message):
        Linearization(**arguments)


def test_negative_times_and_deficient_problems_are_refused():
    with pytest.raises(ValueError, match="t is"):
        of_spectrum([0.1], 1.0, 0.1).state(-1)
    with pytest.raises(ValueError, match="rank below m"):
        best_step_sizes(ShallowGAN.gaussian(n=5, d=2, m=3, k=2))
