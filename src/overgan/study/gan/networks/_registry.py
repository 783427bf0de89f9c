"""The metrics of networks by name, in the order of tables. To add one is to write its file and a line here and there.

There is `overgan.metrics`, which must know the name to say that it is not one of images.
"""

from typing import TYPE_CHECKING

from overgan.registry import Registry

if TYPE_CHECKING:
    from overgan.metrics import Metric

NETWORK_METRICS: "Registry[Metric]" = Registry(
    "metric of networks",
    "overgan.metrics:Metric",
    {
        "tangent_kernel": "overgan.study.gan.networks._tangent:TANGENT_KERNEL",
        "game": "overgan.study.gan.networks._game:GAME",
    },
)
