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
    norm_bound,
    paired,
    paper_constants,
    simulate,
    simulation_width,
    theory_width,
)
from overgan.theory._theorem import allowed_ball
from tests.theory.test_linearize import full_jacobian

small = st.builds(
    ShallowGAN.gaussian,
    n=st.integers(1, 20),
    d=st.integers(1, 4),
    m=st.integers(1, 4),
    k=st.integers(1, 12),
    seed=st.integers(0, 1000),
)


def near(distance, **sizes):
    """A problem whose target is that far from f(W_0)."""
    problem = ShallowGAN.gaussian(**sizes)
    f, m = generated_mean(problem.Z, problem.V, problem.W0), len(problem.V)
    return dataclasses.replace(problem, target=f + distance / np.sqrt(m))


def mean_gradients_by_hand(problem, W):
    return np.array([[z[(problem.Z @ w) >= 0].sum() for z in problem.Z.T] for w in W]) / len(problem.Z)


def change_by_hand(problem, W, s_0):
    return np.linalg.norm(problem.V * np.linalg.norm(mean_gradients_by_hand(problem, W) - s_0, axis=1), 2)


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


def inside(problem, W, radius):
    """W, or where the way to it leaves the ball."""
    change = W - problem.W0
    return problem.W0 + change * min(1, radius * (1 - 1e-9) / max(np.linalg.norm(change), 1e-300))


def reflected(problem, x, radius):
    """Units turned to the other side of 0, the most (v_l·x)² for their movement first, as many as the radius allows."""
    sizes = np.linalg.norm(problem.W0, axis=1)
    best = np.argsort(-((problem.V.T @ x) ** 2) / sizes**2)
    turned = best[np.cumsum((sizes[best] * 1.0001) ** 2) <= radius**2]
    W = problem.W0.copy()
    W[turned] *= -0.0001
    return W


def points_of_the_ball(problem, radius, random, ascents=2, steps=15):
    """Drawn at random, turned units, and what a random ascent on the change of J finds from each."""
    s_0 = mean_gradients_by_hand(problem, problem.W0)
    for _ in range(ascents):
        direction = random.standard_normal(problem.W0.shape)
        starts = [
            inside(problem, problem.W0 + 10 * radius * direction / np.linalg.norm(direction), radius),
            reflected(problem, random.standard_normal(len(problem.V)), radius),
        ]
        for W in starts:
            best = change_by_hand(problem, W, s_0)
            yield W, best
            for _ in range(steps):
                # some units move on; the others pay for it
                moved = W + (random.random((len(W), 1)) < 0.3) * random.standard_normal(W.shape) * radius / 2
                moved = inside(problem, moved, radius)
                found = change_by_hand(problem, moved, s_0)
                yield moved, found
                if found > best:
                    W, best = moved, found


def test_the_bound_is_never_exceeded_on_the_ball():
    points, closest = 0, 0.0
    random = np.random.default_rng(0)
    for seed in range(50):
        n, d, m, k = (int(random.integers(1, high + 1)) for high in (12, 4, 3, 8))
        problem = ShallowGAN.gaussian(n, d, m, k, seed=seed)
        radius = 10 ** random.uniform(-2, 1)
        wide, tight, norm = ball_bound(problem), ball_bound(problem, radius), norm_bound(problem)
        assert tight.change(radius) <= wide.change(radius) * (1 + 1e-9)
        for W, change in points_of_the_ball(problem, radius, random):
            assert np.linalg.norm(W - problem.W0) <= radius
            assert change <= tight.change(radius)
            s = mean_gradients_by_hand(problem, W)
            assert np.linalg.norm(problem.V * np.linalg.norm(s, axis=1), 2) <= norm
            closest = max(closest, change / tight.change(radius) if change else 0)
            points += 1
    assert points >= 3000
    assert closest > 0.99  # the ascents find what the bound must allow


@pytest.mark.parametrize("n", [1, 5])
def test_the_bound_of_one_unit_on_a_line_is_exact(n):
    # d = k = 1: s changes by Σ|z_i|/n when w changes its sign, and not before
    problem = ShallowGAN.gaussian(n=n, d=1, m=2, k=1, seed=n)
    w = abs(problem.W0[0, 0])
    all_of_it = np.linalg.norm(problem.V) * np.abs(problem.Z).mean()
    for radius, expected in ((0.999 * w, 0.0), (w * (1 + 1e-9), all_of_it), (5 * w, all_of_it)):
        assert ball_bound(problem, radius).change(radius) == pytest.approx(expected, rel=1e-6, abs=1e-300)


@settings(max_examples=30)
@given(st.integers(1, 12), st.integers(0, 1000), st.floats(0.05, 3.0))
def test_the_bound_of_one_unit_in_the_plane_is_close_to_all_that_angles_allow(n, seed, radius):
    # d = 2, k = 1: w can turn by asin(radius/‖w‖), so every reachable pattern of signs is on an arc
    problem = ShallowGAN.gaussian(n=n, d=2, m=1, k=1, seed=seed)
    w, v = problem.W0[0], np.linalg.norm(problem.V)
    size, s_0 = np.linalg.norm(w), mean_gradients_by_hand(problem, problem.W0)[0]
    widest = np.arcsin(radius / size) if radius < size else np.pi
    angles = np.arctan2(w[1], w[0]) + np.linspace(-widest, widest, 2001)[1:-1]
    turned = np.stack([np.cos(angles), np.sin(angles)], 1)
    reached = ((turned @ problem.Z.T >= 0) @ problem.Z / n) - s_0
    truth = v * np.linalg.norm(reached, axis=1).max()
    bound = ball_bound(problem, radius).change(radius)
    assert bound >= truth * (1 - 1e-12)
    assert bound <= np.linalg.norm(problem.Z, axis=1).sum() * v / n * (1 + 1e-6)  # the sum of norms


