"""Deep generators with random features: against the shallow code, brute force and closed forms."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.func import functional_call, jacrev

from overgan.theory import (
    DeepFeatureGAN,
    ShallowGAN,
    ball_estimate,
    certify,
    default_eta,
    jacobian_norms,
    linearize,
    simulate,
)
from overgan.theory.deep._ball import ball_samples


def networks(seed=0, activation=nn.Tanh):
    torch.manual_seed(seed)
    generator = nn.Sequential(nn.Linear(3, 8), activation(), nn.Linear(8, 6), activation(), nn.Linear(6, 5))
    return generator, nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 4))


def deep(seed=0, memory=2**30, **kinds):
    random = np.random.default_rng(seed)
    latents, data = random.standard_normal((20, 3)), random.standard_normal((30, 5)) + 1
    return DeepFeatureGAN(*networks(seed, **kinds), latents, data, memory=memory)


def as_deep(shallow, memory=2**30):
    """The shallow GAN as a module: V ReLU(W z), the mean of the target alone as data."""
    (m, k), d = shallow.V.shape, shallow.Z.shape[1]
    inner, outer = nn.Linear(d, k, bias=False).double(), nn.Linear(k, m, bias=False).double()
    with torch.no_grad():
        inner.weight.copy_(torch.tensor(shallow.W0))
        outer.weight.copy_(torch.tensor(shallow.V))
    outer.requires_grad_(False)
    network = nn.Sequential(inner, nn.ReLU(), outer)
    return DeepFeatureGAN(network, nn.Identity(), shallow.Z, shallow.target[None], memory)


def brute_force(problem, theta):
    """F(θ) and the whole Jacobian, by torch.func on all latents at once."""
    named = dict(problem.generator.named_parameters())

    def f(flat):
        parts = torch.split(flat, [p.numel() for p in named.values()])
        weights = {name: part.view(p.shape) for (name, p), part in zip(named.items(), parts, strict=True)}
        return problem.features(functional_call(problem.generator, weights, (problem.latents,))).mean(0)

    flat = torch.tensor(theta)
    return f(flat).detach().numpy(), jacrev(f)(flat).numpy()


ROW = 8 * (3 * 8 + 8 + 8 * 6 + 6 + 6 * 5 + 5)  # bytes of a row of J


@pytest.mark.parametrize("memory", [1, 2048, 10 * ROW, 2**30])  # one latent at once and one row held … all of them
def test_grams_are_those_of_the_whole_jacobian_whatever_the_memory(memory):
    problem = deep(memory=memory)
    assert (problem.mean.batch < 20) == (memory <= 2048)
    # tanh keeps 8 and 6 numbers of a latent, its inputs 3, the layers behind 8, 6, 5 and 7; some of them are the same
    assert problem.mean.latent_bytes <= 8 * (3 + 8 + 6 + 5 + 7)
    assert problem.mean.latent_bytes >= 8 * (8 + 6)
    theta = problem.theta0 + 0.1
    J, J_0 = brute_force(problem, theta)[1], brute_force(problem, problem.theta0)[1]
    for ours, exact in zip(problem.grams(theta, problem.theta0), (J, J - J_0), strict=True):
        np.testing.assert_allclose(ours, exact @ exact.T, atol=1e-9 * np.linalg.norm(exact) ** 2)
    linear = linearize(problem)
    np.testing.assert_allclose(linear.gram, J_0 @ J_0.T, atol=1e-9 * np.linalg.norm(J_0) ** 2)
    np.testing.assert_allclose(linear.r_0, brute_force(problem, problem.theta0)[0] - problem.target, atol=1e-12)
    assert linear.eta == default_eta(problem, "gda", 1.0) == pytest.approx(1 / (8 * np.linalg.norm(J_0, 2) ** 2))
    assert jacobian_norms(problem, theta) == pytest.approx((np.linalg.norm(J, 2), np.linalg.norm(J - J_0, 2)))


def test_the_target_is_the_mean_feature_of_the_data():
    problem = deep(memory=1)
    features = networks()[1].double()(problem.data).detach().numpy()
    np.testing.assert_allclose(problem.target, features.mean(0), rtol=1e-12)


@pytest.mark.parametrize("memory", [1, 2**30])
@pytest.mark.parametrize("method", ["gda", "optimal", "alternating"])
def test_a_shallow_gan_as_a_module_takes_the_shallow_gans_steps(method, memory):
    shallow = ShallowGAN.gaussian(n=40, d=3, m=2, k=12, seed=3)
    problem = as_deep(shallow, memory)
    np.testing.assert_allclose(problem.grams(problem.start), shallow.grams(shallow.start), rtol=1e-9)
    f, pull_back, _ = problem.at(problem.start)
    np.testing.assert_allclose(f, shallow.at(shallow.start).f, atol=1e-12)
    g = np.array([0.3, -2.0])
    np.testing.assert_allclose(pull_back(g), shallow.at(shallow.start).pull_back(g).ravel(), atol=1e-12)
    run = {"mu": 0.6, "eta": default_eta(shallow, method, 0.6), "steps": 60, "critic_steps": 2, "record": [0, 7, 60]}
    ours, theirs = simulate(problem, method, **run), simulate(shallow, method, **run)
    assert ours.residual_norm[-1] < theirs.residual_norm[0] / 2
    for name in ("residual_norm", "d", "recorded_steps", "recorded_residual", "recorded_d"):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), atol=1e-11, err_msg=name)
    np.testing.assert_allclose(ours.W, theirs.W.ravel(), atol=1e-11)
    np.testing.assert_allclose(ours.recorded_W, theirs.recorded_W.reshape(3, -1), atol=1e-11)
    t = np.arange(61)
    np.testing.assert_allclose(
        linearize(problem, 0.6).residual_norm(t), linearize(shallow, 0.6).residual_norm(t), atol=1e-11
    )


def test_measured_on_a_run_the_shallow_gan_as_a_module_has_the_same_certificate():
    shallow = ShallowGAN.gaussian(n=40, d=3, m=2, k=12, seed=3)
    problem = as_deep(shallow)
    run = {"steps": 50, "eta": default_eta(shallow, "gda", 1.0), "record": [0, 10, 50]}
    ours = certify(problem, trajectory=simulate(problem, **run))
    theirs = certify(shallow, trajectory=simulate(shallow, **run))
    assert ours.epsilon > 0
    for name in ("alpha", "beta", "epsilon", "radius", "gamma"):
        assert getattr(ours, name) == pytest.approx(getattr(theirs, name), rel=1e-9), name
    for a, b in zip(ours.claims, theirs.claims, strict=True):
        np.testing.assert_allclose(a.left, b.left, atol=1e-10)
        np.testing.assert_allclose(a.right, b.right, rtol=1e-9)


def test_ball_estimates_are_the_norms_at_their_samples_or_above():
    problem = deep(activation=nn.ReLU)
    J_0 = brute_force(problem, problem.theta0)[1]
    points = ball_samples(problem, 0.7, 4, seed=0)
    np.testing.assert_allclose(np.linalg.norm(points - problem.theta0, axis=1), 0.7)
    J = np.array([brute_force(problem, theta)[1] for theta in points])
    changes = np.linalg.norm(J - J_0, 2, axis=(1, 2))
    norms = np.linalg.norm(J, 2, axis=(1, 2))
    sampled = ball_estimate(problem, 0.7, ascent_steps=0)
    assert (sampled.epsilon, sampled.beta) == pytest.approx((changes.max(), norms.max()), rel=1e-9)
    climbed = ball_estimate(problem, 0.7)
    assert climbed.epsilon > 1.2 * sampled.epsilon  # f is curved: there is something to climb
    assert climbed.beta > 1.2 * sampled.beta


class Squares(nn.Module):
    """z -> z ∘ θ ∘ θ/2: J(θ) = mean(z) diag(θ), so that both norms on a ball have closed forms."""

    def __init__(self):
        super().__init__()
        self.theta = nn.Parameter(torch.tensor([0.5, -1.0, 2.0], dtype=torch.float64))

    def forward(self, z):
        return z * self.theta**2 / 2


def squares(memory=2**30):
    return DeepFeatureGAN(Squares(), nn.Identity(), np.full((4, 1), 3.0), np.ones((1, 3)), memory=memory)


@pytest.mark.parametrize("memory", [1, 2**30])
@pytest.mark.parametrize("radius", [0.0, 1e-3, 0.4, 5.0])
def test_ball_estimates_reach_and_never_exceed_a_supremum_that_is_known(radius, memory):
    found = ball_estimate(squares(memory), radius)
    epsilon, beta = 3 * radius, 3 * (2 + radius)  # the change is 3 diag(θ − θ_0)
    assert found.epsilon <= epsilon * (1 + 1e-12)
    assert found.beta <= beta * (1 + 1e-12)
    assert found.epsilon == pytest.approx(epsilon, rel=1e-6)
    assert found.beta >= beta * (1 if radius <= 0.4 else 0.8) * (1 - 1e-6)  # a large ball has another, lower peak


def test_a_linear_f_does_not_change_and_its_estimated_conditions_hold():
    generator = nn.Linear(3, 2, bias=False).double()
    Z = np.random.default_rng(0).standard_normal((50, 3)) + 1
    problem = DeepFeatureGAN(generator, nn.Identity(), Z, np.ones((1, 2)))
    certificate = certify(problem)
    norm = np.linalg.norm(Z.mean(0))  # J = I ⊗ mean(z)ᵀ
    assert certificate.basis == "estimated"
    assert certificate.holds
    assert (certificate.alpha, certificate.beta) == pytest.approx((norm, norm))
    assert certificate.epsilon == pytest.approx(0, abs=1e-12)


def test_conditions_of_a_curved_f_fail_or_hold_by_how_far_the_target_is():
    near, far = squares(), squares()
    f = 3 * np.array([0.5, -1.0, 2.0]) ** 2 / 2
    for problem, distance in ((near, 1e-4), (far, 1.0)):
        object.__setattr__(problem, "target", f + distance)
    c = certify(near)
    assert (c.holds, c.basis, c.reasons) == (True, "estimated", ())
    assert c.excess < 1
    assert c.epsilon == pytest.approx(3 * c.radius, rel=1e-6)
    assert c.beta == pytest.approx(6 + c.epsilon, rel=1e-6)
    assert 8 * c.beta**2 * c.eta == pytest.approx(1)
    c = certify(far)
    assert not c.holds
    assert c.excess > 1
    assert "J may change by" in " ".join(c.reasons)


def test_a_run_that_blows_up_ends_with_finite_numbers():
    problem = squares()
    run = simulate(problem, eta=10.0, steps=100)
    assert len(run.residual_norm) < 100
    for numbers in (run.residual_norm, run.W, run.d):
        assert np.isfinite(numbers).all()
    assert not run.converged


def test_single_precision_gives_the_same_numbers_to_its_rounding():
    random = np.random.default_rng(0)
    latents, data = random.standard_normal((20, 3)), random.standard_normal((30, 5)) + 1
    single = DeepFeatureGAN(*networks(), latents, data, dtype="float32")
    np.testing.assert_allclose(linearize(single).gram, linearize(deep()).gram, rtol=1e-4)
    run = {"steps": 20, "eta": 0.01}
    np.testing.assert_allclose(simulate(single, **run).residual_norm, simulate(deep(), **run).residual_norm, rtol=1e-4)


def test_what_is_given_stays_as_it_was():
    generator, features = networks()
    generator.train()
    latents = torch.ones(3, 3)
    problem = DeepFeatureGAN(generator, features, latents, torch.ones(2, 5))
    latents.zero_()
    run = simulate(problem, steps=3)
    assert problem.latents.sum() == 9
    assert (problem.theta0 != run.W).any()
    assert generator[0].weight.dtype == torch.float32
    assert generator.training
    assert all(p.requires_grad for p in features.parameters())
    torch.testing.assert_close(generator[0].weight, networks()[0][0].weight)
    assert repr(problem) == f"DeepFeatureGAN(n=3, p={ROW // 8}, m=4)"


class Fixed(nn.Module):
    def __init__(self, value):
        super().__init__()
        self.value = value

    def forward(self, x):
        return self.value


class Scaled(Fixed):
    def __init__(self, value):
        super().__init__(value)
        self.scale = nn.Parameter(torch.ones(1))


ONES = np.ones((4, 3))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"generator": nn.ReLU()}, "generator is without parameters that require gradients"),
        ({"generator": nn.Linear(2, 5)}, r"generator fails for shape \(2, 3\) \(RuntimeError: "),
        ({"features": nn.Linear(6, 2)}, r"features fails for shape \(2, 5\)"),
        (
            {"features": nn.Unflatten(1, (5, 1))},
            r"features gives \(2, 5, 1\) for \(2, 5\); a tensor \(2, m\) is needed",
        ),
        ({"features": Fixed(torch.ones(3, 2))}, r"features gives \(3, 2\) for \(2, 5\); a tensor \(2, m\) is needed"),
        ({"features": Fixed(None)}, "features gives a NoneType"),
        (
            {"generator": Scaled(torch.ones(3, 2))},
            r"generator gives \(3, 2\) for \(2, 3\); a tensor \(2, …\) is needed",
        ),
        ({"features": Fixed(torch.ones(2, 0))}, r"features gives \(2, 0\) for \(2, 5\); a tensor \(2, m\) is needed"),
        ({"features": 3}, "features is a int; it must be a torch.nn.Module"),
        ({"features": nn.Identity(), "data": np.ones((4, 6))}, "features gives 5 numbers for a generated point and 6"),
        ({"latents": np.full((4, 3), np.nan)}, "latents has the value nan; all values must be finite"),
        ({"data": np.full((4, 5), np.inf)}, "data has the value inf"),
        ({"latents": np.ones((0, 3))}, r"latents has shape \(0, 3\); every size must be at least 1"),
        ({"memory": 0}, "memory is 0; it must be a positive number of bytes"),
    ],
)
def test_what_does_not_fit_is_one_value_error_that_names_it(changed, message):
    arguments = {"generator": nn.Linear(3, 5), "features": nn.Linear(5, 2), "latents": ONES, "data": np.ones((4, 5))}
    with pytest.raises(ValueError, match=message) as caught:
        DeepFeatureGAN(**arguments | changed)
    assert "\n" not in str(caught.value)


def test_weights_that_are_not_numbers_are_named():
    generator = nn.Linear(3, 5)
    nn.init.constant_(generator.weight, float("nan"))
    with pytest.raises(ValueError, match="generator makes f"):
        DeepFeatureGAN(generator, nn.Linear(5, 2), ONES, np.ones((4, 5)))
    with pytest.raises(ValueError, match="features makes y"):
        DeepFeatureGAN(nn.Linear(3, 3), generator, ONES, ONES)


def test_fresh_latents_and_balls_out_of_range_are_refused():
    problem = squares()
    with pytest.raises(ValueError, match="latents is fresh; it must be fixed for a DeepFeatureGAN"):
        simulate(problem, latents="fresh")
    for wrong, name in (({"radius": -1.0}, "radius"), ({"radius": 1.0, "samples": 0}, "samples")):
        with pytest.raises(ValueError, match=f"{name} is "):
            ball_estimate(problem, **wrong)
