"""The kinds of study; to add one is to add a line."""

from typing import Any

from overgan.registry import Registry
from overgan.study._kind import Kind

KINDS: Registry[Kind[Any]] = Registry(
    "kind",
    Kind,
    {
        "gan": "overgan.study.gan._kind:KIND",
        "shallow": "overgan.study.theory._shallow:KIND",
        "prediction": "overgan.study.theory._prediction:KIND",
        "certificate": "overgan.study.theory._certificate:KIND",
    },
)
