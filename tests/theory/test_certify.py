"""Theorem A.4: its conditions, and whether its claims are true of runs."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from overgan.theory import (
    ShallowGAN,
    ball_bound,
    certify,
    check_claims,
    default_eta,
    generated_mean,
    jacobian_norms,
    linearize,
    mean_gradients,
    norm_bound,
    paired,
    simulate,
)
from overgan.theory._balls import allowed_ball
from overgan.words import number
from tests.theory.conftest import full_jacobian, near, small


@settings(max_examples=40)
@given(small, st.integers(0, 100))
def test_norms_of_the_jacobian_are_those_of_autograds(problem, seed):
    W = problem.W0 + np.random.default_rng(seed).standard_normal(problem.W0.shape)
    J, J_0 = full_jacobian(problem, W), full_jacobian(problem, problem.W0)
    norm, change = jacobian_norms(problem, W)
    scale = 1e-9 * np.linalg.norm(problem.V)
    assert norm == pytest.approx(np.linalg.norm(J, 2), abs=scale)
    assert change == pytest.approx(np.linalg.norm(J - J_0, 2), abs=scale)


@settings(max_examples=40)
@given(small)
def test_alpha_and_the_norm_at_initialization_are_those_of_the_full_jacobian(problem):
    m = len(problem.V)
    singular = np.r_[np.linalg.svd(full_jacobian(problem, problem.W0), compute_uv=False), np.zeros(m)][:m]
    certificate = certify(problem)
    # the square root of rounding in J Jᵀ
    assert certificate.alpha == pytest.approx(singular[-1], abs=1e-6 * singular[0] + 1e-300)
    if singular[-1] > 1e-2 * singular[0]:
        assert certificate.alpha == pytest.approx(singular[-1], rel=1e-9)
    assert certificate.initial_norm == pytest.approx(singular[0], rel=1e-9, abs=1e-300)


def radius_by_hand(problem, c, J_0=None):
    """Eq. 24, with the pseudo-inverse of the full Jacobian."""
    r_0 = generated_mean(problem.Z, problem.V, problem.W0) - problem.target
    J_0 = full_jacobian(problem, problem.W0) if J_0 is None else J_0
    back, z_0 = np.linalg.pinv(J_0), np.r_[r_0, c.d0]
    first = c.gamma * c.beta**2 / c.alpha**2 * np.linalg.norm(np.r_[back @ r_0, back @ c.d0])
    return 2 * (first + 9 * c.epsilon * c.beta**2 * c.gamma**2 / c.alpha**4 * np.linalg.norm(z_0))


@pytest.mark.parametrize("distance", [1e-3, 1e-2, 1.0])
@pytest.mark.parametrize(("eta", "d0"), [(None, [0.0, 0.0]), (1e-4, [0.0, 0.0]), (None, [0.01, -0.02])])
def test_ball_and_epsilon_are_consistent_and_the_smallest(distance, eta, d0):
    problem, d0 = near(distance, n=50, d=3, m=2, k=200, seed=1), np.array(d0)
    c, linear, largest = certify(problem, 0.8, eta, d0=d0), linearize(problem, d0=d0), norm_bound(problem)
    J_0 = full_jacobian(problem, problem.W0)
    norm = np.linalg.norm(J_0, 2)
    assert c.beta == pytest.approx(min(norm + c.epsilon, largest))
    assert radius_by_hand(problem, c, J_0) <= c.radius * (1 + 1e-9)
    assert radius_by_hand(problem, c, J_0) == pytest.approx(c.radius, rel=1e-6)
    _, reach = allowed_ball(dataclasses.replace(linear, mu=0.8), eta, largest)
    bound = ball_bound(problem, reach if c.radius <= reach < 3 else np.inf)
    assert bound.change(c.radius) == pytest.approx(c.epsilon)
    for smaller in np.linspace(0, 0.999, 20) * c.radius:  # none of these balls contains what eq. 24 asks for
        epsilon = bound.change(smaller)
        beta = float(min(norm + epsilon, largest))
        gamma = dataclasses.replace(linear, eta=(eta or 0.8 / (8 * beta**2)), mu=0.8).growth
        tried = dataclasses.replace(c, epsilon=epsilon, beta=beta, gamma=gamma)
        assert radius_by_hand(problem, tried, J_0) > smaller


CERTIFIED = [
    (1.0, {"n": 50, "d": 3, "m": 2, "k": 300, "seed": 0}, 1e-2),
    (1.0, {"n": 50, "d": 3, "m": 2, "k": 3000, "seed": 1}, 0.1),
    (0.4, {"n": 200, "d": 5, "m": 4, "k": 1000, "seed": 2}, 1e-2),
    (1.0, {"n": 1, "d": 1, "m": 1, "k": 50, "seed": 3}, 1e-3),
    (0.9, {"n": 1000, "d": 2, "m": 1, "k": 500, "seed": 4}, 1e-2),
    (1.0, {"n": 20, "d": 4, "m": 3, "k": 2000, "seed": 5}, 0.1),
    (1.0, {"n": 20, "d": 10, "m": 2, "k": 20000, "seed": 6}, 1.0),
]


@pytest.mark.parametrize(("mu", "sizes", "distance"), CERTIFIED)
def test_what_is_certified_happens(mu, sizes, distance):
    problem = near(distance, **sizes)
    certificate = certify(problem, mu)
    assert certificate.holds
    assert certificate.reasons == ()
    every = [*range(40), *range(40, 400, 20)]
    traj = simulate(problem, steps=400, mu=mu, eta=certificate.eta, record=every)
    claims = check_claims(problem, certificate, traj)
    assert [claim.number for claim in claims] == ["25", "26", "26b", "27", "28"]
    for claim in claims:
        assert claim.holds.all(), claim
        assert len(claim.margin) == len(every)
    measured = certify(problem, mu, trajectory=traj)
    assert measured.holds
    assert measured.basis == "measured"
    assert measured.epsilon <= certificate.epsilon
    assert measured.beta <= certificate.beta
    assert all(claim.holds.all() for claim in measured.claims)


def test_wide_paired_networks_are_certified_for_a_random_target():
    problem = paired(ShallowGAN.gaussian(n=20, d=10, m=2, k=8000, seed=0))
    assert np.linalg.norm(generated_mean(problem.Z, problem.V, problem.W0)) < 1e-10
    certificate = certify(problem)
    assert certificate.holds
    traj = simulate(problem, steps=1000, eta=certificate.eta, record=range(0, 1001, 25))
    assert traj.sign_changes > 0  # the linear prediction alone would not do
    assert all(claim.holds.all() for claim in check_claims(problem, certificate, traj))


@settings(max_examples=30)
@given(small, st.floats(-6, -2), st.sampled_from([0.3, 1.0]))
def test_wherever_a_certificate_holds_all_claims_do(problem, exponent, mu):
    f = generated_mean(problem.Z, problem.V, problem.W0)
    problem = dataclasses.replace(problem, target=f + 10**exponent)
    certificate = certify(problem, mu)
    if certificate.holds:
        traj = simulate(problem, steps=60, mu=mu, eta=certificate.eta, record=range(61))
        assert all(claim.holds.all() for claim in check_claims(problem, certificate, traj))


def test_claims_are_measured_on_the_iterates():
    problem = ShallowGAN.gaussian(n=30, d=3, m=2, k=40, seed=2)
    traj = simulate(problem, steps=200, mu=0.7, record=[0, 3, 200])
    measured = certify(problem, 0.7, trajectory=traj)
    J_0 = full_jacobian(problem, problem.W0)
    jacobians = [full_jacobian(problem, W) for W in traj.recorded_W]
    assert measured.epsilon == pytest.approx(max(np.linalg.norm(J - J_0, 2) for J in jacobians), rel=1e-9)
    assert measured.beta == pytest.approx(max(np.linalg.norm(J, 2) for J in jacobians), rel=1e-9)
    assert measured.radius == pytest.approx(radius_by_hand(problem, measured), rel=1e-9)
    decay, drift, _, parted, moved = measured.claims
    states = np.hstack([traj.recorded_residual, traj.recorded_d])
    np.testing.assert_allclose(decay.left, np.linalg.norm(states, axis=1))
    # the linear iterates, parameters included, by their definition (eqs. 20 and 21)
    theta, d, linear = problem.W0.ravel(), np.zeros(2), []
    r_0 = generated_mean(problem.Z, problem.V, problem.W0) - problem.target
    for t in range(201):
        r = r_0 + J_0 @ (theta - problem.W0.ravel())
        if t in (0, 3, 200):
            linear.append((np.r_[r, d], theta))
        theta, d = theta - traj.eta * J_0.T @ d, 0.3 * d + 0.7 * r
    np.testing.assert_allclose(
        drift.left, [np.linalg.norm(z - s) for (z, _), s in zip(linear, states, strict=True)], atol=1e-9
    )
    np.testing.assert_allclose(
        parted.left,
        [np.linalg.norm(W.ravel() - p) for (_, p), W in zip(linear, traj.recorded_W, strict=True)],
        atol=1e-9,
    )
    np.testing.assert_allclose(moved.left, [np.linalg.norm(W - problem.W0) for W in traj.recorded_W])
    np.testing.assert_allclose(moved.right, measured.radius / 2)


@pytest.mark.parametrize(("mu", "sizes", "distance"), [CERTIFIED[i] for i in (0, 3, 5)])
def test_what_is_certified_happens_from_any_discriminator(mu, sizes, distance):
    problem = near(distance / 4, **sizes)
    d0 = np.random.default_rng(0).standard_normal(sizes["m"])
    d0 *= distance / (8 * np.linalg.norm(d0))
    certificate = certify(problem, mu, d0=d0)
    assert certificate.holds
    assert certificate.initial_state == pytest.approx(np.hypot(distance / 4, distance / 8), rel=1e-6)
    assert certificate.radius > certify(problem, mu).radius
    traj = simulate(problem, steps=100, mu=mu, eta=certificate.eta, d0=d0, record=range(101))
    assert all(claim.holds.all() for claim in check_claims(problem, certificate, traj))
    measured = certify(problem, mu, trajectory=traj)
    np.testing.assert_array_equal(measured.d0, d0)
    assert measured.holds
    assert all(claim.holds.all() for claim in measured.claims)
    with pytest.raises(ValueError, match="d0 is"):
        check_claims(problem, certify(problem, mu, certificate.eta), traj)


def test_the_claims_with_a_discriminator_that_starts_somewhere_are_those_of_a_dense_loop():
    problem = ShallowGAN.gaussian(n=30, d=3, m=2, k=40, seed=2)
    d0, eta, J_0 = np.array([2.0, -1.0]), default_eta(problem, "gda", 0.7), full_jacobian(problem, problem.W0)
    traj = simulate(problem, steps=50, mu=0.7, eta=eta, d0=d0, record=[0, 7, 50])
    measured = certify(problem, 0.7, trajectory=traj)
    assert measured.radius == pytest.approx(radius_by_hand(problem, measured, J_0), rel=1e-9)
    theta_0, linear = problem.W0.ravel(), {}
    theta, d, r_0 = theta_0, d0, generated_mean(problem.Z, problem.V, problem.W0) - problem.target
    for t in range(51):
        r = r_0 + J_0 @ (theta - theta_0)
        linear[t] = np.r_[r, d], theta
        theta, d = theta - eta * J_0.T @ d, 0.3 * d + 0.7 * r
    decay, drift, _, parted, _ = measured.claims
    states = np.hstack([traj.recorded_residual, traj.recorded_d])
    np.testing.assert_allclose(
        decay.right, measured.gamma * measured.rate ** np.array([0, 7, 50]) * np.linalg.norm(states[0])
    )
    for i, t in enumerate((0, 7, 50)):
        assert drift.left[i] == pytest.approx(np.linalg.norm(states[i] - linear[t][0]), abs=1e-9)
        assert parted.left[i] == pytest.approx(np.linalg.norm(traj.recorded_W[i].ravel() - linear[t][1]), abs=1e-9)


@pytest.mark.parametrize("method", ["gda", "optimal"])
@pytest.mark.parametrize("row", [None, 0])
@pytest.mark.parametrize("size", [1e-320, 1e-300, 1e-155, 1e-30])
def test_tiny_weights_have_a_verdict(method, row, size):
    """One unit, or all, of weights whose squares are 0: they may turn for nothing, and the bound says so."""
    problem = ShallowGAN.gaussian(n=10, d=3, m=2, k=40, seed=1)
    W0 = problem.W0.copy()
    W0[slice(None) if row is None else row] = size * np.sign(W0[slice(None) if row is None else row])
    problem = dataclasses.replace(problem, W0=W0)
    certificate = certify(problem, method=method)
    if row is None:
        # any ball that matters holds −W_0, and more: each unit turned to where its s is the farthest from what it was
        s, opposite = mean_gradients(problem.Z, W0), mean_gradients(problem.Z, -W0)
        assert certificate.epsilon >= np.linalg.norm(problem.V * np.linalg.norm(s - opposite, axis=1), 2)
    assert certificate.summary()["holds"] is certificate.holds is False


@pytest.mark.parametrize("name", ["Z", "V", "W0", "target"])
@pytest.mark.parametrize("size", [1e-300, 1e-41, 1e41, 1e300])
def test_sizes_beyond_double_precision_are_one_clear_error(name, size):
    problem = ShallowGAN.gaussian(n=10, d=3, m=2, k=8, seed=1)
    array = getattr(problem, name)
    array = array * size / np.abs(array).max()
    if size < 1 and name in ("W0", "target"):
        assert not certify(dataclasses.replace(problem, **{name: array})).holds
        return
    with pytest.raises(ValueError, match=rf"{name} has the size 1e[-+0-9]+; its largest value must be 0 or"):
        dataclasses.replace(problem, **{name: array})


def test_a_residual_whose_square_vanishes_is_no_met_target():
    problem = ShallowGAN.gaussian(n=10, d=3, m=2, k=8, seed=1)
    problem = dataclasses.replace(problem, W0=np.zeros((8, 3)), target=np.full(2, 1e-200))
    for function in (linearize, certify):
        with pytest.raises(ValueError, match=r"f\(θ_0\) − x̄ has the size 1e-200"):
            function(problem)


def test_a_false_certificate_is_found_out():
    problem = ShallowGAN.gaussian(n=30, d=3, m=2, k=40, seed=2)
    traj = simulate(problem, steps=200, record=range(201))
    certificate = dataclasses.replace(certify(problem, eta=traj.eta), epsilon=1e-6, radius=1e-3, gamma=1.0, alpha=30.0)
    broken = {claim.number for claim in check_claims(problem, certificate, traj) if not claim.holds.all()}
    assert broken == {"25", "26", "26b", "27", "28"}


def test_the_step_at_initialization_is_slightly_too_large_for_the_ball():
    problem = near(1e-2, n=50, d=3, m=2, k=300, seed=0)
    certificate = certify(problem, eta=default_eta(problem, "gda", 1.0))
    (reason,) = certificate.reasons
    assert "eta" in reason
    assert not certificate.holds
    assert certify(problem, eta=0.9 * certificate.eta).holds


def test_reasons_name_what_fails():
    far = certify(ShallowGAN.gaussian(n=50, d=3, m=2, k=100))
    assert len(far.reasons) == 1
    assert "too narrow" in far.reasons[0]
    assert far.excess > 1
    deficient = certify(ShallowGAN.gaussian(n=50, d=3, m=5, k=3))
    assert "rank" in deficient.reasons[0]
    assert deficient.alpha == 0
    wild = certify(ShallowGAN.gaussian(n=50, d=3, m=2, k=100), eta=1.0)
    assert any("eta = 1 " in reason for reason in wild.reasons)
    for certificate in (far, deficient, wild):
        assert not certificate.holds
        rows = certificate.summary()["conditions"]
        assert [row["holds"] for row in rows] == [row.holds for row in certificate.conditions]


@pytest.mark.parametrize(("method", "allowed"), [("gda", 8), ("optimal", 2)])
def test_reasons_of_a_run_say_what_was_seen_and_nothing_of_a_ball(method, allowed):
    problem = ShallowGAN.gaussian(n=200, d=3, m=2, k=6)
    eta = 1.5 / (allowed * np.linalg.norm(full_jacobian(problem, problem.W0), 2) ** 2)
    traj = simulate(problem, method=method, steps=100, eta=eta, record=range(101))
    jacobians = [full_jacobian(problem, W) for W in traj.recorded_W]
    norm, change = (max(np.linalg.norm(J - origin, 2) for J in jacobians) for origin in (0, jacobians[0]))
    reasons = sorted(certify(problem, method=method, trajectory=traj).reasons)
    assert len(reasons) == 2
    assert reasons[0].startswith(f"along the run J changed by up to {number(change)}, ")
    assert " times what is allowed; the network is too narrow" in reasons[0]
    came = f"along the run ‖J‖ came to {number(norm)}, which allows eta ≤ "
    assert reasons[1].startswith(f"eta = {number(eta)} is too large: {came}")
    assert not any("ball" in reason for reason in reasons)


def test_a_met_target_needs_no_ball():
    certificate = certify(near(0.0, n=50, d=3, m=2, k=100))
    assert certificate.holds
    assert certificate.radius == certificate.epsilon == 0


def test_runs_of_another_kind_are_refused():
    problem = ShallowGAN.gaussian(n=20, d=2, m=2, k=10)
    gda = simulate(problem, steps=5, mu=0.5, record=[5])
    for arguments, message in (
        ({"trajectory": gda}, "mu is 1.0"),
        ({"mu": 0.5, "eta": 1.0, "trajectory": gda}, "eta is 1.0"),
        ({"trajectory": simulate(problem, "optimal", steps=5, record=[5])}, "of the method 'optimal'"),
        ({"trajectory": simulate(problem, steps=5)}, "without recorded steps"),
        ({"mu": 2.0}, "mu is 2.0"),
        ({"eta": 0.0}, "eta is 0.0"),
    ):
        with pytest.raises(ValueError, match=message):
            certify(problem, **arguments)
    with pytest.raises(ValueError, match="of the problem's"):
        certify(ShallowGAN.gaussian(n=20, d=2, m=2, k=11), 0.5, trajectory=gda)
