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
