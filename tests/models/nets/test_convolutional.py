"""DCGAN and ResNet networks against plain PyTorch layers, a direct reading of the architecture table."""

import copy
import re
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch import nn

from overgan.errors import OverganError
from overgan.models import ModelConfig, Part, build, networks, parameter_counts, sizes
from overgan.models._sizes import _counted
from overgan.training import stream
from overgan.training.losses._wgan_gp import gradient_penalty
from overgan.training.losses._zero_centred import squared_slope

NAMES = ("dcgan", "resnet")
IMAGES = [(16, 1), (32, 3), (64, 3), (128, 1), (256, 3)]  # pixels, channels
CASES = [(name, *image) for name in NAMES for image in IMAGES]
TABLE = {  # channels of the generator's layers and, from back to front, of the critic's, in multiples of k
    "dcgan": {16: [2, 1], 32: [4, 2, 1], 64: [8, 4, 2, 1], 128: [16, 8, 4, 2, 1], 256: [16, 8, 8, 4, 2, 1]},
    "resnet": {
        16: [1, 1, 1],
        32: [1, 1, 1, 1],
        64: [8, 8, 4, 2, 1],
        128: [16, 16, 8, 4, 2, 1],
        256: [16, 16, 8, 8, 4, 2, 1],
    },
}
LATENT, BATCH = 6, 16


def pair(name, pixels, channels=3, width=2, seeds=(0, 1, 2)):
    config = ModelConfig(name=name, latent=LATENT)
    return build(config, width, (pixels, pixels, channels), [stream(seed, "initialization") for seed in seeds])


