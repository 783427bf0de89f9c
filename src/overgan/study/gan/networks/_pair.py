"""The two networks of one run, as they were at first and at a checkpoint, with a batch that they are looked at on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from overgan.errors import OverganError
from overgan.models import Networks, Part, Shape, to_network
from overgan.study.gan._spec import GanSpec
from overgan.training import Given, Loss, Replicas, Run, stream

BATCH_SEED = 0  # of the batch, which is the same for all runs and widths
CLOSE = 1e-3  # relative, of a distance that float32 weights give twice


@dataclass(frozen=True)
class Batch:
    """What an iteration of the study takes, drawn once, in float64; the first axis is the replica.

    latents: of the critic's update, and generator_latents of the generator's.
    given: what the loss is given beside, of which the mix of real and generated images.
    """

    real: Float[Tensor, "1 batch c h w"]
    latents: Float[Tensor, "1 batch latent"]
    generator_latents: Float[Tensor, "1 generator_batch latent"]
    given: Given

    @classmethod
    def of(cls, spec: GanSpec, images: UInt8[np.ndarray, "images h w c"], device: str = "cpu") -> "Batch":
        """As many training images and latents as the study's own batches have."""
        train, of = spec.train, stream(BATCH_SEED, "networks")
        random: dict[str, Any] = {"generator": of, "dtype": torch.float64}
        chosen = torch.randperm(len(images), generator=of)[: train.batch].numpy()
        bytes_ = torch.from_numpy(images[chosen])[None]
        dither = torch.rand(bytes_.shape, **random) if spec.data.dither else None
        latents = torch.randn(1, bytes_.shape[1], spec.model.latent, **random)
        of_generator = torch.randn(1, train.generator_batch or train.batch, spec.model.latent, **random)
        mix = torch.rand(1, bytes_.shape[1], **random).to(device)
        real = to_network(bytes_, dither).double()
        return cls(real.to(device), latents.to(device), of_generator.to(device), Given(mix, train.gradient_penalty))


@dataclass(frozen=True)
class Pair:
    """Generator and critic of one run, a single replica in float64 and in training mode, its weights as it needs them.

    first, last: the weights at initialization and at the checkpoint, the generator's and then the critic's.
    """

    networks: Networks
    loss: Loss
    batch: Batch
    first: Sequence[Tensor]
    last: Sequence[Tensor]

    @classmethod
    def of(
        cls, spec: GanSpec, width: int, shape: Shape, run: Run, tensors: Mapping[str, Tensor], place: int, batch: Batch
    ) -> "Pair":
        """That of a checkpoint's tensors, whose replica `place` is the run.

        No checkpoint keeps the weights at initialization: they are drawn again.
        """
        rate = {"learning_rate": run.learning_rate, "learning_rates": None}
        rule = {"learning_rate_rule": run.rule, "learning_rate_rules": None}
        config = spec.train.model_copy(update={**rate, **rule, "precision": "float32", "average": None})
        replicas = Replicas(spec.model, config, width, shape, [run.seed], at_once=1)
        first = [value for values in replicas.origin.values() for value in values]
        for name, network in replicas.by_name.items():
            keys = network.state_dict()
            if lacking := [key for key in keys if f"{name}.{key}" not in tensors]:
                raise OverganError(f"the checkpoint of k = {width} lacks {name}.{lacking[0]}; restore it or the spec")
            network.load_state_dict({key: tensors[f"{name}.{key}"][place : place + 1] for key in keys})
            network.to(batch.real.device).double().train()
        device = batch.real.device
        last = [p.detach().clone() for network in replicas.networks for p in network.parameters()]
        return cls(replicas.networks, replicas.loss, batch, [p.to(device).double() for p in first], last)

    @property
    def size(self) -> int:
        """Trained numbers of both networks."""
        return sum(p.numel() for p in self.last)

    def at(self, weights: Sequence[Tensor]) -> Part:
        """The networks with these weights, until they are given others; gradients reach all that depends on them."""
        parameters = [p for network in self.networks for p in network.parameters()]
        with torch.no_grad():
            for parameter, value in zip(parameters, weights, strict=True):
                parameter.copy_(value)
        (part,) = self.networks.parts(1, 1)
        return replace(part, attached=True)

    def moved(self, name: str) -> float:
        """‖θ_t − θ_0‖ / ‖θ_0‖ of the generator or the critic."""
        of_generator = len(list(self.networks.generator.parameters()))
        rows = slice(of_generator) if name == "generator" else slice(of_generator, None)
        first, last = (torch.cat([t.flatten() for t in of[rows]]) for of in (self.first, self.last))
        return float((last - first).norm() / first.norm())

    def check_first(self, logged: Mapping[str, float], what: str) -> None:
        """Raise OverganError if the weights have not moved as far as the log says, so that they began elsewhere."""
        for name in ("generator", "critic"):
            known, found = logged.get(f"moved_{name}"), self.moved(name)
            if known is not None and abs(found - known) > CLOSE * abs(known):
                raise OverganError(
                    f"the initial weights of {what} cannot be drawn again: its {name} would have moved by {found:.4g} "
                    f"of them, and the log says {known:.4g}; measure it with the versions that the study began with"
                )
