"""A loss of the user's own, tried before there is work to lose."""

import logging
import re

import torch

from overgan.errors import OverganError
from overgan.models import ModelConfig, Shape, build, repeatable
from overgan.own import explained, is_own
from overgan.training._config import TrainConfig
from overgan.training._streams import stream
from overgan.training.losses import LOSSES, Given

OF_A_DEVICE = re.compile("cuda|nvidia|device", re.IGNORECASE)  # what PyTorch's errors say of a GPU that is missing


def check_loss(model: ModelConfig, config: TrainConfig, width: int, shape: Shape) -> None:
    """Compute the config's loss once, if it is the user's own, of networks of this width.

    That is on the CPU: of a loss that needs another device a notice says that it is not tried.

    shape: height, width and channels of an image.

    Raises OverganError if there is no such loss, it fails, or gives something else than a number for each replica.
    """
    loss, name = LOSSES[config.loss], config.loss
    if not is_own(name):
        return
    height, pixels, channels = shape
    batch = config.batch
    replicas = 3 if batch == 2 else 2  # another number than there are images
    networks = build(model, width, shape, [stream(seed, "initialization") for seed in range(replicas)])
    (part,) = networks.parts(replicas, replicas)
    with repeatable(torch.device("cpu")):
        real = part.fold(torch.rand(replicas, batch, channels, height, pixels))
        fake = part.generate(torch.randn(replicas, batch, model.latent)).detach()
        of_generator = part.generate(torch.randn(replicas, config.generator_batch or batch, model.latent))
        with explained(f"train.loss: {name} fails"):
            given_critic = Given(torch.rand(replicas, batch), config.gradient_penalty)
            try:
                found = {
                    "critic": loss.critic(part, real, fake, given_critic),
                    "generator": (loss.generator(part, lambda: real, of_generator),),
                }
            except (RuntimeError, AssertionError) as error:
                if not OF_A_DEVICE.search(str(error)):
                    raise
                why = " ".join(str(error).split())[:120]
                logging.getLogger(__name__).warning(f"overgan: train.loss: {name} is not tried on the CPU: {why}")
                return
    for what, values in found.items():
        names = ("loss", *loss.logs) if what == "critic" else ("loss",)
        given: object = type(values).__name__
        if isinstance(values, tuple | list):
            given = [tuple(v.shape) if isinstance(v, torch.Tensor) else type(v).__name__ for v in values]
        if given != [(replicas,)] * len(names):
            raise OverganError(
                f"train.loss: {name}: of {replicas} replicas the {what}'s function gives {given}; a tuple of "
                f"{', '.join(names)}, each of shape ({replicas},), is needed"
            )
