"""The claims, in the order of the report; to add one is to add a line."""

from types import FunctionType

from overgan.registry import Registry

CLAIMS: Registry[FunctionType] = Registry(  # each from a GanResults and the confidence of its intervals to a Claim
    "claim",
    FunctionType,
    {
        "balance": "overgan.study.gan.claims._balance:balance_claim",
    },
)
