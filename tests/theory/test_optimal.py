"""Theorem A.11, for the optimal discriminator: its conditions, and whether its claims are true of runs."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from overgan.theory import (
    DeepFeatureGAN,
    ShallowGAN,
    ball_bound,
    certify,
    check_claims,
    default_eta,
    generated_mean,
    norm_bound,
    simulate,
)
from tests.theory.conftest import full_jacobian, near, small


@settings(max_examples=200)
@given(st.integers(1, 4), st.integers(0, 3), st.integers(0, 10**6))
def test_a_step_shrinks_the_residual_as_proven_whatever_the_jacobians(m, more, seed):
    """One step of the proof, by matrices: σ_min(J_0) = 2α, and J_t and the mean of J are within α/3 of J_0."""
    random = np.random.default_rng(seed)
    alpha = 0.5
    sizes = np.r_[2 * alpha, 2 * alpha * 10 ** random.uniform(0, 2, m - 1)]
    left, right = (np.linalg.qr(random.standard_normal((size, m)))[0] for size in (m, m + more))
    J_0 = (left * sizes) @ right.T
    for _ in range(20):
        r = left @ (random.standard_normal(m) * 10 ** random.uniform(-3, 0, m))
        r /= np.linalg.norm(r)
        # along the weakest direction of J_0, or anywhere: of rank one, as large as allowed
        changes = []
        for which in random.integers(2, size=2):
            column = right[:, 0] if which else random.standard_normal(m + more)
            row = -left[:, 0] if which else random.standard_normal(m)
            changes.append(alpha / 3 * np.outer(row / np.linalg.norm(row), column / np.linalg.norm(column)))
        J_t, mean = (J_0 + change for change in changes)
        eta = random.uniform(0.1, 1) / (2 * np.linalg.norm(J_t, 2) ** 2)
        after = np.linalg.norm(r - eta * mean @ (J_t.T @ r))
        # 1 − (5/3) ηα² and 1 − (7/12) α ηx, and so the theorem's 1 − ηα²; up to rounding
        assert after <= 1 - 5 / 3 * eta * alpha**2 + 1e-12
        assert after <= 1 - 7 / 12 * alpha * eta * np.linalg.norm(J_t.T @ r) + 1e-12


@pytest.mark.parametrize("distance", [1e-3, 1.0])
def test_conditions_are_those_of_the_full_jacobian(distance):
    problem = near(distance, n=50, d=3, m=2, k=200, seed=1)
    c, J_0 = certify(problem, method="optimal"), full_jacobian(problem, problem.W0)
    singular = np.linalg.svd(J_0, compute_uv=False)
    r_0 = np.maximum(problem.Z @ problem.W0.T, 0).mean(0) @ problem.V.T - problem.target
    assert c.alpha == pytest.approx(singular[-1] / 2, rel=1e-9)
    assert c.radius == pytest.approx(3 * np.linalg.norm(r_0) / c.alpha, rel=1e-9)
    assert c.epsilon == pytest.approx(ball_bound(problem, c.radius).change(c.radius), rel=1e-6)
    assert c.beta == pytest.approx(min(singular[0] + c.epsilon, norm_bound(problem)), rel=1e-9)
    assert c.eta == pytest.approx(1 / (2 * c.beta**2))
    assert c.rate == 1 - c.eta * c.alpha**2
    assert c.excess == pytest.approx(c.epsilon / (c.alpha / 3))
    assert c.holds == (c.alpha > 0 and c.epsilon <= c.alpha / 3)
    assert c.holds == (distance < 0.1)
    # nothing on the ball's sphere is beyond them
    random = np.random.default_rng(0)
    for _ in range(10):
        step = random.standard_normal(problem.W0.shape)
        J = full_jacobian(problem, problem.W0 + c.radius / np.linalg.norm(step) * step)
        assert np.linalg.norm(J - J_0, 2) <= c.epsilon
        assert np.linalg.norm(J, 2) <= c.beta


CERTIFIED = [
    ({"n": 50, "d": 3, "m": 2, "k": 300, "seed": 0}, 1e-2),
    ({"n": 200, "d": 5, "m": 4, "k": 500, "seed": 2}, 1e-2),
    ({"n": 1, "d": 1, "m": 1, "k": 50, "seed": 3}, 1e-3),
    ({"n": 20, "d": 10, "m": 2, "k": 4000, "seed": 6}, 0.5),
]


@pytest.mark.parametrize(("sizes", "distance"), CERTIFIED)
def test_what_is_certified_happens(sizes, distance):
    problem = near(distance, **sizes)
    certificate = certify(problem, method="optimal")
    assert certificate.holds
    assert certificate.reasons == ()
    every = [*range(40), *range(40, 400, 20)]
    traj = simulate(problem, "optimal", steps=400, eta=certificate.eta, record=every)
    claims = check_claims(problem, certificate, traj)
    assert [claim.number for claim in claims] == ["37", "38"]
    for claim in claims:
        assert claim.holds.all(), claim
    np.testing.assert_allclose(claims[0].left, [np.linalg.norm(W - problem.W0) for W in traj.recorded_W])
    np.testing.assert_allclose(claims[1].left, traj.residual_norm[every], rtol=1e-12)
    measured = certify(problem, method="optimal", trajectory=traj)
    assert measured.holds
    assert measured.basis == "measured"
    assert measured.epsilon <= certificate.epsilon
    assert measured.beta <= certificate.beta
    assert all(claim.holds.all() for claim in measured.claims)


@settings(max_examples=30)
@given(small, st.floats(-6, -2))
def test_wherever_a_certificate_holds_both_claims_do(problem, exponent):
    f = generated_mean(problem.Z, problem.V, problem.W0)
    problem = dataclasses.replace(problem, target=f + 10**exponent)
    certificate = certify(problem, method="optimal")
    if certificate.holds:
        traj = simulate(problem, "optimal", steps=60, eta=certificate.eta, record=range(61))
        assert all(claim.holds.all() for claim in check_claims(problem, certificate, traj))


def test_a_false_certificate_is_found_out():
    problem = ShallowGAN.gaussian(n=30, d=3, m=2, k=40, seed=2)
    traj = simulate(problem, "optimal", steps=200, record=range(201))
    certificate = dataclasses.replace(
        certify(problem, eta=traj.eta, method="optimal"), radius=1e-3, alpha=0.9 / np.sqrt(traj.eta)
    )
    broken = {claim.number for claim in check_claims(problem, certificate, traj) if not claim.holds.all()}
    assert broken == {"37", "38"}


def test_the_step_at_initialization_is_slightly_too_large_for_the_ball():
    problem = near(1e-2, n=50, d=3, m=2, k=300, seed=0)
    certificate = certify(problem, eta=default_eta(problem, "optimal", 1.0), method="optimal")
    (reason,) = certificate.reasons
    assert "eta" in reason
    assert certify(problem, eta=0.9 * certificate.eta, method="optimal").holds


def test_reasons_name_what_fails():
    far = certify(ShallowGAN.gaussian(n=50, d=3, m=2, k=100), method="optimal")
    assert len(far.reasons) == 1
    assert "too narrow" in far.reasons[0]
    assert far.excess > 1
    deficient = certify(ShallowGAN.gaussian(n=50, d=3, m=5, k=3), method="optimal")
    assert "rank" in deficient.reasons[0]
    assert (deficient.alpha, deficient.radius, deficient.excess) == (0, np.inf, np.inf)
    for certificate in (far, deficient):
        assert not certificate.holds
        summary = certificate.summary()
        assert summary["radius"] == (None if certificate is deficient else certificate.radius)
        assert [row["holds"] for row in summary["conditions"]] == [row.holds for row in certificate.conditions]


def test_a_met_target_needs_no_ball():
    certificate = certify(near(0.0, n=50, d=3, m=2, k=100), method="optimal")
    assert certificate.holds
    assert certificate.radius == certificate.epsilon == 0


def test_deep_generators_have_estimates():
    problem = DeepFeatureGAN.gaussian(n=5, d=2, m=2, k=8)
    certificate, misfit = certify(problem, method="optimal"), problem.at(problem.start).f - problem.target
    assert certificate.basis == "estimated"
    assert certificate.radius == pytest.approx(3 * np.linalg.norm(misfit) / certificate.alpha)
    deficient = certify(DeepFeatureGAN.gaussian(n=5, d=2, m=5, k=1), method="optimal")
    assert "rank" in deficient.reasons[0]
    assert not deficient.holds


def test_what_does_not_belong_together_is_refused():
    problem = ShallowGAN.gaussian(n=20, d=2, m=2, k=10)
    gda = simulate(problem, steps=5, record=[5])
    best = simulate(problem, "optimal", steps=5, record=[5])
    for arguments, message in (
        ({"trajectory": gda}, "trajectory is of the method 'gda'; it must be of 'optimal'"),
        ({"trajectory": best, "eta": 1.0}, "eta is 1.0"),
        ({"trajectory": simulate(problem, "optimal", steps=5)}, "without recorded steps"),
        ({"d0": np.zeros(2)}, "d0 is given; it must be None for the method 'optimal'"),
    ):
        with pytest.raises(ValueError, match=message):
            certify(problem, method="optimal", **arguments)
    with pytest.raises(ValueError, match="'optimal'; it must be of 'gda'"):
        check_claims(problem, certify(problem), best)
