"""DCGAN and ResNet networks against plain PyTorch layers, a direct reading of the architecture table."""

import pytest
import torch
from torch import nn

from overgan.errors import OverganError
from overgan.models import ModelConfig, Part, build, networks, parameter_counts
from overgan.training import stream
from overgan.training.losses._wgan_gp import gradient_penalty

CASES = [(name, pixels) for name in ("dcgan", "resnet") for pixels in (32, 64)]
LATENT, BATCH = 6, 16


def pair(name, pixels, width=2, seeds=(0, 1, 2)):
    config = ModelConfig(name=name, latent=LATENT)
    return build(config, width, (pixels, pixels, 3), [stream(seed, "initialization") for seed in seeds])


def draw(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def test_parameter_counts_of_dcgan_by_hand():
    k, z = 64, 128
    generator = (z + 1) * 64 * k + 2 * 64 * k  # linear to 4k × 4 × 4, its norm
    generator += (25 * 4 * k + 1) * 2 * k + 2 * 2 * k + (25 * 2 * k + 1) * k + 2 * k + (25 * k + 1) * 3
    critic = (25 * 3 + 1) * k + (25 * k + 1) * 2 * k + (25 * 2 * k + 1) * 4 * k + 64 * k + 1
    assert parameter_counts(ModelConfig(name="dcgan"), k, (32, 32, 3)) == {"generator": generator, "critic": critic}


def test_parameter_counts_of_resnet_by_hand():
    k, z = 128, 128
    conv3, conv1 = (9 * k + 1) * k, (k + 1) * k
    generator = (z + 1) * 16 * k + 3 * (2 * conv3 + conv1 + 2 * 2 * k) + 2 * k + (9 * k + 1) * 3
    critic = (9 * 3 + 1) * k + conv3 + (3 + 1) * k  # the first block
    critic += 3 * 2 * conv3 + conv1 + k + 1  # the others, of which one has a shortcut; linear
    assert parameter_counts(ModelConfig(name="resnet"), k, (32, 32, 3)) == {"generator": generator, "critic": critic}


@pytest.mark.parametrize(("name", "pixels"), CASES)
def test_shapes(name, pixels):
    generator, critic = pair(name, pixels)
    images = generator(draw(3, BATCH, LATENT))
    assert images.shape == (3, BATCH, 3, pixels, pixels)
    assert images.abs().max() <= 1
    assert critic(images).shape == (3, BATCH)
    assert all(p.shape[0] == 3 for network in (generator, critic) for p in network.parameters())
    assert all(b.shape[0] == 3 for b in generator.buffers())


@pytest.mark.parametrize("batch", [BATCH, 5])  # whole blocks of lanes, and not
@pytest.mark.parametrize(("name", "pixels"), CASES)
def test_a_replica_among_others_is_the_network_built_alone(name, pixels, batch):
    generator, critic = pair(name, pixels)
    generator1, critic1 = pair(name, pixels, seeds=[1])
    z, real = draw(3, batch, LATENT), draw(3, batch, 3, pixels, pixels).tanh()
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
        if pixels == 32:
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
    if pixels == 64:
        x = conv(x, first)
        for block in blocks:
            x = plain_block(x, block, "down", plain_ln)
        return linear(x, critic.last)[:, 0]
    y = conv(conv(x, first.conv1).relu(), first.conv2)
    x = nn.functional.avg_pool2d(y, 2) + nn.functional.avg_pool2d(conv(x, first.shortcut), 2)
    for block, resample in zip(blocks[:3], ("down", None, None), strict=True):
        x = plain_block(x, block, resample, None)
    return linear(x.relu().mean((2, 3)), critic.last)[:, 0]


@pytest.mark.parametrize(("name", "pixels"), CASES)
def test_the_networks_are_those_of_the_table(name, pixels):
    generator, critic = (network.double() for network in pair(name, pixels, width=3, seeds=[5]))
    z, images = draw(1, BATCH, LATENT).double(), draw(1, BATCH, 3, pixels, pixels).double()
    torch.testing.assert_close(generator(z)[0], plain_generator(generator, z[0], name, pixels), rtol=0, atol=1e-12)
    torch.testing.assert_close(critic(images)[0], plain_critic(critic, images[0], name, pixels), rtol=1e-10, atol=1e-12)


GLOROT = {  # the convolutions without the factor √2: every shortcut, and of each network
    ("resnet", 32): ("shortcut", {"generator": "last.weight", "critic": None}),
    ("resnet", 64): ("shortcut", {"generator": None, "critic": "blocks.0.weight"}),
    ("dcgan", 32): (None, {"generator": None, "critic": None}),
    ("dcgan", 64): (None, {"generator": None, "critic": None}),
}


@pytest.mark.parametrize(("name", "pixels"), CASES)
def test_weights_have_the_deviation_of_the_reference(name, pixels):
    """Layer by layer: conv2d.py, deconv2d.py and linear.py of the reference, written out."""
    shortcut, glorot = GLOROT[name, pixels]
    found = set()
    for of, network in pair(name, pixels, width=64 if pixels == 32 else 16, seeds=[0])._asdict().items():
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


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 1), (32, 64, 3), (8, 8, 1), (128, 128, 3)])
@pytest.mark.parametrize("name", ["dcgan", "resnet"])
def test_images_that_the_model_cannot_make_are_named(name, shape):
    with pytest.raises(OverganError, match=rf"model\.name: {name} makes colour images .* {shape[1]} × {shape[0]} with"):
        networks(ModelConfig(name=name), 4, shape, 1)
