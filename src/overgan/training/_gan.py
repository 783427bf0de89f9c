"""The replicas of one group, and everything that their next iteration depends on."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from jaxtyping import Bool, UInt8
from torch import Tensor, nn
from torch.func import functional_call

from overgan.models import ModelConfig, build, fold, networks, sizes, to_images, to_network
from overgan.training._config import TrainConfig
from overgan.training._streams import Streams, stream
from overgan.training._wgan_gp import Images, PerReplica, critic_loss, generator_loss

PART_BYTES = 4 * 2**30  # of memory for the replicas that are trained at once
COPIES = 5  # of a layer's output that an update of the critic holds: real, fake, mixed, and the mixed ones' derivatives
GENERATE_CHUNK = 64  # images of a replica generated at once, as many as in training: bounds the memory of wide layers


@dataclass
class Part:
    """Some of a group's replicas, for as long as their parameters do not change."""

    rows: slice
    generate: Callable[[Tensor], Images]
    critic: Callable[[Images], Tensor]
    fold: Callable[[Tensor], Images]


class Gan:
    """Generator, critic, their optimizers and random streams, one replica for each seed.

    at_once: replicas whose losses are computed together; by default as many as their layers' memory allows.
    """

    def __init__(
        self,
        model: ModelConfig,
        config: TrainConfig,
        width: int,
        shape: tuple[int, int, int],
        seeds: Sequence[int],
        device: str = "cpu",
        at_once: int | None = None,
    ):
        self.config = config
        self.latent = model.latent
        self.device = device
        self.seeds = list(seeds)
        self.at_once = at_once or replicas_at_once(model, config, width, shape)
        self.iteration = 0
        dtype = torch.bfloat16 if config.precision == "bf16-mixed" else torch.float32
        pair = build(model, width, shape, [stream(seed, "initialization") for seed in seeds], dtype)
        self.generator, self.critic = (network.to(device) for network in pair)
        self.networks = {"generator": self.generator, "critic": self.critic}
        self.origin = {
            name: [p.detach().clone() for p in network.parameters()] for name, network in self.networks.items()
        }
        self.adam = {
            name: torch.optim.Adam(network.parameters(), lr=config.learning_rate, betas=config.betas, fused=True)
            for name, network in self.networks.items()
        }
        self.finite = torch.ones(len(seeds), dtype=torch.bool, device=device)  # no loss was infinite or NaN so far
        self.streams = {name: Streams(seeds, name) for name in ("batches", "latents", "interpolation")}

    def iterate(self, images: UInt8[Tensor, "images h w c"]) -> dict[str, PerReplica]:
        """One iteration: `critic_steps` updates of the critic, one of the generator; the last losses of each.

        images: on the Gan's device.
        """
        config = self.config
        for adam in self.adam.values():
            adam.param_groups[0]["lr"] = config.learning_rate_at(self.iteration)
        steps, batch = config.critic_steps, config.batch
        generator_batch = config.generator_batch or batch
        chosen = self.streams["batches"].integers(len(images), steps, batch).to(self.device)
        mixes = self.streams["interpolation"].uniform(steps, batch).to(self.device)
        latents = self.streams["latents"].normal(steps + 1, max(batch, generator_batch), self.latent).to(self.device)

        def criticize(part: Part, step: int) -> tuple[PerReplica, ...]:
            real = part.fold(to_network(images[chosen[part.rows, step]]))
            with torch.no_grad():
                fake = part.generate(latents[part.rows, step, :batch])
            return critic_loss(part.critic, real, fake, mixes[part.rows, step], config.gradient_penalty)

        def fool(part: Part) -> tuple[PerReplica, ...]:
            return (generator_loss(part.critic, part.generate(latents[part.rows, steps, :generator_batch])),)

        for step in range(steps):
            loss, wasserstein, penalty = self._update("critic", partial(criticize, step=step))
        (fooled,) = self._update("generator", fool)
        self.iteration += 1
        self.finite &= (loss + fooled).isfinite()
        return {
            "critic_loss": loss,
            "wasserstein": wasserstein,
            "gradient_penalty": penalty,
            "generator_loss": fooled,
        }

    def _update(self, name: str, losses: Callable[[Part], tuple[PerReplica, ...]]) -> list[PerReplica]:
        """A step of Adam down the first of the losses, which it returns."""
        self.adam[name].zero_grad()
        values = []
        for part in self._parts():
            loss, *others = losses(part)
            # replicas share no parameter, so the gradient of the sum is every replica's own gradient; backward, unlike
            # torch.autograd.grad, lays gradients out as their parameters, which the fused Adam takes for granted
            torch.autograd.backward(loss.sum(), inputs=list(self.networks[name].parameters()))
            values.append([value.detach() for value in (loss, *others)])
        self.adam[name].step()
        return [torch.cat(value) for value in zip(*values, strict=True)]

    def _parts(self) -> Iterator[Part]:
        replicas = len(self.seeds)
        if self.at_once >= replicas:
            # a network with a layout of its own keeps to it from generator to critic
            folded = getattr(self.generator, "folded", None)
            yield Part(slice(None), folded or self.generator, self.critic, fold if folded else _as_they_are)
            return
        for first in range(0, replicas, self.at_once):
            rows = slice(first, first + self.at_once)
            yield Part(rows, _rows(self.generator, rows), _rows(self.critic, rows), _as_they_are)

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
        self.finite = tensors["finite"].to(self.device)
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


def replicas_at_once(model: ModelConfig, config: TrainConfig, width: int, shape: tuple[int, int, int]) -> int:
    """How many replicas are trained together: all that PART_BYTES hold, at least one; one of a model of the user's."""
    if model.own:
        return 1
    outputs = sum(size.outputs for size in sizes(model, width, shape).values())
    batch = max(config.batch, config.generator_batch or 0)
    return max(1, PART_BYTES // (COPIES * outputs * batch * torch.float32.itemsize))


def _rows(network: nn.Module, rows: slice) -> Callable[[Tensor], Tensor]:
    """The network of some of its replicas."""
    tensors = {name: t[rows] for name, t in (*network.named_parameters(), *network.named_buffers())}
    return lambda x: functional_call(network, tensors, (x,))


def _as_they_are(images: Tensor) -> Tensor:
    return images


@torch.no_grad()
def generate(generator: nn.Module, seeds: Sequence[int], n: int, latent: int) -> UInt8[Tensor, "replicas {n} h w c"]:
    """Images of the first n latents of each seed's evaluation stream."""
    latents = Streams(seeds, "evaluation").normal(n, latent).to(next(generator.parameters()).device)
    training = generator.training
    generator.eval()  # batch norm by running statistics: an image must not depend on those beside it
    images = torch.cat([to_images(generator(z)).cpu() for z in torch.split(latents, GENERATE_CHUNK, 1)], 1)
    generator.train(training)
    return images


def load_generator(
    model: ModelConfig, width: int, shape: tuple[int, int, int], replicas: int, tensors: dict[str, Tensor]
) -> nn.Module:
    """The generators of a checkpoint's tensors, without what only training needs."""
    generator, _ = networks(model, width, shape, replicas)
    generator.load_state_dict({key: tensors[f"generator.{key}"] for key in generator.state_dict()})
    return generator.requires_grad_(False)
