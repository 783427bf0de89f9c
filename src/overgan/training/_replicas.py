"""The replicas of one group, and everything that their next iteration depends on."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial

import torch
from jaxtyping import Bool, UInt8
from torch import Tensor, nn

from overgan.models import Images, ModelConfig, Part, Shape, build, repeatable, to_network
from overgan.optimizer import decayed
from overgan.training._adam import ReplicaAdam
from overgan.training._average import averaged, decay_at, update
from overgan.training._config import TrainConfig
from overgan.training._cost import replicas_at_once
from overgan.training._generate import AVERAGE, generate
from overgan.training._rules import Scale, scales
from overgan.training._runs import Rule, Run
from overgan.training._streams import Streams, stream
from overgan.training.losses import LOSSES, Given, PerReplica


class Replicas:
    """Generator, critic, their optimizers and random streams, one replica for each run.

    seeds: of the runs; each is trained with every learning rate, by every rule, of the config.
    dither: whether a real image's values are drawn from the intervals of its bytes.
    at_once: how many replicas' losses are computed together; by default as many as memory should hold. Where networks
        convolve, another number may round otherwise.

    Raises OverganError if the networks cannot make images of this shape, or be trained with the config's batch, or
    there is no such loss.
    """

    def __init__(
        self,
        model: ModelConfig,
        config: TrainConfig,
        width: int,
        shape: Shape,
        seeds: list[int],
        device: str = "cpu",
        dither: bool = False,
        at_once: int | None = None,
    ):
        model.check_batch(shape, config.least_batch)
        self.config, self.loss = config, LOSSES[config.loss]
        self.model, self.device, self.dither = model, device, dither
        self.runs, self.iteration = config.runs(seeds), 0
        self.at_once = at_once or replicas_at_once(model, config, width, shape, len(seeds), device)
        dtype = torch.bfloat16 if config.precision == "bf16-mixed" else torch.float32
        self.networks = build(model, width, shape, [stream(seed, "initialization") for seed in self.seeds], dtype)
        by_rule = {rule: scales(model, width, config.base_width, shape, rule) for rule in config.rules}
        self._start(by_rule)
        self.generator, self.critic = (network.to(device) for network in self.networks)
        self.by_name = self.networks._asdict()
        self.origin = {
            name: [p.detach().clone() for p in network.parameters()] for name, network in self.by_name.items()
        }
        self.adam = {
            name: ReplicaAdam(list(network.parameters()), self._rates(name, by_rule), config.betas)
            for name, network in self.by_name.items()
        }
        self.average = averaged(self.generator) if config.average else None
        self.finite = torch.ones(len(self.runs), dtype=torch.bool, device=device)  # no loss was infinite or NaN so far
        names = ("batches", "latents", "interpolation", *(["dither"] if dither else []))
        self.streams = {name: Streams(self.seeds, name) for name in names}

    @property
    def seeds(self) -> list[int]:
        """That of each replica."""
        return [run.seed for run in self.runs]

    @torch.no_grad()
    def _start(self, by_rule: Mapping[Rule, Mapping[str, Sequence[Scale]]]) -> None:
        """Give the initial values the size that each replica's rule wants."""
        for name, network in self.networks._asdict().items():
            for i, parameter in enumerate(network.parameters()):
                for replica, run in zip(parameter, self.runs, strict=True):
                    if (factor := by_rule[run.rule][name][i].start) != 1:
                        replica.mul_(factor)

    def _rates(self, name: str, by_rule: Mapping[Rule, Mapping[str, Sequence[Scale]]]) -> list[list[float]]:
        """The learning rate of each parameter of a network, replica by replica."""
        count = len(list(self.by_name[name].parameters()))
        return [[run.learning_rate * by_rule[run.rule][name][i].rate for run in self.runs] for i in range(count)]

    def iterate(self, images: UInt8[Tensor, "images h w c"]) -> dict[str, PerReplica]:
        """One iteration: `critic_steps` updates of the critic, one of the generator; the last losses of each.

        images: on the device of the replicas, or on the CPU, from where the chosen ones are brought to it.
        """
        config, loss = self.config, self.loss
        share = decayed(1.0, config.schedule, self.iteration, config.iterations)
        # all random numbers of the iteration
        steps, batch = config.critic_steps, config.batch
        generator_batch = config.generator_batch or batch
        chosen = self.streams["batches"].integers(len(images), steps, batch).to(images.device)
        mixes = self.streams["interpolation"].uniform(steps, batch).to(self.device)
        latents = self.streams["latents"].normal(steps + 1, max(batch, generator_batch), self.model.latent)
        latents = latents.to(self.device)
        dithers = None
        if self.dither:
            dithers = self.streams["dither"].uniform(steps, batch, *images.shape[1:]).to(self.device)

        def real(part: Part, step: int) -> Images:
            dither = None if dithers is None else dithers[part.rows, step]
            return part.fold(to_network(images[chosen[part.rows, step]].to(self.device), dither))

        def of_critic(part: Part, step: int) -> tuple[PerReplica, ...]:
            x = real(part, step)
            with torch.no_grad():
                fake = part.generate(latents[part.rows, step, :batch])
            return loss.critic(part, x, fake, Given(mixes[part.rows, step], config.gradient_penalty))

        def of_generator(part: Part) -> tuple[PerReplica, ...]:
            fake = part.generate(latents[part.rows, steps, :generator_batch])
            return (loss.generator(part, lambda: real(part, steps - 1), fake),)

        # the critic's updates, then the generator's
        for step in range(steps):
            critic_loss, *logged = self._update("critic", partial(of_critic, step=step), share, step)
        (generator_loss,) = self._update("generator", of_generator, share, steps)
        if self.average and config.average:
            update(self.average, self.generator, decay_at(config.average, self.iteration))
        self.iteration += 1
        self.finite &= (critic_loss + generator_loss).isfinite()
        logs = dict(zip(loss.logs, logged, strict=True))
        return {"critic_loss": critic_loss, **logs, "generator_loss": generator_loss}

    def _update(
        self, name: str, losses: Callable[[Part], tuple[PerReplica, ...]], share: float, step: int
    ) -> list[PerReplica]:
        """A step of Adam down the first of the losses, with that share of the learning rates; all of them.

        step: which update of the iteration it is.
        """
        self.adam[name].zero_grad()
        values, grads = [], []
        for part in self.networks.parts(len(self.runs), self.at_once):
            parameters = part.parameters[name]
            with _held(part, name), self._drawing(part, step):
                loss, *others = losses(part)
                # replicas share no parameter, so the gradient of the sum is every replica's own gradient; backward,
                # unlike torch.autograd.grad, lays gradients out as their parameters, which the fused Adam expects
                torch.autograd.backward(loss.sum(), inputs=parameters)
            values.append([value.detach() for value in (loss, *others)])
            grads.append([parameter.grad for parameter in parameters])
        if len(grads) > 1:
            for parameter, of_parts in zip(self.by_name[name].parameters(), zip(*grads, strict=True), strict=True):
                if None not in of_parts:
                    parameter.grad = torch.cat(of_parts)
        self.adam[name].step(share)
        return [torch.cat(value) for value in zip(*values, strict=True)]

    def _drawing(self, part: Part, step: int) -> AbstractContextManager[None]:
        """Meanwhile what layers of the user's draw depends on the part's seed and the update; others draw nothing."""
        if not self.model.own:
            return nullcontext()
        seed, *_ = self.seeds[part.rows]  # of the one replica in it
        return repeatable(torch.device(self.device), stream(seed, "own", self.iteration, step).initial_seed())

    @torch.no_grad()
    def moved(self) -> dict[str, PerReplica]:
        """‖θ_t − θ_0‖ / ‖θ_0‖ of both networks."""

        def norm(tensors: Sequence[Tensor]) -> PerReplica:
            return torch.stack([t.double().flatten(1).square().sum(1) for t in tensors]).sum(0).sqrt()

        return {
            f"moved_{name}": norm([p - p0 for p, p0 in zip(network.parameters(), self.origin[name], strict=True)])
            / norm(self.origin[name])
            for name, network in self.by_name.items()
        }

    def sample(
        self, n: int, rows: slice = slice(None), *, unaveraged: bool = False
    ) -> UInt8[Tensor, "replicas {n} h w c"]:
        """The first n images of replicas' evaluation streams: the same latents whenever it is called.

        rows: of these replicas, by default all.
        unaveraged: of the last weights, even if there is an average of them.
        """
        generator = self.generator if unaveraged or self.average is None else self.average
        return generate(generator, self.seeds, n, self.model, self.dither, rows=rows)

    def keep(self, alive: Bool[Tensor, " replicas"]) -> None:
        """Drop the replicas that are not alive; the others go on as they would have."""
        for name in self.by_name:
            self.origin[name] = [p0[alive] for p0 in self.origin[name]]
            self.adam[name].keep(alive)
        for network in (self.generator, self.critic, *([self.average] if self.average else [])):
            for tensor in (*network.parameters(), *network.buffers()):
                tensor.data = tensor.data[alive]
                tensor.grad = None
        for streams in self.streams.values():
            streams.keep(alive.tolist())
        self.finite = self.finite[alive]
        self.runs = [run for run, kept in zip(self.runs, alive.tolist(), strict=True) if kept]

    def tensors(self) -> dict[str, Tensor]:
        """Everything but the iteration and the runs that `restore` needs, by name."""
        tensors = {"finite": self.finite} | {f"streams.{name}": streams.state for name, streams in self.streams.items()}
        for name, network in self.by_name.items():
            tensors |= {f"{name}.{key}": value for key, value in network.state_dict().items()}
            tensors |= {f"adam.{name}.{key}": value for key, value in self.adam[name].tensors().items()}
        if self.average:
            tensors |= {f"{AVERAGE}.{key}": value for key, value in self.average.state_dict().items()}
        return tensors

    def restore(self, tensors: dict[str, Tensor], iteration: int, runs: Sequence[Run] | None = None) -> None:
        """Go on from what `tensors` gave after `iteration` iterations.

        runs: the ones that were left by then, by default all.
        """
        if runs is not None and len(runs) < len(self.runs):
            self.keep(torch.tensor([run in runs for run in self.runs], device=self.device))
        self.iteration = iteration
        self.finite = tensors["finite"].to(self.device)
        for name, streams in self.streams.items():
            streams.state = tensors[f"streams.{name}"]
        for name, network in self.by_name.items():
            network.load_state_dict(_named(tensors, name, network))
            prefix = f"adam.{name}."
            of_adam = {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
            self.adam[name].restore(of_adam)
        if self.average:
            self.average.load_state_dict(_named(tensors, AVERAGE, self.average))


def _named(tensors: Mapping[str, Tensor], name: str, network: nn.Module) -> dict[str, Tensor]:
    return {key: tensors[f"{name}.{key}"] for key in network.state_dict()}


@contextmanager
def _held(part: Part, name: str) -> Iterator[None]:
    """Meanwhile only the network of that name has gradients; a Function cannot know which are asked for."""
    others = [tensor for of, tensors in part.parameters.items() if of != name for tensor in tensors]
    for tensor in others:
        tensor.requires_grad_(False)
    try:
        yield
    finally:
        for tensor in others:
            tensor.requires_grad_()
