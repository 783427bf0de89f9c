import math

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch import nn
from torch.nn import functional

from overgan.errors import OverganError
from overgan.metrics import NND, NNDConfig, NNDStopped, evaluate, neural_net_divergence
from overgan.metrics.nnd._critic import Divergence, build_critic, distance
from overgan.metrics.nnd._divergence import STATE, check_images, summary

TINY = NNDConfig(iterations=12, evaluation_batches=5, batch=4, width=2)
LINEAR = NNDConfig(iterations=300, evaluation_batches=100, batch=16, layers=0, learning_rate=3e-2, average=0.9)
SMALL = NNDConfig(iterations=100, evaluation_batches=30, batch=16, width=4, learning_rate=1e-2, average=0.95)


def noise(n, shape=(8, 8, 1), low=0, high=256, seed=0):
    return np.random.default_rng(seed).integers(low, high, (n, *shape), np.uint8)


def constant(value, shape=(8, 8, 1)):
    return np.full((2, *shape), value, np.uint8)


def swish(x):
    return x / (1 + torch.exp(-x))


def textbook_critic(x, weights, activation=swish):
    """The reference's critic, its layers written out."""
    *convolutions, linear = zip(weights[::2], weights[1::2], strict=True)
    for weight, bias in convolutions:
        x = activation(functional.conv2d(x, weight, bias, stride=2, padding=weight.shape[-1] // 2))
    return x.flatten(1) @ linear[0].T + linear[1]


# what is computed


def test_the_defaults_are_the_articles():
    config = NNDConfig()
    assert (config.iterations, config.evaluation_batches, config.batch) == (100_000, 10_000, 256)
    assert (config.learning_rate, config.betas, config.schedule, config.average) == (2e-4, (0, 0.9), "linear", 0.999)
    assert (config.gradient_penalty, config.slope_epsilon, config.dither) == (10, 1e-8, 1 / 128)
    critic = build_critic(config, (32, 32, 3), torch.Generator().manual_seed(0))
    shapes = [tuple(p.shape) for p in critic.parameters()]
    assert shapes[::2] == [(64, 3, 5, 5), (128, 64, 5, 5), (256, 128, 5, 5), (1, 4 * 4 * 256)]
    assert not any(isinstance(layer, nn.modules.batchnorm._NormBase | nn.LayerNorm) for layer in critic.modules())
    for layer in critic[0], critic[2], critic[4]:
        weight = layer.weight.detach()
        bound = math.sqrt(2 / weight[0].numel())
        # the estimate from n normal numbers has a relative standard error of 1 / √(2n), 1 % for the first layer
        assert weight.std().item() == pytest.approx(bound, rel=0.03)
        assert weight.abs().max() <= 2 * math.sqrt(1.3) * bound * (1 + 1e-6)
    assert all((p == 0).all() for p in list(critic.parameters())[1::2])


@pytest.mark.parametrize("shape", [(8, 8, 1), (9, 13, 2), (28, 28, 1), (32, 32, 3), (64, 64, 3), (256, 256, 1)])
def test_every_size_has_a_score_that_is_the_textbooks(shape):
    critic = build_critic(NNDConfig(width=2), shape, torch.Generator().manual_seed(0)).double()
    height, width, channels = shape
    x = torch.randn(3, channels, height, width, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(critic(x), textbook_critic(x, list(critic.parameters())))


def test_layers_kernel_and_activation_can_be_others():
    config = NNDConfig(width=2, layers=2, kernel=3, activation="leaky_relu")
    critic = build_critic(config, (8, 8, 1), torch.Generator().manual_seed(0))
    weights = list(critic.parameters())
    assert [tuple(w.shape) for w in weights[::2]] == [(2, 1, 3, 3), (4, 2, 3, 3), (1, 2 * 2 * 4)]
    x = torch.randn(3, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(critic(x), textbook_critic(x, weights, lambda y: torch.where(y > 0, y, 0.2 * y)))


def test_the_penalty_is_that_of_slopes_by_finite_differences():
    critic = build_critic(NNDConfig(width=2), (8, 8, 1), torch.Generator().manual_seed(0)).double()
    random = torch.Generator().manual_seed(1)
    images = torch.randn(6, 1, 8, 8, dtype=torch.float64, generator=random)
    mix = torch.rand(3, dtype=torch.float64, generator=random)
    with torch.no_grad():
        slopes = []
        for i in range(3):
            x = images[i] + mix[i] * (images[3 + i] - images[i])
            steps = 1e-5 * torch.eye(64, dtype=torch.float64).view(64, 1, 8, 8)
            gradient = (critic(x + steps) - critic(x - steps))[:, 0] / 2e-5
            slopes.append(math.sqrt(0.25 + (gradient**2).sum().item()))
        scores = [critic(image[None]).item() for image in images]
    wasserstein, penalty = distance(critic, images, mix, slope_epsilon=0.25)
    assert wasserstein.item() == pytest.approx(sum(scores[:3]) / 3 - sum(scores[3:]) / 3, rel=1e-12)
    assert penalty.item() == pytest.approx(sum((s - 1) ** 2 for s in slopes) / 3, rel=1e-7)


@pytest.mark.parametrize("schedule", ["linear", "constant"])
def test_training_is_adam_averaging_and_schedule_written_out(schedule):
    """The same draws, in double precision, by the formulas."""
    config = TINY.model_copy(update={"schedule": schedule, "average": 0.7, "betas": (0.5, 0.9)})
    real, generated = (torch.from_numpy(noise(20, (8, 8, 3), seed=seed)) for seed in (0, 1))
    ours, draws = (Divergence(real, generated, config, 3, "cpu") for _ in range(2))
    weights = [p.detach().double().requires_grad_() for p in draws.critic.parameters()]
    history = []
    first, second = ([torch.zeros_like(w) for w in weights] for _ in range(2))
    for t in range(1, config.iterations + 1):
        images, mix = draws._draw()
        real_batch, fake_batch = images.double().chunk(2)
        x = real_batch + mix.double().view(-1, 1, 1, 1) * (fake_batch - real_batch)
        x.requires_grad_()
        (gradient,) = torch.autograd.grad(textbook_critic(x, weights).sum(), x, create_graph=True)
        penalty = ((torch.sqrt(1e-8 + (gradient**2).sum((1, 2, 3))) - 1) ** 2).mean()
        loss = textbook_critic(fake_batch, weights).mean() - textbook_critic(real_batch, weights).mean() + 10 * penalty
        # the last bias moves no loss: its gradient is rounding, which Adam amplifies, and so it is left out
        for i, g in enumerate(torch.autograd.grad(loss, weights[:-1])):
            first[i] = 0.5 * first[i] + 0.5 * g
            second[i] = 0.9 * second[i] + 0.1 * g**2
            step = first[i] / (1 - 0.5**t) / (torch.sqrt(second[i] / (1 - 0.9**t)) + 1e-8)
            rate = 2e-4 * (1 - (t - 1) / config.iterations) if schedule == "linear" else 2e-4
            weights[i] = (weights[i] - rate * step).detach().requires_grad_()
        history.append([w.detach() for w in weights])
        ours.step()
        # a loss of about 10 in single precision
        assert ours.loss.item() == pytest.approx(loss.item(), rel=1e-4)
    decays = [0.7**age for age in reversed(range(config.iterations))]
    averages = [
        sum(d * w for d, w in zip(decays, past, strict=True)) / sum(decays) for past in zip(*history, strict=True)
    ]
    for network, expected in ((ours.critic, weights), (ours.average, averages)):
        for parameter, value in zip(list(network.parameters())[:-1], expected, strict=False):
            # weights move by up to 12 · 2e-4; rounding may turn a step whose gradient is near zero
            torch.testing.assert_close(parameter.detach().double(), value.detach(), rtol=0, atol=2e-5)


def test_the_average_of_many_iterations_is_the_articles():
    """θ̄ ← 0.999 θ̄ + 0.001 θ, from the start's θ: it is forgotten as 0.999^iterations."""
    config = TINY.model_copy(update={"iterations": 40, "average": 0.5})
    real, generated = (torch.from_numpy(noise(20, seed=seed)) for seed in (0, 1))
    divergence = Divergence(real, generated, config, 0, "cpu")
    articles = [p.detach().clone() for p in divergence.critic.parameters()]
    for _ in range(40):
        divergence.step()
        articles = [
            0.5 * mean + 0.5 * p.detach() for mean, p in zip(articles, divergence.critic.parameters(), strict=True)
        ]
    for mean, article in zip(divergence.average.parameters(), articles, strict=True):
        torch.testing.assert_close(mean, article, rtol=0, atol=1e-6)  # 0.5^40 and rounding


def test_pixels_are_dithered_within_their_level_and_draws_are_of_both_sets():
    real, generated = noise(5, high=128), noise(7, low=128)
    divergence = Divergence(torch.from_numpy(real), torch.from_numpy(generated), NNDConfig(batch=500), 0, "cpu")
    images, mix = divergence._draw()
    for drawn, originals in zip(
        images.movedim(1, -1).double().numpy().reshape(2, 500, -1), (real, generated), strict=True
    ):
        levels = np.floor(drawn * 128) + 128
        assert {tuple(row) for row in levels} == {tuple(row) for row in originals.reshape(len(originals), -1)}
        rest = drawn * 128 + 128 - levels
        # U(0, 1) has variance 1/12; the mean of 32,000 of them a standard error of 0.0016
        assert rest.mean() == pytest.approx(0.5, abs=0.01)
        assert rest.std() == pytest.approx(12**-0.5, abs=0.01)
    assert mix.min() >= 0
    assert mix.max() < 1
    assert mix.mean().item() == pytest.approx(0.5, abs=0.05)


def test_the_value_and_its_standard_error_are_those_of_batches():
    batches = [(3.0, 0.1), (5.0, 0.2), (1.0, 0.6)]
    nnd = summary(batches, 10.0)
    values = [2.0, 3.0, -5.0]
    assert float(nnd) == nnd.value == pytest.approx(0)
    assert nnd.standard_error == pytest.approx(np.std(values, ddof=1) / 3**0.5)
    assert (nnd.wasserstein, nnd.penalty) == (pytest.approx(3), pytest.approx(0.3))


# what it means


@pytest.mark.parametrize("shape", [(8, 8, 1), (8, 10, 3)])
def test_linear_critics_of_shifted_images_reach_the_closed_form(shape):
    """A slope s along a shift of length a gives s a − 10 (s − 1)², at most a + a² / 40; the dither has no part in it.

    It also scores the dither: a batch's value has the standard deviation s √(2 / 12 / batch) / 128.
    """
    nnd = neural_net_divergence(constant(150, shape), constant(110, shape), config=LINEAR)
    a = 40 / 128 * math.sqrt(math.prod(shape))
    s = 1 + a / 20
    # a standard deviation of 100 batches has a relative standard error of 7 %
    assert nnd.standard_error == pytest.approx(s * math.sqrt(2 / 12 / 16) / 128 / 10, rel=0.28)
    # the value is flat at its optimum, the parts of it are not
    assert nnd.value == pytest.approx(a + a**2 / 40, abs=4 * nnd.standard_error)
    assert nnd.wasserstein == pytest.approx(s * a, rel=1e-3)
    assert nnd.penalty == pytest.approx((s - 1) ** 2, rel=1e-2)


def test_another_weight_of_the_penalty_has_its_own_closed_form():
    """With weight λ the optimum is a + a² / 4λ."""
    config = LINEAR.model_copy(update={"gradient_penalty": 2.0})
    nnd = neural_net_divergence(constant(150), constant(110), config=config)
    assert nnd.value == pytest.approx(2.5 + 2.5**2 / 8, abs=4 * nnd.standard_error)


def test_convolutional_critics_of_shifted_images_come_near_the_best_of_all_critics():
    """No critic at all exceeds E ‖x − y‖ + E ‖x − y‖² / 40, by D(x) − D(y) = ∫ ∇D · (x − y) on the segment.

    E ‖x − y‖² is a² plus twice the dither's variance, 64 / 6 / 128².
    """
    nnd = neural_net_divergence(constant(150), constant(110), config=SMALL)
    square = 2.5**2 + 64 / 6 / 128**2
    best = math.sqrt(square) + square / 40
    assert nnd.value < best + 4 * nnd.standard_error
    # a critic that is linear along the shift is the best; curvature left from the start costs some percent
    assert nnd.value > 0.9 * best


def test_identical_distributions_are_not_told_apart():
    """No critic has a positive value: E D(real) = E D(fake)."""
    images = noise(50)
    nnd = neural_net_divergence(images, images, config=SMALL)
    assert nnd.value < 4 * nnd.standard_error
    assert abs(nnd.wasserstein) < 0.1  # a thirtieth of what a shift of 40 levels gives, above
    apart = neural_net_divergence(images, noise(50, high=200), config=SMALL)
    assert abs(nnd.value) < 0.1 * apart.value


def test_worse_generators_have_higher_values():
    real = noise(200)
    values = [neural_net_divergence(real, noise(200, low=low, seed=1), config=SMALL).value for low in (0, 30, 60, 120)]
    assert values == sorted(values)
    assert values[-1] > values[0] + 1


def test_the_fewer_memorized_images_the_higher_the_value(digits):
    few, more, fresh = (neural_net_divergence(digits.test, digits.train[:n], config=SMALL) for n in (5, 50, None))
    assert fresh.value + 5 * fresh.standard_error < more.value
    assert more.value + 5 * more.standard_error < few.value


# reproducible, resumable


def stopped_after(steps):
    asked = iter(range(1, 1_000_000))
    return lambda: next(asked) >= steps


def test_equal_seeds_give_equal_bits_and_others_do_not():
    state = torch.get_rng_state()
    real, generated = noise(9), noise(9, seed=1)
    first, again, other = (neural_net_divergence(real, generated, config=TINY, seed=seed) for seed in (0, 0, 1))
    assert first == again
    assert first != other
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("stops", [[1], [7], [12], [13], [16], [1] * 16])
def test_an_interrupted_one_ends_with_the_same_bits(tmp_path, stops):
    real, generated = noise(9, (9, 8, 3)), noise(9, (9, 8, 3), seed=1)
    whole = neural_net_divergence(real, generated, config=TINY, folder=tmp_path / "whole")
    for stop in stops:
        with pytest.raises(NNDStopped):
            neural_net_divergence(real, generated, config=TINY, folder=tmp_path / "parts", stopping=stopped_after(stop))
    assert neural_net_divergence(real, generated, config=TINY, folder=tmp_path / "parts") == whole
    contents = [(tmp_path / part / STATE).read_bytes() for part in ("whole", "parts")]
    assert contents[0] == contents[1]


def test_a_state_is_written_as_time_passes_and_a_kill_goes_on_from_it(tmp_path):
    config = TINY.model_copy(update={"checkpoint_seconds": 0.0})
    real, generated = noise(9), noise(9, seed=1)

    def killed(done, total):
        if done == 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        neural_net_divergence(real, generated, config=config, folder=tmp_path, progress=killed)
    calls = []
    resumed = neural_net_divergence(
        real, generated, config=config, folder=tmp_path, progress=lambda *call: calls.append(call)
    )
    assert calls == [(done, 17) for done in range(8, 18)]  # the eighth was not saved
    assert resumed == neural_net_divergence(real, generated, config=TINY)


def test_a_finished_one_is_read_and_not_trained_again(tmp_path):
    real, generated = noise(9), noise(9, seed=1)
    first = neural_net_divergence(real, generated, config=TINY, folder=tmp_path)

    def progress(done, total):
        raise AssertionError

    assert neural_net_divergence(real, generated, config=TINY, folder=tmp_path, progress=progress) == first


@pytest.mark.parametrize(
    "change", [{"seed": 1}, {"iterations": 13}, {"generated": noise(9, seed=2)}, {"real": noise(10)}]
)
def test_the_state_of_other_arguments_is_refused(tmp_path, change):
    arguments = {"real": noise(9), "generated": noise(9, seed=1), "config": TINY, "folder": tmp_path}
    neural_net_divergence(**arguments)
    with pytest.raises(OverganError, match="other images, settings or seed; choose another folder or remove it"):
        neural_net_divergence(**arguments | change)


@pytest.mark.parametrize("damage", [lambda content: content[:100], lambda content: content[:-1] + b"?"])
def test_a_damaged_state_is_computed_anew_with_a_notice(tmp_path, caplog, damage):
    real, generated = noise(9), noise(9, seed=1)
    first = neural_net_divergence(real, generated, config=TINY, folder=tmp_path)
    file = tmp_path / STATE
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    assert neural_net_divergence(real, generated, config=TINY, folder=tmp_path) == first
    assert "it is computed from the beginning" in caplog.text
    assert file.read_bytes() == whole


def test_memorized_images_do_not_matter_to_the_state(tmp_path):
    """A generator's own value does not depend on them; states of before had no such key."""
    images = noise(9), noise(9, seed=1)
    first = neural_net_divergence(*images, config=TINY, folder=tmp_path)
    other = TINY.model_copy(update={"memorized": 3})
    assert neural_net_divergence(*images, config=other, folder=tmp_path) == first


@pytest.mark.parametrize(("memorized", "images"), [(5, 5), (1000, 30)])
def test_the_line_for_comparison_is_of_so_many_training_images(digits, tmp_path, monkeypatch, memorized, images):
    compared = []

    def divergence(real, generated, **_):
        compared.append((real, generated))
        return NND(0.0, 0.0, 0.0, 0.0)

    monkeypatch.setattr("overgan.metrics.nnd._divergence.neural_net_divergence", divergence)
    generated, train, test = digits.train[30:60], digits.train[:30], digits.test[:30]
    config = TINY.model_copy(update={"memorized": memorized})
    found = evaluate(generated, train, test, "pixels", ["nnd"], nnd=config, cache=tmp_path)
    assert {"nnd", "nnd_memorized"} <= set(found.rows[-1])
    (_, first), (real, second) = compared
    assert (first == generated).all()
    assert (real == test).all()
    chosen = {image.tobytes() for image in second}
    assert len(second) == len(chosen) == images
    assert chosen <= {image.tobytes() for image in train}


# arguments


def test_iterations_take_the_place_of_the_configs():
    calls = []
    neural_net_divergence(noise(3), noise(3), 4, TINY, progress=lambda *call: calls.append(call))
    assert calls[-1] == (9, 9)


def test_arrays_that_are_read_only_or_views_are_taken():
    real = noise(9)
    flipped = real[::-1, :, ::-1]
    real.flags.writeable = False
    assert neural_net_divergence(real, flipped, config=TINY) == neural_net_divergence(
        real.copy(), flipped.copy(), config=TINY
    )


@pytest.mark.parametrize(
    ("real", "generated", "message"),
    [
        (noise(1), noise(2), r"real is an array \(1, 8, 8, 1\) of uint8; .*\(at least 2,"),
        (noise(2), noise(0), r"generated is an array \(0, 8, 8, 1\) of uint8; .*\(at least 2,"),
        (noise(2, (8, 7, 1)), noise(2, (8, 7, 1)), r"real is an array \(2, 8, 7, 1\) .* of 8 × 8 pixels or more"),
        (noise(2), noise(2, (8, 8, 3)), r"generated is of images \(8, 8, 3\); .* those of real, \(8, 8, 1\)"),
        (noise(2), noise(2, (9, 8, 1)), r"generated is of images \(9, 8, 1\); .* those of real, \(8, 8, 1\)"),
        (noise(2), noise(2) / 255, r"generated is an array \(2, 8, 8, 1\) of float64; it must be uint8 images"),
        (noise(2)[..., 0], noise(2), r"real is an array \(2, 8, 8\) .*, height, width, channels\)"),
    ],
)
def test_images_that_cannot_be_compared_are_named(real, generated, message):
    with pytest.raises(ValueError, match=message):
        check_images(real, generated)


def test_too_few_images_are_named_by_the_function_itself():
    with pytest.raises(ValueError, match=r"generated is an array \(1, 8, 8, 1\)"):
        neural_net_divergence(noise(2), noise(1), config=TINY)


def test_a_bad_number_of_iterations_is_named():
    with pytest.raises(ValidationError, match=r"iterations\s+Input should be greater than or equal to 1"):
        neural_net_divergence(noise(2), noise(2), 0)


def test_a_critic_that_diverges_is_an_error_and_no_number():
    config = TINY.model_copy(update={"learning_rate": 1e30})
    with pytest.raises(OverganError, match="the critic diverged within 12 iterations; lower its learning_rate"):
        neural_net_divergence(noise(9), noise(9, seed=1), config=config)
