import mpmath
import numpy as np
import pytest

from overgan.theory import (
    ShallowGAN,
    linearize,
    paper_constants,
)


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


def test_the_theorems_need_a_small_target_and_hold_with_a_known_part_of_their_probability():
    """With 30 digits, in the statement's own terms: σvσwσz ≥ ‖x̄‖/(m d^2.5 log(d)^1.5)."""
    with mpmath.workdps(30):
        for n, d, m, k in ((1000, 10, 10, 1000), (50, 3, 2, 77), (10**6, 7000, 30_000, 10**5)):
            paper = paper_constants(n, d, m, k, sigma_z=0.5, sigma_v=3.0, sigma_w=0.1)
            needed = paper.largest_target / (m * mpmath.power(d, 2.5) * mpmath.log(d) ** mpmath.mpf("1.5"))
            assert float(needed) == pytest.approx(0.5 * 3.0 * 0.1, rel=1e-12)
            failure = (n + 5) * mpmath.exp(-mpmath.mpf(m) / 1500) + (2 * k + 2) * mpmath.exp(-mpmath.mpf(d) / 216)
            assert paper.failure == pytest.approx(float(failure), rel=1e-12)
    assert paper_constants(1000, 1, 10, 1000).largest_target == 0
    assert paper_constants(1000, 10, 10, 1000).failure > 1 > paper.failure
    with pytest.raises(ValueError, match="sigma_w is 0"):
        paper_constants(10, 2, 2, 10, sigma_w=0.0)


def test_the_known_part_is_what_the_lemmas_leave():
    """The sum of the lemmas' own probabilities, at δ = 1/2 and η = 1/3, is not larger than the statement's."""
    for n, d, m, k in ((1000, 10, 10, 1000), (100, 500, 4000, 200), (10, 2, 2, 10)):
        delta, eta = 1 / 2, 1 / 3
        singular_value, norms = (
            3 * np.exp(-(eta**2) * m / 8),
            (1 + n) * np.exp(-m / 2),
        )  # A.7; A.8 and A.9 for every z_i
        misfit = np.exp(-((1 / 3 / 9) ** 2) * m / 2) + np.exp(-((1 / 3 / 3) ** 2) * k * d / 2)  # A.10 at δ = 1/3
        units, latents = 2 * k * np.exp(-d * delta**2 / 54), np.exp(-n * d / 24)  # A.7's D_l, and ‖Z‖ in (35)
        assert singular_value + norms + misfit + units + latents <= paper_constants(n, d, m, k).failure
