"""All metrics and feature spaces by name. To add one is to write its file and a line here."""

from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator

from overgan.registry import Registry

if TYPE_CHECKING:
    from overgan.metrics._metric import Metric
    from overgan.metrics.spaces._space import Space

METRICS: "Registry[Metric]" = Registry(
    "metric",
    "overgan.metrics._metric:Metric",
    {  # in the order of tables
        "fid": "overgan.metrics.distances._frechet:METRIC",
        "fid_infinity": "overgan.metrics.distances._fid_infinity:METRIC",
        "kid": "overgan.metrics.distances._kid:METRIC",
        "prdc": "overgan.metrics.distances._prdc:METRIC",
        "memorization": "overgan.metrics.distances._memorization:METRIC",
        "nnd": "overgan.metrics.nnd._divergence:METRIC",
    },
)
MetricName = Annotated[str, AfterValidator(METRICS.known)]

SPACES: "Registry[Space]" = Registry(
    "features",
    "overgan.metrics.spaces._space:Space",
    {
        "inception": "overgan.metrics.spaces._inception:SPACE",
        "classifier": "overgan.metrics.spaces._classifier:SPACE",
        "random": "overgan.metrics.spaces._random:SPACE",
        "pixels": "overgan.metrics.spaces._pixels:SPACE",
    },
)
SEEDED = ("random",)  # spaces that NAME-SEED names, too; NAME alone is NAME-0
