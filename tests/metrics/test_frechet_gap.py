"""Test less train distance: its value, its standard error, and how often they would say what is not so."""

import numpy as np
import pytest
import scipy.stats

from overgan.errors import OverganError
from overgan.metrics import Reference, evaluate, feature_space, fit_gaussian, frechet_gap, gaussian_distance

SCALE = np.geomspace(1, 0.1, 6)


def sets(random, count, n=60):
    return [random.standard_normal((n, len(SCALE))) * SCALE for _ in range(count)]


def test_two_images_a_side_by_hand():
    """From points at 0, the distance of x and y is their mean squared plus their variance; three splits in pairs."""

    def distance(x, y):
        return ((x + y) / 2) ** 2 + (x - y) ** 2 / 2

    def difference(a, b, c, d):
        return distance(c, d) - distance(a, b)

    a, b, c, d = real = [0.0, 1.0, 3.0, 7.0]
    train, test = np.array(real).reshape(2, 2, 1)
    found = frechet_gap(fit_gaussian(np.zeros((5, 1))), train, test, draws=600)
    assert found.value == pytest.approx(difference(a, b, c, d))
    squares = [difference(*split) ** 2 for split in ((a, b, c, d), (a, c, b, d), (a, d, b, c))]
    # the mean of 600 draws of three values is known to 0.6 %; three deviations
    assert found.error**2 == pytest.approx(np.mean(squares), rel=0.02)


def test_the_error_is_that_of_fresh_draws_of_the_real_images():
    random = np.random.default_rng(0)
    generated = fit_gaussian(0.7 * sets(random, 1)[0] + 0.3)
    found = [frechet_gap(generated, *sets(random, 2), draws=5) for _ in range(200)]
    values, errors = np.array(found).T
    # deviation and root mean square are known to 5 % and 2 %; three deviations
    assert np.sqrt((errors**2).mean()) == pytest.approx(values.std(), rel=0.16)


def test_sets_that_can_be_exchanged_are_told_apart_no_more_often_than_is_said():
    random = np.random.default_rng(1)
    found = [
        frechet_gap(fit_gaussian(generated), *real) for generated, *real in (sets(random, 3, 30) for _ in range(150))
    ]
    beyond = [abs(gap.value) > scipy.stats.t.isf(0.025, 10) * gap.error for gap in found]
    assert np.mean(beyond) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 150)


def test_noisy_copies_of_training_images_are_seen():
    random = np.random.default_rng(2)
    for _ in range(10):
        train, test, noise = random.standard_normal((3, 100, 30))
        gap = frechet_gap(fit_gaussian(train + 0.3 * noise), train, test)
        assert gap.value > scipy.stats.t.isf(0.025, 10) * gap.error


def test_it_is_the_difference_of_the_two_numbers(digits, tmp_path):
    arguments = digits.train[:100] // 2, digits.train[100:300], digits.test[:150], "pixels", ["frechet_gap", "frechet"]
    result = evaluate(*arguments, draws=4, cache=tmp_path)
    assert result["frechet_gap"] == pytest.approx(result["frechet_test"] - result["frechet_train"], abs=1e-9)
    assert (result["frechet_gap_draws"], result["frechet_gap_error"] > 0) == (4, True)


def test_mistakes_are_named():
    points = fit_gaussian(np.eye(3)), np.eye(3), np.eye(3)
    with pytest.raises(OverganError, match="draws is 0; it must be at least 1"):
        frechet_gap(*points, draws=0)
    with pytest.raises(OverganError, match="test is of 2 images; it must be of as many as train, 3"):
        frechet_gap(*points[:2], np.eye(3)[:2])


def test_all_real_images_but_those_that_a_space_was_trained_on(digits, tmp_path, monkeypatch):
    """Moments of every image; labels decide which are left out; metrics of features keep equal numbers."""
    space, generated = feature_space("pixels", digits), digits.test[::-1] // 2

    def score(metrics=("frechet", "kernel")):
        return Reference.of(digits, [space], 200, metrics, every=True, cache=tmp_path).score(generated[:200])[0]

    def to(images):  # roots of eigenvalues that are nearly 0 round by the root of 1e-16
        return gaussian_distance(*(fit_gaussian(space.embed(x)) for x in (images, generated[:200])))

    equal = Reference.of(digits, [space], 200, ["frechet", "kernel"], cache=tmp_path).score(generated[:200])[0]
    every = score()
    assert every["frechet_train"] == pytest.approx(to(digits.train), rel=1e-6)
    assert every["frechet_test"] == pytest.approx(to(digits.test), rel=1e-6)
    assert equal["frechet_train"] == pytest.approx(to(digits.train[digits.reference[:200]]), rel=1e-6)
    assert every["kernel_test"] == equal["kernel_test"]
    monkeypatch.setattr("overgan.metrics._reference.space_record", lambda _: type("Space", (), {"labels": True}))
    assert score(["frechet"])["frechet_train"] == pytest.approx(to(digits.train[digits.reference]), rel=1e-6)
