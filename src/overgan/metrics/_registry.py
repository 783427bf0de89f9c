"""All metrics by name. To add one is to write its file and a line here."""

import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator

from overgan.registry import Registry

if TYPE_CHECKING:
    from overgan.metrics._metric import Metric

FORMER = {  # what these are in Inception's features, and what older versions called them in all
    "fid": "frechet",
    "fid_gap": "frechet_gap",
    "fid_infinity": "frechet_infinity",
    "fid_population": "frechet_population",
    "kid": "kernel",
}
OF_NETWORKS = (
    "is a metric of a study's networks, not of images, and takes both networks' checkpoints: measure it when the study "
    "is trained, `overgan evaluate --study DIR --metrics {}`"
)
METRICS: "Registry[Metric]" = Registry(
    "metric",
    "overgan.metrics._metric:Metric",
    {  # in the order of tables
        "frechet": "overgan.metrics.distances._frechet:METRIC",
        "frechet_gap": "overgan.metrics.distances._frechet_gap:METRIC",
        "frechet_infinity": "overgan.metrics.distances._frechet_infinity:METRIC",
        "frechet_population": "overgan.metrics.distances._frechet_population:METRIC",
        "kernel": "overgan.metrics.distances._kernel:METRIC",
        "prdc": "overgan.metrics.distances._prdc:METRIC",
        "memorization": "overgan.metrics.distances._memorization:METRIC",
        "nnd": "overgan.metrics.nnd._divergence:METRIC",
    },
    FORMER,
    elsewhere={name: OF_NETWORKS.format(name) for name in ("tangent_kernel", "game")},
)
MetricName = Annotated[str, AfterValidator(METRICS.known)]


@cache
def current_key(key: str) -> str:
    """The key of a number in a row, where older versions wrote another one.

    What is `frechet_population` was called fid_infinity before it was called fid_population.
    """
    key = re.sub("^fid_infinity_", "fid_population_", key)
    return re.sub("^(fid|kid)_(?=train|test|gap|inf_|population_)", lambda found: f"{FORMER[found[1]]}_", key)


def current_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with the keys of `current_key`."""
    return {current_key(key): value for key, value in row.items()}
