"""The `Problem` protocol: what holds for any f holds for one that only a test knows."""

import dataclasses
import subprocess
import sys

import numpy as np
import pytest

from overgan.errors import OverganError
from overgan.theory import (
    DeepFeatureGAN,
    Problem,
    ShallowGAN,
    best_step_sizes,
    certify,
    check_claims,
    default_eta,
    jacobian_norms,
    linearize,
    simulate,
    simulation_width,
    theory_width,
)
from overgan.theory._dense import descend
from overgan.theory._problem import Point


@dataclasses.dataclass
class Squares:
    """f(θ) = c θ ∘ θ/2 with the Jacobian c diag(θ), so that everything on a ball has a closed form."""

    start: np.ndarray
    target: np.ndarray
    c: float = 3.0
    basis: str = "proven"

    def at(self, weights):
        return Point(self.c * weights**2 / 2, lambda g: self.c * weights * g)

    def grams(self, weights, origin=None):
        rows = [weights] if origin is None else [weights, weights - origin]
        return np.array([self.c**2 * np.diag(row**2) for row in rows])

    def engine(self, name, latents, seed):
        return lambda updates: descend(self.start, self.target, self.at, updates)

    def norm_bound(self):
        return np.inf

    def ball(self, reach):
        return lambda radius: (self.c * radius, np.inf)


START = np.array([0.5, -1.0, 2.0])


def near(distance, **changes):
    return dataclasses.replace(Squares(START, 3 * START**2 / 2 + distance), **changes)


def test_the_gans_of_the_package_have_what_a_problem_needs():
    for problem in (ShallowGAN.gaussian(n=5, d=2, m=2, k=3), DeepFeatureGAN.gaussian(n=5, d=2, m=2, k=3), near(0.1)):
        assert isinstance(problem, Problem)
    assert not isinstance(START, Problem)


def test_a_problem_of_ones_own_is_linearized_and_simulated():
    problem = near(0.1)
    linear = linearize(problem, 0.5)
    np.testing.assert_allclose(linear.eigenvalues, np.sort(9 * START**2))
    np.testing.assert_allclose(linear.r_0, -0.1 * np.ones(3), rtol=1e-12)
    assert linear.eta == default_eta(problem, "gda", 0.5) == pytest.approx(0.5 / (8 * 36))
    assert jacobian_norms(problem, START + 1) == pytest.approx((9, 3))
    assert best_step_sizes(problem).spectral_radius == pytest.approx(36 / (36 + 2.25))
    W, d, norms = START.copy(), np.zeros(3), []
    for _ in range(31):
        r = 1.5 * W**2 - problem.target
        norms.append(np.linalg.norm(r))
        W, d = W - linear.eta * 3 * W * d, 0.5 * d + 0.5 * r
    np.testing.assert_allclose(simulate(problem, steps=30, mu=0.5).residual_norm, norms, rtol=1e-12)


@pytest.mark.parametrize("basis", ["proven", "estimated"])
def test_a_problem_of_ones_own_is_certified_by_its_own_bounds(basis):
    problem = near(1e-4, basis=basis)
    certificate = certify(problem)
    assert (certificate.holds, certificate.basis, certificate.alpha) == (True, basis, pytest.approx(1.5))
    assert certificate.epsilon == pytest.approx(3 * certificate.radius)
    assert certificate.beta == pytest.approx(6 + certificate.epsilon)
    run = simulate(problem, steps=200, eta=certificate.eta, record=range(0, 201, 10))
    assert all(claim.holds.all() for claim in check_claims(problem, certificate, run))
    assert not certify(near(1.0, basis=basis)).holds


def test_widths_are_found_for_any_family():
    def family(k):  # the larger c, the larger alpha²/ε
        return near(1e-2, c=float(k), target=k * START**2 / 2 + 1e-2)

    assert certify(family(theory_width(family, highest=1000))).holds
    assert simulation_width(family) == 1


def test_a_measured_run_of_a_rank_below_m_has_no_certificate():
    problem = near(1e-3, start=np.array([0.0, 1.0, 2.0]))
    measured = certify(problem, trajectory=simulate(problem, steps=5, record=[0, 5]))
    assert not measured.holds
    assert measured.excess == np.inf


def test_a_numerical_failure_is_no_mistake_of_the_users():
    class Failing(Squares):
        def grams(self, weights, origin=None):
            raise np.linalg.LinAlgError("Eigenvalues did not converge")

    for function in (linearize, certify, simulate):
        with pytest.raises(np.linalg.LinAlgError) as caught:
            function(Failing(START, START))
        assert not isinstance(caught.value, OverganError)
        with pytest.raises(OverganError, match="mu is 2"):
            function(near(0.1), mu=2.0)


def test_torch_is_not_imported_for_shallow_gans(tmp_path):
    code = (
        "import sys; from overgan import theory; import numpy as np\n"
        "assert not {'torch', 'numba'} & set(sys.modules)\n"
        "problem = theory.ShallowGAN.gaussian(n=20, d=2, m=2, k=20)\n"
        "np.savez('problem.npz', Z=problem.Z, V=problem.V, W0=problem.W0, target=problem.target)\n"
        "problem = theory.load_problem('problem.npz')\n"
        "run = theory.simulate(problem, steps=5, record=[5])\n"
        "theory.simulate(theory.ShallowGAN.gaussian(n=20, d=2, m=2, k=20), steps=5, latents='fresh')\n"
        "theory.linearize(problem); theory.certify(problem); theory.certify(problem, trajectory=run)\n"
        "theory.global_optimum(problem); theory.lemmas(20, 2, 2, 20, draws=1)\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)