def draw(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def dcgan_by_hand(k, pixels, channels, z=128):
    sizes = [multiple * k for multiple in TABLE["dcgan"][pixels]]
    convolutions = [(25 * i + 1) * o for i, o in pairwise([*sizes, channels])]
    normalized = sum(sizes) + (15 * sizes[0] if pixels <= 32 else 0)  # of the first layer all 4 × 4 numbers
    generator = (z + 1) * 16 * sizes[0] + 2 * normalized + sum(convolutions)
    critic = sum((25 * i + 1) * o for i, o in pairwise([channels, *sizes[::-1]])) + 16 * sizes[0] + 1
    return {"generator": generator, "critic": critic}


def resnet_by_hand(k, pixels, channels, z=128):
    sizes = [multiple * k for multiple in TABLE["resnet"][pixels]]

    def conv3(i, o):
        return (9 * i + 1) * o

    def conv1(i, o):
        return (i + 1) * o

    generator = (z + 1) * 16 * sizes[0] + 2 * k + conv3(k, channels)
    generator += sum(conv3(i, o) + conv3(o, o) + conv1(i, o) + 2 * (i + o) for i, o in pairwise(sizes))
    if pixels <= 32:
        critic = conv3(channels, k) + conv3(k, k) + conv1(channels, k)  # the first block
        shortcuts = {16: 0, 32: 1}[pixels]  # of the others, one for each that halves the size
        critic += 2 * (shortcuts + 2) * conv3(k, k) + shortcuts * conv1(k, k) + k + 1
    else:
        critic = conv3(channels, k) + 16 * sizes[0] + 1
        critic += sum(conv3(i, i) + conv3(i, o) + conv1(i, o) + 2 * (i + i) for i, o in pairwise(sizes[::-1]))
    return {"generator": generator, "critic": critic}


BY_HAND = {"dcgan": dcgan_by_hand, "resnet": resnet_by_hand}


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("pixels", [pixels for pixels, _ in IMAGES])
@pytest.mark.parametrize("name", NAMES)
def test_parameter_counts_by_hand(name, pixels, channels):
    for k in (1, 64):
        counts = parameter_counts(ModelConfig(name=name), k, (pixels, pixels, channels))
        assert counts == BY_HAND[name](k, pixels, channels)


@pytest.mark.parametrize(("pixels", "channels"), IMAGES)
def test_products_of_dcgan_by_hand(pixels, channels):
    """A convolution's weight meets every pixel of its smaller image, from 4 × 4 on, and a linear layer's one number."""
    k, z = 3, 128
    channels_at = [*(multiple * k for multiple in TABLE["dcgan"][pixels]), channels]
    convolutions = sum(25 * i * o * (4 * 2**at) ** 2 for at, (i, o) in enumerate(pairwise(channels_at)))
    first = 16 * channels_at[0]
    found = sizes(ModelConfig(name="dcgan"), k, (pixels, pixels, channels))
    assert found["generator"].products == z * first + convolutions
    # an estimate of time and memory may leave the critic's last layer out
    assert found["critic"].products == pytest.approx(convolutions + first, rel=0.01)


@pytest.mark.parametrize(
    ("model", "pixels"),
    [
        ({"name": "mlp", "depth": 1}, 8),
        ({"name": "mlp", "depth": 3}, 16),
        *(({"name": name}, pixels) for name in NAMES for pixels in (16, 32, 64)),
        ({"name": "dcgan", "critic_width": 5}, 32),
        ({"name": "resnet", "generator_width": 5}, 32),
    ],
)
def test_sizes_of_a_wide_network_are_those_counted_in_it(model, pixels):
    """By its own layers, where `sizes` goes by those of narrow ones; the width that is held is not 7."""
    config, shape = ModelConfig(**model), (pixels, pixels, 3)
    assert sizes(config, 7, shape) == _counted(config, 7, shape)


@pytest.mark.parametrize("name", NAMES)
def test_parameter_counts_in_the_docs_are_those_by_hand(name):
    page = (Path(__file__).parents[3] / "docs/models.md").read_text()
    title = {"dcgan": "DCGAN", "resnet": "ResNet"}[name]
    sizes = [pixels for pixels, _ in IMAGES]
    head, *rows = re.search(rf"\| {title}, k \|.*(?:\n\|.*)*", page).group().splitlines()
    assert re.findall(r"\d+(?= px)", head) == [str(pixels) for pixels in sizes]
    assert len(rows) >= 2
    for row in rows[1:]:  # below the line
        k, *cells = row.replace(",", "").strip("| ").split(" | ")
        assert cells == ["{generator} / {critic}".format(**BY_HAND[name](int(k), pixels, 3)) for pixels in sizes]


@pytest.mark.parametrize(("name", "pixels", "channels"), [case for case in CASES if case[1] < 256])
def test_shapes(name, pixels, channels):
    generator, critic = pair(name, pixels, channels, width=1, seeds=(0, 1))
    with torch.no_grad():
        images = generator(draw(2, BATCH, LATENT))
        assert images.shape == (2, BATCH, channels, pixels, pixels)
        assert images.abs().max() <= 1
        assert critic(images).shape == (2, BATCH)
    assert all(p.shape[0] == 2 for network in (generator, critic) for p in network.parameters())
    assert all(b.shape[0] == 2 for b in generator.buffers())


@pytest.mark.parametrize("batch", [BATCH, 5])  # whole blocks of lanes, and not
@pytest.mark.parametrize(("pixels", "channels"), [(16, 1), (32, 3), (64, 3)])
@pytest.mark.parametrize("name", NAMES)
def test_a_replica_among_others_is_the_network_built_alone(name, pixels, channels, batch):
    generator, critic = pair(name, pixels, channels)
    generator1, critic1 = pair(name, pixels, channels, seeds=[1])
    z, real = draw(3, batch, LATENT), draw(3, batch, channels, pixels, pixels).tanh()
    # always the same: where a unit is so near 0 that rounding decides its sign, the gradients differ by more
    mix = torch.rand(3, batch, generator=torch.Generator().manual_seed(0))

    def results(generator, critic, of):
        fake = generator(z[of])
        part = Part(slice(None), generator, critic, nn.Identity())  # images as they are
        penalty = gradient_penalty(part, real[of], fake.detach(), mix[of])
        scores = critic(fake)
        values = {"fake": fake, "scores": scores, "penalty": penalty}
        for loss, network in (("penalty", critic), ("scores", critic), ("scores", generator)):
            gradients = torch.autograd.grad(
                values[loss].sum(), list(network.parameters()), retain_graph=True, allow_unused=True
            )
            # as one vector: the gradient of a bias before batch norm is 0 and would have nothing to be relative to
            values[f"{loss} {type(network).__name__}"] = torch.cat(
                [g.flatten(1) for g in gradients if g is not None], 1
            )
        return values

    together = results(generator, critic, slice(None))
    alone = results(generator1, critic1, slice(1, 2))
    for key, value in alone.items():
        difference = torch.linalg.vector_norm(together[key][1] - value[0])
        assert difference <= 1e-5 * torch.linalg.vector_norm(value[0]), key


def plain_bn(x, norm):
    """Batch normalization over all but the last-but-spatial axis, written out."""
    axes = [i for i in range(x.ndim) if i != 1]
    mean, var = x.mean(axes, keepdim=True), x.var(axes, unbiased=False, keepdim=True)
    shape = [1, -1] + [1] * (x.ndim - 2)
    return (x - mean) / (var + 1e-5).sqrt() * norm.weight[0].reshape(shape) + norm.bias[0].reshape(shape)


def plain_ln(x, norm):
    mean, var = x.mean((1, 2, 3), keepdim=True), x.var((1, 2, 3), unbiased=False, keepdim=True)
    return (x - mean) / (var + 1e-5).sqrt() * norm.weight[0].reshape(1, -1, 1, 1) + norm.bias[0].reshape(1, -1, 1, 1)


def conv(x, layer):
    return nn.functional.conv2d(x, layer.weight[0], layer.bias[0], layer.stride, layer.weight.shape[-1] // 2)


def linear(x, layer):
    return x.flatten(1) @ layer.weight[0] + layer.bias[0]


def bigger(x):
    return x.repeat_interleave(2, 2).repeat_interleave(2, 3)


def smaller(x):
    return x.unflatten(3, (-1, 2)).unflatten(2, (-1, 2)).mean((3, 5))


def plain_block(x, block, resample, norm):
    short = x if isinstance(block.shortcut, nn.Identity) else None
    y = (norm(x, block.norm1) if norm else x).relu()
    if resample == "up":
        y = conv(bigger(y), block.conv1)
        short = conv(bigger(x), block.shortcut)
    else:
        y = conv(y, block.conv1)
    y = conv((norm(y, block.norm2) if norm else y).relu(), block.conv2)
    if resample == "down":
        y, short = smaller(y), smaller(conv(x, block.shortcut))
    return y + short


def plain_generator(generator, z, name, pixels):
    if name == "dcgan":
        x = linear(z, generator.first)
        if pixels <= 32:
            x = plain_bn(x, generator.norms[0]).reshape(len(z), -1, 4, 4)
        else:
            x = plain_bn(x.reshape(len(z), -1, 4, 4), generator.norms[0])
        for i, layer in enumerate(generator.layers):
            x = x if i == 0 else plain_bn(x, generator.norms[i])
            x = nn.functional.conv_transpose2d(x.relu(), layer.weight[0], layer.bias[0], 2, 2, output_padding=1)
        return x.tanh()
    x = linear(z, generator.first).reshape(len(z), -1, 4, 4)
    for block in generator.blocks:
        x = plain_block(x, block, "up", plain_bn)
    return conv(plain_bn(x, generator.norm).relu(), generator.last).tanh()


def plain_critic(critic, x, name, pixels):
    if name == "dcgan":
        for layer in critic.layers:
            x = nn.functional.leaky_relu(conv(x, layer), 0.2)
        return linear(x, critic.last)[:, 0]
    first, *blocks = critic.blocks
    if pixels > 32:
        x = conv(x, first)
        for block in blocks:
            x = plain_block(x, block, "down", plain_ln)
        return linear(x, critic.last)[:, 0]
    y = conv(conv(x, first.conv1).relu(), first.conv2)
    x = nn.functional.avg_pool2d(y, 2) + nn.functional.avg_pool2d(conv(x, first.shortcut), 2)
    for block, resample in zip(blocks, {16: (None, None), 32: ("down", None, None)}[pixels], strict=True):
        x = plain_block(x, block, resample, None)
    return linear(x.relu().mean((2, 3)), critic.last)[:, 0]


@pytest.mark.parametrize(("name", "pixels", "channels"), CASES)
def test_the_networks_are_those_of_the_table(name, pixels, channels):
    width, batch = (3, BATCH) if pixels <= 64 else (2, 2)
    generator, critic = (network.double() for network in pair(name, pixels, channels, width, seeds=[5]))
    z, images = draw(1, batch, LATENT).double(), draw(1, batch, channels, pixels, pixels).double()
    fake = generator(z)[0]
    assert fake.shape == (batch, channels, pixels, pixels)
    torch.testing.assert_close(fake, plain_generator(generator, z[0], name, pixels), rtol=0, atol=1e-12)
    torch.testing.assert_close(critic(images)[0], plain_critic(critic, images[0], name, pixels), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("pixels", "channels"), [(16, 1), (32, 3), (64, 3)])
@pytest.mark.parametrize("name", NAMES)
def test_scores_and_slopes_of_one_pass_and_their_gradients_are_those_of_pytorchs_layers(name, pixels, channels):
    """E D + E ‖∇D‖² as training computes it, by our own convolutions where a CPU has them; plain layers, float64."""
    networks, images = pair(name, pixels, channels, seeds=[5]), draw(1, BATCH, channels, pixels, pixels).tanh()
    plain, x = copy.deepcopy(networks.critic).double(), images[0].double().requires_grad_()
    (part,) = networks.parts(1, 1)
    scores, slopes = part.score_and_slope(part.fold(images))
    r1 = squared_slope(slopes)
    (scores.mean() + r1.sum()).backward()
    of_plain = plain_critic(plain, x, name, pixels)
    (slope,) = torch.autograd.grad(of_plain.sum(), x, create_graph=True)
    expected = slope.square().sum((1, 2, 3)).mean()
    (of_plain.mean() + expected).backward()
    torch.testing.assert_close(scores[0].double(), of_plain, rtol=1e-4, atol=1e-5)
    assert r1.item() == pytest.approx(expected.item(), rel=1e-4)
    for (key, ours), theirs in zip(networks.critic.named_parameters(), plain.parameters(), strict=True):
        difference = torch.linalg.vector_norm(ours.grad - theirs.grad)
        assert difference <= 1e-4 * torch.linalg.vector_norm(theirs.grad), key


@pytest.mark.parametrize(("name", "pixels", "channels"), CASES)
def test_weights_have_the_deviation_of_the_reference(name, pixels, channels):
    """Layer by layer: conv2d.py, deconv2d.py and linear.py of the reference, written out."""
    # the convolutions without the factor √2: every shortcut, and of one network
    shortcut = "shortcut" if name == "resnet" else None
    glorot = {"generator": None, "critic": None}
    if name == "resnet":
        glorot |= {"generator": "last.weight"} if pixels <= 32 else {"critic": "blocks.0.weight"}
    width = 64 if pixels <= 32 else 16 if pixels == 64 else 8
    found = set()
    for of, network in pair(name, pixels, channels, width, seeds=[0])._asdict().items():
        for key, parameter in network.named_parameters():
            weight = parameter.detach()
            if weight.ndim == 5:
                _, a, b, kernel, _ = weight.shape
                strided = kernel == 5
                transposed = strided and of == "generator"
                inputs, outputs = (a, b) if transposed else (b, a)
                fan_in = inputs * kernel**2 / (4 if transposed else 1)
                fan_out = outputs * kernel**2 / (4 if strided and not transposed else 1)
                he = not (key == glorot[of] or (shortcut and shortcut in key))
                found |= set() if he else {(of, "shortcut" if "shortcut" in key else key)}
                expected = ((4 if he else 2) / (fan_in + fan_out)) ** 0.5
            elif weight.ndim == 3 and "bias" not in key:
                _, fan_in, fan_out = weight.shape
                expected = (2 / (fan_in + fan_out)) ** 0.5
            else:  # biases, and the norms' offsets and scales
                assert torch.equal(weight, torch.full_like(weight, 0.0 if "bias" in key else 1.0)), key
                continue
            # the deviation of a sample of n uniform numbers has a relative standard error of 1 / √(5 n)
            assert weight.std() == pytest.approx(expected, rel=5 / (5 * weight.numel()) ** 0.5), key
            assert weight.abs().max() <= 3**0.5 * expected
    shortcuts = {("generator", "shortcut"), ("critic", "shortcut")} if name == "resnet" else set()
    assert found == shortcuts | {(of, key) for of, key in glorot.items() if key}


def test_widths_of_the_two_networks_may_differ():
    config = ModelConfig(name="dcgan", critic_width=3)
    same = parameter_counts(ModelConfig(name="dcgan"), 3, (32, 32, 3))
    for width in (1, 5):
        counts = parameter_counts(config, width, (32, 32, 3))
        assert counts["critic"] == same["critic"]
        assert counts["generator"] == parameter_counts(ModelConfig(name="dcgan"), width, (32, 32, 3))["generator"]
    with pytest.raises(ValueError, match="nothing would vary"):
        ModelConfig(name="dcgan", critic_width=3, generator_width=4)


@pytest.mark.parametrize(
    ("shape", "nearest"),
    [
        ((28, 28, 1), 32),
        ((48, 48, 1), 64),
        ((32, 64, 3), 32),
        ((8, 8, 1), 16),
        ((75, 100, 3), 64),
        ((600, 500, 3), 256),
    ],
)
@pytest.mark.parametrize("name", NAMES)
def test_images_that_the_model_cannot_make_are_named_with_a_size_to_bring_them_to(name, shape, nearest):
    made = r"square images of 16, 32, 64, 128 or 256 pixels"
    message = (
        rf"^model\.name: {name} makes {made}, .* {shape[1]} × {shape[0]}; resize them with data\.size={nearest}, or"
    )
    with pytest.raises(OverganError, match=message):
        networks(ModelConfig(name=name), 4, shape, 1)


def test_images_of_another_number_of_channels_are_named():
    with pytest.raises(OverganError, match=r"^model\.name: dcgan makes images of 1 or 3 channels, but these have 4;"):
        networks(ModelConfig(name="dcgan"), 4, (32, 32, 4), 1)
