"""Whether wide networks train lazily, by studies whose truth is known; and the exponent of a power law."""

import math

import numpy as np
import pytest
import scipy

from overgan.study.analysis import exponent
from overgan.study.gan.claims import half_error, lazy_verdict
from tests.claiming import claim_of
from tests.study.courses import study_of


def moving(generator, critic, noise=0.02):
    """Distances from initialization that go as k to these powers."""

    def moved(k, seed):
        shake = noise * np.random.default_rng([k, seed]).standard_normal(2)
        return tuple(2 * k ** np.array([generator, critic]) * np.exp(shake))

    return moved


def lazy(tmp_path, moved, **changed):
    return claim_of(study_of(tmp_path, lambda _k, _s, _t: 1.0, moved=moved, **changed), "laziness")


def test_networks_that_move_as_in_the_tangent_kernels_scaling_are_lazy(tmp_path):
    found = lazy(tmp_path, moving(-0.5, -1))
    assert found.verdict == "supports"
    generator, critic = found.numbers
    assert generator.low < -0.5 < generator.high < 0
    assert critic.low < -1 < critic.high
    assert found.p_value < 0.05


def test_its_p_value_is_of_the_first_number(tmp_path):
    of_generator = exponent({k: [moving(0, -0.5)(k, s)[0] for s in range(3)] for k in (2, 4, 8, 16)})
    found = lazy(tmp_path, moving(0, -0.5))
    assert found.numbers[0].value == of_generator.exponent
    assert found.p_value == pytest.approx(of_generator.p_value)


@pytest.mark.parametrize(
    ("generator", "critic", "who"), [(0, -0.5, "the generator does"), (0.3, -0.1, "the generator and the critic do")]
)
def test_networks_that_move_as_far_are_not(tmp_path, generator, critic, who):
    found = lazy(tmp_path, moving(generator, critic))
    assert found.verdict == "contradicts"
    assert f"{who} not train lazily here" in found.because


@pytest.mark.parametrize(
    ("of_critic", "of_generator", "verdict", "said"),
    [
        (0, -0.5, "supports", "held at 16. In lazy training it falls about as k^-0.5, or faster: the generator trains"),
        (-0.5, 0, "contradicts", "the generator does not train lazily here"),
    ],
)
def test_a_network_whose_width_is_held_says_nothing(tmp_path, of_critic, of_generator, verdict, said):
    found = lazy(tmp_path, moving(of_generator, of_critic), model={"name": "mlp", "critic_width": 16})
    assert found.verdict == verdict
    assert said in found.because
    (number,) = found.numbers
    assert "of the generator" in number.what
    runs = {k: [moving(of_generator, of_critic)(k, s)[0] for s in range(3)] for k in (2, 4, 8, 16)}
    assert found.p_value == pytest.approx(exponent(runs).p_value)


def test_a_wide_interval_cannot_tell(tmp_path):
    found = lazy(tmp_path, moving(-0.3, -0.3, noise=1.0))
    assert found.verdict == "cannot tell"
    assert "More widths" in found.needed


@pytest.mark.parametrize(
    "changed",
    [
        {"widths": (2, 4)},
        {"unfinished": (2, 4, 8, 16)},
        {"unfinished": (4, 16)},
        {"lost": [(k, s) for k in (2, 4, 8, 16) for s in range(3)]},
        {"moved": lambda _k, _s: (0.0, 0.0)},
    ],
)
def test_fewer_than_three_widths_cannot_tell(tmp_path, changed):
    found = lazy(tmp_path, **{"moved": moving(-0.5, -0.5), **changed})
    assert found.verdict == "cannot tell"
    assert found.numbers == ()
    assert "three widths" in found.because
    assert found.needed


def test_the_exponent_is_that_of_scipys_line_through_the_means():
    random = np.random.default_rng(0)
    values = {k: np.exp(random.standard_normal(3)) for k in (1, 2, 4, 16)}
    found = exponent(values)
    line = scipy.stats.linregress(np.log(list(values)), [np.log(of).mean() for of in values.values()])
    half = scipy.stats.t.ppf(0.975, 2) * line.stderr
    assert (found.exponent, found.p_value) == pytest.approx((line.slope, line.pvalue))
    assert (found.low, found.high) == pytest.approx((line.slope - half, line.slope + half))
    assert found.at(8) == pytest.approx(math.exp(line.intercept + line.slope * math.log(8)))


def test_values_without_a_logarithm_are_left_out():
    assert exponent({1: [1.0], 2: [2.0, 0.0, math.inf], 4: [4.0], 8: [0.0]}).exponent == pytest.approx(1)
    assert exponent({1: [1.0], 2: [2.0], 4: [0.0]}) is None


def test_its_interval_holds_the_truth():
    """Of 400 power laws with normal noise: binomial, 3 deviations."""
    random = np.random.default_rng(1)
    held = 0
    for _ in range(400):
        found = exponent({k: k**-0.7 * np.exp(0.2 * random.standard_normal(3)) for k in (2, 4, 8, 16, 32)})
        held += found.low <= -0.7 <= found.high
    assert abs(held / 400 - 0.95) < 3 * math.sqrt(0.95 * 0.05 / 400)


def test_either_network_may_contradict_and_both_together_mislead_as_rarely_as_one():
    """Both exponents are at the border: 2.5 % of 400 studies and three deviations. At the whole error 5 % do."""
    random, wrong = np.random.default_rng(2), 0
    for _ in range(400):
        moved = {of: {k: k**-0.25 * np.exp(0.1 * random.standard_normal(3)) for k in (2, 4, 8, 16, 32)} for of in "gc"}
        fitted, surer = ({of: exponent(v, c) for of, v in moved.items()} for c in (0.95, half_error(0.95)))
        wrong += lazy_verdict(fitted, surer) == "contradicts"
    assert wrong / 400 <= 0.025 + 3 * math.sqrt(0.025 * 0.975 / 400)
