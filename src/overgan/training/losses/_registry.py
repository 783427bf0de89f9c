"""The losses by name; to add one is to write its file and a line here."""

from typing import TYPE_CHECKING

from overgan.registry import Registry

if TYPE_CHECKING:
    from overgan.training.losses._loss import Loss

LOSSES: "Registry[Loss]" = Registry(
    "loss", "overgan.training.losses._loss:Loss", {"wgan-gp": "overgan.training.losses._wgan_gp:WGAN_GP"}
)
