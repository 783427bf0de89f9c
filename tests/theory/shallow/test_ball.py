"""The proven bound on how much J changes within a ball, against what is reached there."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from overgan.theory import (
    ShallowGAN,
    ball_bound,
    certify,
    jacobian_norms,
    norm_bound,
)
from tests.theory.conftest import full_jacobian, small


def mean_gradients_by_hand(problem, W):
    return np.array([[z[(problem.Z @ w) >= 0].sum() for z in problem.Z.T] for w in W]) / len(problem.Z)


def change_by_hand(problem, W, s_0):
    return np.linalg.norm(problem.V * np.linalg.norm(mean_gradients_by_hand(problem, W) - s_0, axis=1), 2)


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
    assert bound >= truth * (1 - 1e-12) - 1e-15 * v  # a truth of 0 is the difference of two sums
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
