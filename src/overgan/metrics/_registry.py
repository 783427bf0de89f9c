"""All metrics by name. To add one is to write its file and a line here."""

from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator

from overgan.registry import Registry

if TYPE_CHECKING:
    from overgan.metrics._metric import Metric

METRICS: "Registry[Metric]" = Registry(
    "metric",
    "overgan.metrics._metric:Metric",
    {  # in the order of tables
        "fid": "overgan.metrics.distances._frechet:METRIC",
        "fid_gap": "overgan.metrics.distances._fid_gap:METRIC",
        "fid_infinity": "overgan.metrics.distances._fid_infinity:METRIC",
        "fid_population": "overgan.metrics.distances._fid_population:METRIC",
        "kid": "overgan.metrics.distances._kid:METRIC",
        "prdc": "overgan.metrics.distances._prdc:METRIC",
        "memorization": "overgan.metrics.distances._memorization:METRIC",
        "nnd": "overgan.metrics.nnd._divergence:METRIC",
    },
)
MetricName = Annotated[str, AfterValidator(METRICS.known)]
