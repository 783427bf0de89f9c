import numpy as np
import pytest

from overgan.theory import ShallowGAN, lemmas
from tests.theory.conftest import full_jacobian

SIZES = {"n": 30, "d": 3, "m": 2, "k": 40}


def by_number(**arguments):
    return {lemma.number: lemma for lemma in lemmas(**arguments)}


def test_sides_are_those_of_the_definitions():
    found = by_number(**SIZES, draws=4, seed=11, delta=0.3, eta=0.2)
    n, d, m, k = SIZES.values()
    q = (d + (n - 1) / np.pi) / n
    for draw in range(4):
        problem = ShallowGAN.gaussian(**SIZES, seed=11 + draw)
        Z, V, W = problem.Z, problem.V, problem.W0
        D = np.array([np.linalg.norm(Z.T @ (Z @ w >= 0)) for w in W])
        expected = n * d / 2 + n * (n - 1) / (2 * np.pi)
        singular = np.linalg.svd(full_jacobian(problem, W), compute_uv=False)
        f = V @ np.maximum(W @ Z.T, 0).mean(1)
        sides = {
            "A.6 lower": (np.full(k, 0.7 * expected), D**2),
            "A.6 upper": (D**2, np.full(k, 1.3 * expected)),
            "A.6 lower, all": (0.7 * expected, min(D) ** 2),
            "A.6 upper, all": (max(D) ** 2, 1.3 * expected),
            "A.7": ((np.sqrt(0.7**2 * k - 1.3**2) - np.sqrt(m) * 1.2 * 1.3) * np.sqrt(q / 2), singular[-1]),
            "A.8": (singular[0], 1.3 * (np.sqrt(k) + 2 * np.sqrt(m)) * np.sqrt(q / 2)),
            "A.10": (
                np.linalg.norm(f - problem.target),
                1.3 * np.sqrt(k * d * m) / np.sqrt(2 * np.pi) + np.linalg.norm(problem.target),
            ),
        }
        for number, pair in sides.items():
            for side, expected_side in zip((found[number].left, found[number].right), pair, strict=True):
                np.testing.assert_allclose(side[draw], expected_side, rtol=1e-9)
    every, worst = found["A.6 upper"], found["A.6 upper, all"]
    assert every.holds.shape == (4, k)
    assert every.frequency == every.holds.mean()
    np.testing.assert_array_equal(every.holds.all(1), worst.holds)


def test_single_sample_changes_are_attained_and_bounded():
    radius = 0.1
    found = by_number(**SIZES, draws=5, radius=radius)
    for draw in range(5):
        problem = ShallowGAN.gaussian(**SIZES, seed=draw)
        z, W = problem.Z[0], problem.W0.copy()
        u = (2 * 40 * radius) ** (2 / 3)
        expected = np.linalg.norm(z) * (2 * np.sqrt(2) + np.sqrt(6 * u * np.log(40 / (3 * u))))
        # turn the nearest units just over, by hand
        distance = W @ z / (z @ z)
        for unit in np.argsort(np.abs(distance)):
            moved = W.copy()
            moved[unit] -= (1 + 1e-9) * distance[unit] * z
            if np.linalg.norm(moved - problem.W0) > radius:
                break
            W = moved
        single = ShallowGAN(z[None], problem.V, problem.W0, problem.target)
        change = np.linalg.norm(full_jacobian(single, W) - full_jacobian(single, problem.W0), 2)
        attained, all_of_them = found["A.9 attained"], found["A.9 all W"]
        assert attained.left[draw] == pytest.approx(change, rel=1e-9)
        assert change <= all_of_them.left[draw]
        assert attained.right[draw] == all_of_them.right[draw] == pytest.approx(expected)


def test_the_mean_of_d_squared_is_that_of_lemma_a6():
    squares = by_number(n=20, d=3, m=1, k=1, draws=600, radius=0.01)["A.6 upper"].left
    mean, error = squares.mean(), squares.std() / np.sqrt(600)
    assert abs(mean - (20 * 3 / 2 + 20 * 19 / (2 * np.pi))) < 4 * error
    assert error < 0.04 * mean


def test_the_mean_of_the_gram_matrix_is_that_of_lemma_a6():
    # given V, over Z and W_0: σz² (d + (n−1)/π)/(2n) V Vᵀ
    V = np.random.default_rng(0).standard_normal((2, 3))
    random, total = np.random.default_rng(1), np.zeros((4000, 2, 2))
    for draw in range(4000):
        s = [Z.T @ (Z @ w >= 0) / 10 for w in random.standard_normal((3, 2)) for Z in [random.standard_normal((10, 2))]]
        total[draw] = (V * (np.array(s) ** 2).sum(1)) @ V.T
    expected = (2 + 9 / np.pi) / 20 * V @ V.T
    assert (np.abs(total.mean(0) - expected) < 4 * total.std(0) / np.sqrt(4000)).all()


def test_at_the_papers_sizes_all_lemmas_hold():
    found = by_number(n=500, d=10, m=5, k=300, draws=10)
    assert {number: lemma.frequency for number, lemma in found.items()} == dict.fromkeys(found, 1.0)


def test_lemma_a9_fails_near_the_end_of_its_range():
    # a W of the ball exceeds the right side, where the logarithm vanishes
    found = by_number(n=1, d=5, m=1, k=2000, draws=5, radius=0.99 * np.sqrt(2000 / 27) / 2)
    assert found["A.9 attained"].frequency == 0
    assert (found["A.9 attained"].left <= found["A.9 all W"].left).all()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"draws": 0}, "draws is 0"),
        ({"delta": 2.0}, "delta is 2"),
        ({"eta": -0.1}, "eta is"),
        ({"radius": 9.0}, "radius is 9"),
    ],
)
def test_numbers_out_of_range_are_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        lemmas(**SIZES, **wrong)
