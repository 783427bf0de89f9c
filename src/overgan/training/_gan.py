"""The replicas of one group, and everything that their next iteration depends on."""

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Bool, UInt8
from torch import Tensor, nn

from overgan.models import ModelConfig, build, fold, networks, to_images, to_network
from overgan.training._config import TrainConfig
from overgan.training._streams import Streams, stream
from overgan.training._wgan_gp import PerReplica, critic_loss, generator_loss

GENERATE_CHUNK = 500  # images of a replica generated at once: bounds the memory of wide layers


class Gan:
    """Generator, critic, their optimizers and random streams, one replica for each seed."""

    def __init__(
        self,
        model: ModelConfig,
        config: TrainConfig,
        width: int,
        shape: tuple[int, int, int],
        seeds: Sequence[int],
    ):
        self.config = config
        self.latent = model.latent
        self.seeds = list(seeds)
        self.iteration = 0
        self.generator, self.critic = build(model, width, shape, [stream(seed, "initialization") for seed in seeds])
        # a network with a layout of its own keeps to it from generator to critic
        own = getattr(self.generator, "folded", None)
        self._generate: Callable[[Tensor], Tensor] = own or self.generator
        self._fold: Callable[[Tensor], Tensor] = fold if own else lambda images: images
        self.networks = {"generator": self.generator, "critic": self.critic}
        self.origin = {
            name: [p.detach().clone() for p in network.parameters()] for name, network in self.networks.items()
        }
        self.adam = {
            name: torch.optim.Adam(network.parameters(), lr=config.learning_rate, betas=config.betas, fused=True)
            for name, network in self.networks.items()
        }
        self.finite = torch.ones(len(seeds), dtype=torch.bool)  # no loss was infinite or NaN so far
        self.streams = {name: Streams(seeds, name) for name in ("batches", "latents", "interpolation")}

    def iterate(self, images: UInt8[Tensor, "images h w c"]) -> dict[str, PerReplica]:
        """One iteration: `critic_steps` updates of the critic, one of the generator; the last losses of each."""
        config = self.config
        for adam in self.adam.values():
            adam.param_groups[0]["lr"] = config.learning_rate_at(self.iteration)
        steps, batch = config.critic_steps, config.batch
        chosen = self.streams["batches"].integers(len(images), steps, batch)
        mixes = self.streams["interpolation"].uniform(steps, batch)
        generator_batch = config.generator_batch or batch
        latents = self.streams["latents"].normal(steps + 1, max(batch, generator_batch), self.latent)

        for step in range(steps):
            real = self._fold(to_network(images[chosen[:, step]]))
            with torch.no_grad():
                fake = self._generate(latents[:, step, :batch])
            loss, wasserstein, penalty = critic_loss(self.critic, real, fake, mixes[:, step], config.gradient_penalty)
            self._update("critic", loss)

        fooled = generator_loss(self.critic, self._generate(latents[:, steps, :generator_batch]))
        self._update("generator", fooled)
        self.iteration += 1
        self.finite &= (loss + fooled).isfinite().detach()
        return {
            "critic_loss": loss.detach(),
            "wasserstein": wasserstein.detach(),
            "gradient_penalty": penalty.detach(),
            "generator_loss": fooled.detach(),
        }

    def _update(self, name: str, loss: PerReplica) -> None:
        # replicas share no parameter, so the gradient of the sum is every replica's own gradient; backward, unlike
        # torch.autograd.grad, lays gradients out as their parameters, which the fused Adam takes for granted
        self.adam[name].zero_grad()
        torch.autograd.backward(loss.sum(), inputs=list(self.networks[name].parameters()))
        self.adam[name].step()

    @torch.no_grad()
    def moved(self) -> dict[str, PerReplica]:
        """‖θ_t − θ_0‖ / ‖θ_0‖ of both networks."""

        def norm(tensors: Sequence[Tensor]) -> PerReplica:
            return torch.stack([t.double().flatten(1).square().sum(1) for t in tensors]).sum(0).sqrt()

        return {
            f"moved_{name}": norm([p - p0 for p, p0 in zip(network.parameters(), self.origin[name], strict=True)])
            / norm(self.origin[name])
            for name, network in self.networks.items()
        }

    def sample(self, n: int) -> UInt8[Tensor, "replicas {n} h w c"]:
        """The first n images of every replica's evaluation stream: the same latents whenever it is called."""
        return generate(self.generator, self.seeds, n, self.latent)

    def keep(self, alive: Bool[Tensor, " replicas"]) -> None:
        """Drop the replicas that are not alive; the others go on as they would have."""
        for name, network in self.networks.items():
            self.origin[name] = [p0[alive] for p0 in self.origin[name]]
            for parameter in network.parameters():
                parameter.data = parameter.data[alive]
                parameter.grad = None
                state = self.adam[name].state[parameter]
                state.update({key: value[alive] for key, value in state.items() if key != "step"})
            for module in network.modules():
                for key, buffer in module.named_buffers(recurse=False):
                    setattr(module, key, buffer[alive])
        for streams in self.streams.values():
            streams.keep(alive.tolist())
        self.finite = self.finite[alive]
        self.seeds = [seed for seed, kept in zip(self.seeds, alive.tolist(), strict=True) if kept]

    def tensors(self) -> dict[str, Tensor]:
        """Everything but the iteration and the seeds that `restore` needs, by name."""
        tensors = {"finite": self.finite} | {f"streams.{name}": streams.state for name, streams in self.streams.items()}
        for name, network in self.networks.items():
            tensors |= {f"{name}.{key}": value for key, value in network.state_dict().items()}
            for index, state in self.adam[name].state_dict()["state"].items():
                tensors |= {f"adam.{name}.{index}.{key}": value for key, value in state.items()}
        return tensors

    def restore(self, tensors: dict[str, Tensor], iteration: int) -> None:
        """Go on from what `tensors` gave after `iteration` iterations of the same seeds."""
        self.iteration = iteration
        self.finite = tensors["finite"]
        for name, streams in self.streams.items():
            streams.state = tensors[f"streams.{name}"]
        for name, network in self.networks.items():
            network.load_state_dict({key: tensors[f"{name}.{key}"] for key in network.state_dict()})
            adam = self.adam[name]
            state = adam.state_dict()
            prefix = f"adam.{name}."
            for key, value in tensors.items():
                if key.startswith(prefix):
                    index, field = key.removeprefix(prefix).split(".")
                    state["state"].setdefault(int(index), {})[field] = value
            adam.load_state_dict(state)


@torch.no_grad()
def generate(generator: nn.Module, seeds: Sequence[int], n: int, latent: int) -> UInt8[Tensor, "replicas {n} h w c"]:
    """Images of the first n latents of each seed's evaluation stream."""
    latents = Streams(seeds, "evaluation").normal(n, latent)
    training = generator.training
    generator.eval()  # batch norm by running statistics: an image must not depend on those beside it
    images = torch.cat([to_images(generator(z)) for z in torch.split(latents, GENERATE_CHUNK, 1)], 1)
    generator.train(training)
    return images


def load_generator(
    model: ModelConfig, width: int, shape: tuple[int, int, int], replicas: int, tensors: dict[str, Tensor]
) -> nn.Module:
    """The generators of a checkpoint's tensors, without what only training needs."""
    generator, _ = networks(model, width, shape, replicas)
    generator.load_state_dict({key: tensors[f"generator.{key}"] for key in generator.state_dict()})
    return generator.requires_grad_(False)
