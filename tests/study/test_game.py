"""The game's Jacobian, its eigenvalues and the path-angle, against dense computation and closed forms."""

import numpy as np
import pytest
import torch
from torch.func import grad, jacrev, vmap
from torch.nn.functional import leaky_relu, softplus

from overgan.study.gan.networks import game, jacobian_transposed, leading_eigenvalues, path_angle
from overgan.study.gan.networks._game import vector_field
from tests.study.networks import trained

LOSSES = ["wgan-gp", "hinge", "non-saturating", "relativistic"]


def mlp(theta, x, sizes, activation):
    """Layers of an MLP from a flat vector, in the order of overgan's parameters: (inputs, outputs), then the bias."""
    at = 0
    for i, (m, n) in enumerate(sizes):
        weight, bias = theta[at : at + m * n].view(m, n), theta[at + m * n : at + m * n + n]
        at += m * n + n
        x = x @ weight + bias
        if i < len(sizes) - 1:
            x = activation(x)
    return x


def dense_field(loss, batch, shapes):
    """v(θ) of all weights as one vector, written anew: plain losses of plain functions, nothing held or detached."""
    of_generator, of_critic = ([(w.shape[1], w.shape[2]) for w in of if w.shape[1] > 1] for of in shapes)
    count = sum(w.numel() for w in shapes[0])
    real, mix, weight = batch.real[0].flatten(1), batch.given.mix[0], batch.given.penalty_weight

    def made(theta, z):
        return mlp(theta, z, of_generator, torch.relu).tanh()

    def score(psi, x):
        return mlp(psi, x, of_critic, lambda y: leaky_relu(y, 0.2)).squeeze(-1)

    def slopes(psi, x):
        return vmap(grad(lambda one: score(psi, one)))(x)

    def critic_loss(theta, psi):
        fake = made(theta, batch.latents[0])
        d_real, d_fake = score(psi, real), score(psi, fake)
        r1, r2 = (slopes(psi, x).square().sum(1).mean() for x in (real, fake))
        if loss == "wgan-gp":
            between = real + mix[:, None] * (fake - real)
            return d_fake.mean() - d_real.mean() + weight * ((slopes(psi, between).norm(dim=1) - 1) ** 2).mean()
        if loss == "hinge":
            return (1 - d_real).relu().mean() + (1 + d_fake).relu().mean() + weight / 2 * r1
        if loss == "non-saturating":
            return softplus(-d_real).mean() + softplus(d_fake).mean() + weight / 2 * r1
        return softplus(d_fake - d_real).mean() + weight / 2 * (r1 + r2)

    def generator_loss(theta, psi):
        fake = made(theta, batch.generator_latents[0])
        if loss == "non-saturating":
            return softplus(-score(psi, fake)).mean()
        if loss == "relativistic":
            return softplus(score(psi, real) - score(psi, fake)).mean()
        return -score(psi, fake).mean()

    def field(both):
        theta, psi = both[:count], both[count:]
        return torch.cat([grad(generator_loss)(theta, psi), grad(critic_loss, argnums=1)(theta, psi)])

    return field


@pytest.fixture(scope="module", params=LOSSES)
def compared(request):
    """The pair, its vector field and Jacobian by overgan, and both by dense automatic differentiation."""
    pair, _ = trained((3, 3, 1), 3, loss=request.param, gradient_penalty=0.7)
    part = pair.at(pair.last)
    parameters = [p for network in pair.networks for p in network.parameters()]
    field = vector_field(part, pair.loss, pair.batch, differentiable=True)
    product = jacobian_transposed(field, parameters)
    jacobian = np.stack([product(unit) for unit in np.eye(pair.size)])
    both = torch.cat([p.flatten() for p in pair.last])
    shapes = [list(network.parameters()) for network in pair.networks]
    dense = dense_field(request.param, pair.batch, shapes)
    found = torch.cat([v.detach().flatten() for v in field]).numpy()
    return pair, (found, jacobian), (dense(both).numpy(), jacrev(dense)(both).numpy())


def test_the_jacobian_equals_a_dense_one(compared):
    _, (field, jacobian), (dense_v, dense_j) = compared
    np.testing.assert_allclose(field, dense_v, atol=1e-12)  # float64 on both sides
    np.testing.assert_allclose(jacobian, dense_j, atol=1e-10 * np.abs(dense_j).max())
    of_generator = 3 * 2 + 3 + 3 * 9 + 9
    assert np.abs(jacobian[:of_generator, of_generator:]).max() > 1e-3  # each network's gradient depends on the other
    assert np.abs(jacobian[of_generator:, :of_generator]).max() > 1e-3


def test_its_numbers_are_those_of_the_dense_eigenvalues(compared):
    pair, _, (_, dense_j) = compared
    values = np.linalg.eigvals(dense_j)
    ten = values[np.argsort(-np.abs(values))][:10]
    found = game(pair)
    assert found["game_real"] == pytest.approx(np.abs(ten.real).max(), rel=1e-5)
    assert found["game_imaginary"] == pytest.approx(np.abs(ten.imag).max(), rel=1e-5, abs=1e-9)
    assert found["game_imaginary_share"] == pytest.approx((np.abs(ten.imag) / np.abs(ten)).mean(), rel=1e-5, abs=1e-9)


