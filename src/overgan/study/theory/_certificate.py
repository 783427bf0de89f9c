"""Studies of whether Theorem A.4's conditions hold, against k, m and d: their spec, and their results."""

import time
from collections.abc import Collection, Sequence
from functools import partial
from typing import Literal

from pydantic import Field

from overgan.study._kind import Facts, Kind
from overgan.study._scale import multiplied
from overgan.study._spec import KIND_OF_STUDY, Spec
from overgan.study.analysis import Claim
from overgan.study.theory._claims import falls, reached
from overgan.study.theory._results import TheoryStudy
from overgan.study.theory._runs import Curves, Name, Rows, cost, worker
from overgan.study.theory._shallow import ProblemConfig
from overgan.theory import ShallowGAN, certify, paired
from overgan.words import counted

CONSTANTS = ["alpha", "beta", "epsilon", "allowed", "radius", "excess", "gamma", "rate"]
CERTIFIED = "Beyond a width, the conditions of Theorem A.4 hold, so that training converges for certain."
NEARER = "The wider the network, the nearer it is to the conditions of Theorem A.4."
COLUMNS = ["k", "seed", "problem", "holds", *CONSTANTS, "conditions"]


class CertifiedConfig(ProblemConfig):
    """An entry of the `problems` section: the arguments of `ShallowGAN.gaussian`, and whether units come in pairs."""

    paired: bool = Field(False, description="units in pairs with v and −v, so that f(W_0) = 0; k counts both")

    def problem(self, width: int, seed: int) -> ShallowGAN:
        """The GAN of one run; units in pairs are an even number of them, at least 2."""
        drawn = self.model_dump(exclude={"paired"})
        if self.paired:
            return paired(ShallowGAN.gaussian(k=max(1, width // 2), seed=seed, **drawn))
        return ShallowGAN.gaussian(k=width, seed=seed, **drawn)


class CertificateSpec(Spec):
    """Which problems are certified."""

    kind: Literal["certificate"] = Field(description=KIND_OF_STUDY)
    problems: dict[Name, CertifiedConfig] = Field(
        min_length=1, description="each under a name of your own; the first one decides the width"
    )
    mu: float = Field(1.0, gt=0, le=1, description="step size of the discriminator")
    eta: float | None = Field(
        None, gt=0, description="step size of the generator; by default the largest that the theorem allows"
    )


def _run(spec: CertificateSpec, seed: int, width: int) -> tuple[Curves, Rows]:
    """No curves, and a row for each problem."""
    rows: Rows = []
    for name, config in spec.problems.items():
        start = time.perf_counter()
        certificate = certify(config.problem(width, seed), spec.mu, spec.eta)
        summary = certificate.summary()
        rows.append(
            {
                "seed": seed,
                "problem": name,
                "holds": certificate.holds,
                **{constant: summary[constant] for constant in CONSTANTS},
                "eta": certificate.eta,
                "conditions": {row["statement"]: row["holds"] for row in summary["conditions"]},
                "diverged": False,
                "seconds": time.perf_counter() - start,
            }
        )
    return {}, rows


class CertificateStudy(TheoryStudy):
    """Where the conditions hold. There are no curves."""

    spec: CertificateSpec
    columns = COLUMNS
    case, success, succeeded = "problem", "holds", "hold"

    @property
    def cases(self) -> Sequence[str]:
        """The problems' names."""
        return list(self.spec.problems)

    def claims(self, confidence: float | None = None) -> list[Claim]:
        """Whether the theorem certifies convergence beyond a width, and how far narrower networks are from it."""
        found = self._cases(confidence)
        return [
            reached(found, "certificate", CERTIFIED, ("holds", "excess"), "holds", "meet all conditions"),
            falls(found, "excess", NEARER, ("excess",), "excess", "the proven bound on ‖J − J₀‖ over the allowed ε"),
        ]

    def _no_success(self, first: str) -> str:
        return f"the conditions hold in no run of {first} at any width; try wider, or a target nearer to f(W_0)"

    def _success(self, first: str) -> str:
        return f"of {first} meet all conditions"


def _facts(spec: CertificateSpec) -> Facts:
    """The first problem's sizes; everything else follows from the spec."""
    first = next(iter(spec.problems.values()))
    return Facts(parameters={k: {"generator": k * first.d, "discriminator": first.m} for k in spec.widths})


def _scaled(spec: CertificateSpec, factor: float, given: Collection[str]) -> CertificateSpec:
    """The spec with its latents multiplied by factor."""
    problems = {name: multiplied(of, factor, given, f"problems.{name}.", n=1) for name, of in spec.problems.items()}
    return spec.model_copy(update={"problems": problems})


KIND = Kind(
    spec=CertificateSpec,
    study=CertificateStudy,
    subject=lambda _spec: "Theorem A.4 for shallow GANs",
    length=lambda spec: counted(len(spec.problems), "certificate"),
    scaled=_scaled,
    facts=_facts,
    cost=cost(_run, lambda spec: len(spec.problems)),
    worker=partial(worker, _run),
)
