"""The losses by name; to add one is to write its file and a line here, and one in `_defaults` if it wants others."""

from typing import TYPE_CHECKING

from overgan.registry import Registry

if TYPE_CHECKING:
    from overgan.training.losses._loss import Loss

LOSSES: "Registry[Loss]" = Registry(
    "loss",
    "overgan.training.losses._loss:Loss",
    {
        "wgan-gp": "overgan.training.losses._wgan_gp:WGAN_GP",
        "hinge": "overgan.training.losses._hinge:HINGE",
        "non-saturating": "overgan.training.losses._non_saturating:NON_SATURATING",
        "relativistic": "overgan.training.losses._relativistic:RELATIVISTIC",
    },
)