def test_eigenvalues_of_a_large_matrix_are_those_of_numpy():
    matrix = np.random.default_rng(0).standard_normal((150, 150))
    matrix[:2] = 0
    matrix[0, 1], matrix[1, 0] = 30, -30  # a pair of ±30i before all others
    products = []

    def product(x):
        products.append(x)
        return matrix.T @ x

    found = leading_eigenvalues(product, 150, 6)
    values = np.linalg.eigvals(matrix)
    np.testing.assert_allclose(np.sort(np.abs(found)), np.sort(np.abs(values))[-6:], rtol=1e-5)
    np.testing.assert_allclose(found[:2], [30j, -30j], atol=1e-5)
    assert len(products) < 150 * 6  # what they cost is bounded


def test_eigenvalues_that_do_not_settle_are_left_out(monkeypatch):
    monkeypatch.setattr("overgan.study.gan.networks._eigenvalues.RESTARTS", 1)
    rotation = np.kron(np.eye(100), [[0.0, 1.0], [-1.0, 0.0]]) * np.linspace(1, 1.001, 200)  # all as large
    assert len(leading_eigenvalues(lambda x: rotation @ x, 200, 10)) < 10


def test_a_bilinear_game_does_nothing_but_rotate():
    """L_G = −Σ s θ ψ and L_D = Σ s θ ψ − …, so the eigenvalues are ±i s, with s = 1 … 9."""
    pair, _ = trained((3, 3, 1), model={"name": "tests.study.networks:bilinear"}, gradient_penalty=0.0)
    found = game(pair)
    assert found["game_imaginary"] == pytest.approx(9, rel=1e-9)
    assert found["game_real"] == pytest.approx(0, abs=1e-7)
    assert found["game_imaginary_share"] == pytest.approx(1, rel=1e-9)


@pytest.mark.parametrize(("attraction", "rotation"), [(2.0, 0.0), (0.0, 3.0), (2.0, 3.0), (-1.0, 0.5)])
def test_the_path_angle_of_a_quadratic_is_its_closed_form(attraction, rotation):
    length, miss = 5.0, 0.1
    matrix = np.array([[attraction, -rotation], [rotation, attraction]])
    along, aside = np.array([0.6, 0.8]), np.array([-0.8, 0.6])

    def field(alpha):
        return matrix @ ((alpha - 1) * length * along + miss * aside)

    found = path_angle(field, 7 * along)  # whose length does not count
    x, size = (found.alphas - 1) * length, np.hypot(attraction, rotation)
    cosines = (attraction * x - rotation * miss) / (size * np.hypot(x, miss))
    np.testing.assert_allclose(found.cosines, cosines, atol=1e-12)
    np.testing.assert_allclose(found.norms, size * np.hypot(x, miss), rtol=1e-12)
    end = np.hypot(1, miss)  # at 1.2 the path is 1 beyond
    assert found.step == pytest.approx(attraction / size / end, abs=1e-12)
    assert found.bump == pytest.approx(rotation / size * (1 - miss / end), abs=1e-12)


def test_a_path_along_which_the_field_only_falls_has_no_shape():
    found = path_angle(lambda alpha: np.array([2 - alpha, 1.0]), np.array([1.0, 0.0]))
    assert np.isnan([found.step, found.bump]).all()


def test_weights_that_have_not_moved_have_no_path():
    pair, _ = trained((3, 3, 1), iterations=0)
    found = game(pair)
    assert "game_real" in found
    assert not any(key.startswith("path") for key in found)


@pytest.mark.parametrize("loss", LOSSES)
def test_the_derivative_goes_through_the_slopes_of_smooth_critics(loss):
    """With ReLU the slope does not depend on the image; here the penalties do, and so on the generator."""
    pair, _ = trained((3, 3, 1), 3, model={"name": "tests.study.networks:smooth"}, loss=loss, gradient_penalty=2.0)
    parameters = [p for network in pair.networks for p in network.parameters()]
    product = jacobian_transposed(
        vector_field(pair.at(pair.last), pair.loss, pair.batch, differentiable=True), parameters
    )
    w, u = np.random.default_rng(0).standard_normal((2, pair.size))
    expected = product(w) @ u
    parts = torch.split(torch.from_numpy(u), [p.numel() for p in parameters])

    def along(step):
        moved = [p + step * d.view_as(p) for p, d in zip(pair.last, parts, strict=True)]
        v = vector_field(pair.at(moved), pair.loss, pair.batch)
        return torch.cat([part.flatten() for part in v]).numpy() @ w

    step = 1e-5  # the error of a central difference is of its square, and of 1e-16 / step
    assert (along(step) - along(-step)) / (2 * step) == pytest.approx(expected, rel=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dcgan", "resnet"])
def test_convolutional_networks_have_a_game(name):
    """With batch norm: the product agrees with a difference of the field, where no unit changes its side."""
    pair, _ = trained((16, 16, 1), 1, model={"name": name}, batch=8, learning_rate=1e-3, loss="non-saturating")
    part = pair.at(pair.last)
    parameters = [p for network in pair.networks for p in network.parameters()]
    field = vector_field(part, pair.loss, pair.batch, differentiable=True)
    random = np.random.default_rng(0)
    w, u = random.standard_normal((2, pair.size))
    expected = jacobian_transposed(field, parameters)(w) @ u
    parts = torch.split(torch.from_numpy(u), [p.numel() for p in parameters])

    def along(step):
        moved = [p + step * d.view_as(p) for p, d in zip(pair.last, parts, strict=True)]
        v = vector_field(pair.at(moved), pair.loss, pair.batch)
        return torch.cat([part.flatten() for part in v]).numpy() @ w

    step = 1e-8  # so small that of some thousand units none is so near its kink
    assert (along(step) - along(-step)) / (2 * step) == pytest.approx(expected, rel=1e-4)
    assert 0 <= game(pair)["game_imaginary_share"] <= 1
