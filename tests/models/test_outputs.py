"""What every layer of a network gives, by name."""

import pytest
import torch

from overgan.models import ModelConfig, build, outputs
from overgan.training import stream


def built(name, width=4, shape=(16, 16, 3), seeds=(0, 1)):
    return build(ModelConfig(name=name, latent=5), width, shape, [stream(seed, "initialization") for seed in seeds])


def latents(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def test_layers_of_an_mlp_by_hand():
    generator, _ = built("mlp")
    z = latents(2, 7, 5)
    first, second, third = generator.layers
    hidden = [z @ first.weight + first.bias]
    hidden.append(hidden[0].relu() @ second.weight + second.bias)
    hidden.append(hidden[1].relu() @ third.weight + third.bias)
    found = outputs(generator, z)
    assert list(found) == ["layers.0", "layers.1", "layers.2"]
    for y, expected in zip(found.values(), hidden, strict=True):
        torch.testing.assert_close(y, expected.flatten(1))


@pytest.mark.parametrize("name", ["dcgan", "resnet"])
def test_every_layer_with_parameters_is_there_and_the_network_stays_as_it_is(name):
    for network, x in zip(built(name), (latents(2, 7, 5), latents(2, 7, 3, 16, 16)), strict=True):
        network.eval()
        before = {key: value.clone() for key, value in network.state_dict().items()}
        found = outputs(network, x)
        of = {name.rpartition(".")[0] for name, _ in network.named_parameters()}
        assert found.keys() == of
        assert all(len(y) == 2 and y.isfinite().all() for y in found.values())
        assert not network.training
        assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())
        assert not any(module._forward_hooks for module in network.modules())


def test_the_last_layer_of_a_critic_gives_its_scores():
    for name in ("dcgan", "resnet"):
        _, critic = built(name)
        x = latents(2, 16, 3, 16, 16)
        torch.testing.assert_close(outputs(critic, x)["last"], critic(x))


MODULE = """
from torch import nn

class Twice(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.first, self.again = nn.Linear(3, width), nn.Linear(width, width)

    def forward(self, z):
        return self.again(self.again(self.first(z)).relu()).reshape(len(z), 1, 2, 2)

def build(width, shape):
    critic = nn.Sequential(nn.Flatten(), nn.Linear(4, 1), nn.Dropout(), nn.Flatten(0))
    return Twice(4), critic
"""


RECURRENT = """
class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.linear = nn.LSTM(4, 2), nn.Linear(2, 1)

    def forward(self, x):
        return self.linear(self.lstm(x.flatten(1))[0]).squeeze(1)

"""


def test_layers_of_the_users_own_module(tmp_path, monkeypatch):
    (tmp_path / "own_twice.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    pair = build(ModelConfig(name="own_twice:build", latent=3), 4, (2, 2, 1), [stream(s, "latents") for s in (0, 1)])
    z = latents(2, 5, 3)
    found = outputs(pair.generator, z)
    for replica in (0, 1):
        alone = pair.generator.alone(replica)
        first = alone.first(z[replica])
        again = alone.again(first)
        expected = torch.cat([again.flatten(), alone.again(again.relu()).flatten()])
        torch.testing.assert_close(found["first"][replica], first.flatten())
        torch.testing.assert_close(found["again"][replica], expected)
    images, state = latents(2, 5, 1, 2, 2), torch.random.get_rng_state()
    assert torch.equal(outputs(pair.critic, images)["1"], outputs(pair.critic, images)["1"])
    assert torch.equal(torch.random.get_rng_state(), state)


def test_a_layer_of_the_users_that_gives_no_tensor_is_left_out(tmp_path, monkeypatch):
    module = MODULE.replace("critic = ", "critic = Recurrent() or ").replace("def build", RECURRENT + "def build")
    (tmp_path / "own_recurrent.py").write_text(module)
    monkeypatch.chdir(tmp_path)
    pair = build(ModelConfig(name="own_recurrent:build", latent=3), 4, (2, 2, 1), [stream(0, "latents")])
    assert list(outputs(pair.critic, latents(1, 5, 1, 2, 2))) == ["linear"]