def test_the_bound_of_many_units_is_within_a_third_of_what_turned_units_reach():
    problem = ShallowGAN.gaussian(n=100, d=2, m=1, k=3000, seed=4)
    for radius in (2.0, 8.0):
        reached = jacobian_norms(problem, reflected(problem, np.ones(1), radius))[1]
        bound = ball_bound(problem).change(radius)
        assert reached <= bound <= 4 / 3 * reached


@settings(max_examples=20)
@given(small)
def test_the_bound_grows_with_the_radius_and_levels_off(problem):
    bound = ball_bound(problem)
    changes = [bound.change(radius) for radius in np.r_[0, np.geomspace(1e-6, 1e6, 60), np.inf]]
    assert (np.diff(changes) >= -1e-12 * changes[-1]).all()
    J_0 = full_jacobian(problem, problem.W0)
    opposite = full_jacobian(problem, -problem.W0)
    assert np.linalg.norm(opposite - J_0, 2) <= changes[-1]
    with pytest.raises(ValueError, match="radius is -1"):
        bound.change(-1.0)
    with pytest.raises(ValueError, match="reach is nan"):
        ball_bound(problem, np.nan)
    assert ball_bound(problem, 1.0).change(1.1) == np.inf


def test_dead_latents_and_units_change_nothing():
    problem = ShallowGAN.gaussian(n=20, d=3, m=2, k=10, seed=0)
    more = ShallowGAN(
        np.vstack([problem.Z, np.zeros((20, 3))]),
        np.hstack([2 * problem.V, np.zeros((2, 5))]),  # n has doubled
        np.vstack([problem.W0, np.zeros((5, 3))]),
        problem.target,
    )
    assert ball_bound(more).change(1.3) == pytest.approx(ball_bound(problem).change(1.3), rel=0.02)  # the grid of λ
    none = ShallowGAN(np.zeros((2, 1)), np.ones((1, 1)), np.ones((1, 1)), np.ones(1))
    assert ball_bound(none).change(9.0) == norm_bound(none) == 0
    assert not certify(none).holds


def radius_by_hand(problem, c, J_0=None):
    """Eq. 24, with the pseudo-inverse of the full Jacobian."""
    r_0 = generated_mean(problem.Z, problem.V, problem.W0) - problem.target
    J_0 = full_jacobian(problem, problem.W0) if J_0 is None else J_0
    first = c.gamma * c.beta**2 / c.alpha**2 * np.linalg.norm(np.linalg.pinv(J_0) @ r_0)
    return 2 * (first + 9 * c.epsilon * c.beta**2 * c.gamma**2 / c.alpha**4 * np.linalg.norm(r_0))


@pytest.mark.parametrize("distance", [1e-3, 1e-2, 1.0])
@pytest.mark.parametrize("eta", [None, 1e-4])
def test_ball_and_epsilon_are_consistent_and_the_smallest(distance, eta):
    problem = near(distance, n=50, d=3, m=2, k=200, seed=1)
    c, linear, largest = certify(problem, 0.8, eta), linearize(problem), norm_bound(problem)
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


def test_the_papers_constants_satisfy_its_theorem_for_wide_networks():
    n, d, m, k = 1000, 10, 10, 10**6
    paper = paper_constants(n, d, m, k, mu=0.5)
    assert 0.5 / paper.gda_eta >= 8 * paper.beta**2  # Theorem A.4's step condition
    assert 4 * paper.gamma * paper.beta * paper.epsilon == pytest.approx(paper.alpha**2)
    assert 1 - paper.gda_eta * paper.alpha**2 / 2 <= paper.gda_rate  # the promised rate is weaker than A.4's
    assert paper.optimal_eta <= 1 / (2 * paper.beta**2)
    problem = ShallowGAN.gaussian(n, d, m, 10_000)
    drawn = linearize(problem).eigenvalues
    smaller = paper_constants(n, d, m, 10_000)
    assert smaller.alpha**2 <= drawn[0] <= drawn[-1] <= smaller.beta**2
    assert paper_constants(n, d, m, 1000).alpha < 0 < paper.alpha or paper_constants(n, d, m, 1000).alpha > 0
    with pytest.raises(ValueError, match="k is 9"):
        paper_constants(n, d, m, 9)


def test_widths_are_where_the_verdict_changes():
    def family(k):
        return near(1e-2, n=30, d=3, m=2, k=k, seed=7)

    wide = theory_width(family, highest=2000)
    assert certify(family(wide)).holds
    assert not certify(family(int(wide / 1.03) - 1)).holds
    assert theory_width(family, highest=2) is None

    def random(k):
        return ShallowGAN.gaussian(n=30, d=3, m=3, k=k, seed=1)

    enough = simulation_width(random, highest=100)
    assert simulate(random(enough), steps=20_000).converged
    assert not simulate(random(enough - 1), steps=20_000).converged
    with pytest.raises(ValueError, match="lowest is 5"):
        simulation_width(random, lowest=5, highest=4)
