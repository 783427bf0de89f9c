"""The claims, in the order of the report; to add one is to add a line."""

from types import FunctionType

from overgan.registry import Registry

CLAIMS: Registry[FunctionType] = Registry(  # each from a GanResults and the confidence of its intervals to a Claim
    "claim",
    FunctionType,
    {
        "quality": "overgan.study.gan.claims._quality:quality",
        "saturation": "overgan.study.gan.claims._saturation:saturation",
        "generalization": "overgan.study.gan.claims._generalization:generalization",
        "memorization": "overgan.study.gan.claims._memorization:memorization",
        "convergence": "overgan.study.gan.claims._convergence:convergence",
        "stability": "overgan.study.gan.claims._stability:stability",
        "balance": "overgan.study.gan.claims._balance:balance_claim",
        "laziness": "overgan.study.gan.claims._laziness:laziness",
        "tangent": "overgan.study.gan.claims._tangent:tangent",
        "game": "overgan.study.gan.claims._game:game",
    },
)
