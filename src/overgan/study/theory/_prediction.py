"""Studies of how well the linearization at the start predicts training: their spec, and their results."""

import time
from collections.abc import Collection, Sequence
from functools import partial
from typing import Literal

import numpy as np
from jaxtyping import Float
from pydantic import BaseModel, Field

from overgan.study._kind import Facts, Kind
from overgan.study._scale import multiplied
from overgan.study._spec import KIND_OF_STUDY, STRICT, Spec
from overgan.study.analysis import Claim
from overgan.study.theory._claims import falls
from overgan.study.theory._results import TheoryStudy
from overgan.study.theory._runs import Curves, Name, Rows, cost, finite_part, worker
from overgan.theory import DeepFeatureGAN, Problem, ShallowGAN, linearize, simulate
from overgan.words import counted

COLUMNS = ["k", "seed", "gan", "gap", "residual", "predicted", "initial_residual", "steps", "within"]
LINEAR = "The wider the network, the closer its training stays to what its linearization at the start predicts."
LAZY = "The wider the network, the less its weights move, relative to their norm at the start."
MEASURED, PREDICTED = "measured", "predicted"
LOOKED_AT = 100  # steps at which the state is compared, equally far apart on a logarithmic axis


class GanConfig(BaseModel):
    """An entry of the `gans` section: the arguments of `ShallowGAN.gaussian` or `DeepFeatureGAN.gaussian`."""

    model_config = STRICT

    generator: Literal["shallow", "deep"] = Field(description="shallow or deep")
    n: int = Field(100, ge=1, description="number of latents")
    d: int = Field(10, ge=1, description="dimension of the latents")
    m: int = Field(5, ge=1, description="dimension of the data, or number of features of a deep one")
    depth: int = Field(2, ge=1, description="hidden layers, of width k, of a deep generator")
    points: int = Field(10, ge=1, description="dimension of the data of a deep one")
    feature_depth: int = Field(1, ge=0, description="hidden layers of its features, of 10 m units; 0: linear")

    def problem(self, width: int, seed: int) -> Problem:
        """The GAN of one run."""
        if self.generator == "shallow":
            return ShallowGAN.gaussian(self.n, self.d, self.m, width, seed)
        deep = {"depth": self.depth, "points": self.points, "feature_depth": self.feature_depth}
        return DeepFeatureGAN.gaussian(self.n, self.d, self.m, width, seed, **deep)

    def parameters(self, width: int) -> int:
        """How many numbers of the generator are trained."""
        if self.generator == "shallow":
            return width * self.d
        return width * (self.d + 1) + (self.depth - 1) * width * (width + 1) + self.points * (width + 1)


class PredictionSpec(Spec):
    """Which GANs' training is predicted and then measured, for how long."""

    kind: Literal["prediction"] = Field(description=KIND_OF_STUDY)
    gans: dict[Name, GanConfig] = Field(
        min_length=1, description="each under a name of your own; the first one decides the width"
    )
    steps: int = Field(200, ge=1, description="of GDA")
    mu: float = Field(1.0, gt=0, le=1, description="step size of the discriminator")
    eta: float | None = Field(None, gt=0, description="step size of the generator; by default what the theorem allows")
    within: float = Field(
        0.05, gt=0, description="a gap of at most this fraction of the first residual counts as predicted"
    )


@np.errstate(over="ignore", invalid="ignore")  # a run may blow up
def _run(spec: PredictionSpec, seed: int, width: int) -> tuple[Curves, Rows]:
    """Predicted and measured residual norms of every GAN, and a row for each."""
    curves: Curves = {}
    rows: Rows = []
    looked_at = np.unique(np.geomspace(1, spec.steps + 1, LOOKED_AT).round().astype(int)) - 1
    for name, gan in spec.gans.items():
        start = time.perf_counter()
        problem = gan.problem(width, seed)
        linear = linearize(problem, spec.mu, spec.eta)
        traj = simulate(problem, steps=spec.steps, mu=spec.mu, eta=linear.eta, record=looked_at.tolist())
        norms = finite_part(traj.residual_norm)
        curves[f"{name} {MEASURED}"] = norms
        curves[f"{name} {PREDICTED}"] = predicted = finite_part(linear.residual_norm(np.arange(len(norms))))
        apart = traj.recorded_residual - linear.state(traj.recorded_steps)[:, : gan.m]
        gap = float(np.linalg.norm(apart, axis=1).max() / norms[0])
        diverged = len(norms) <= spec.steps
        rows.append(
            {
                "seed": seed,
                "gan": name,
                "gap": gap,
                "residual": norms[-1],
                "predicted": predicted[-1],
                "initial_residual": norms[0],
                "steps": len(norms) - 1,
                "moved": _moved(traj.W, problem.start),
                "within": gap <= spec.within and not diverged,
                "diverged": diverged,
                "eta": linear.eta,
                "spectral_radius": linear.spectral_radius,
                "seconds": time.perf_counter() - start,
            }
        )
    return curves, rows


def _moved(weights: Float[np.ndarray, "..."], start: Float[np.ndarray, "..."]) -> float:
    """‖θ − θ₀‖ / ‖θ₀‖."""
    return float(np.linalg.norm(weights - start) / np.linalg.norm(start))


class PredictionStudy(TheoryStudy):
    """How well training was predicted; the curves are ‖f − x̄‖, measured and predicted, of each GAN."""

    spec: PredictionSpec
    columns = COLUMNS
    case, success, succeeded = "gan", "within", "predicted"

    @property
    def cases(self) -> Sequence[str]:
        """The GANs' names."""
        return list(self.spec.gans)

    def claims(self, confidence: float | None = None) -> list[Claim]:
        """Whether wider networks are closer to their linearization, and move less from where they began."""
        found = self._cases(confidence)
        gap = "the largest ‖r − r̃‖ / ‖r₀‖ of a run"
        return [
            falls(found, "linearization", LINEAR, ("gap", "residuals"), "gap", gap),
            falls(found, "laziness", LAZY, ("moved",), "moved", "the distance ‖θ − θ₀‖ / ‖θ₀‖ in the end"),
        ]

    def _no_success(self, first: str) -> str:
        return f"the prediction for {first} is within {self.spec.within:g} of no run at any width; try wider"

    def _success(self, first: str) -> str:
        return f"of {first} stayed within {self.spec.within:g} ‖r₀‖ of their prediction"


def _facts(spec: PredictionSpec) -> Facts:
    """The first GAN's sizes; everything else follows from the spec."""
    first = next(iter(spec.gans.values()))
    return Facts(parameters={k: {"generator": first.parameters(k), "discriminator": first.m} for k in spec.widths})


def _scaled(spec: PredictionSpec, factor: float, given: Collection[str]) -> PredictionSpec:
    """The spec with its steps and its latents multiplied by factor."""
    gans = {name: multiplied(gan, factor, given, f"gans.{name}.", n=1) for name, gan in spec.gans.items()}
    return multiplied(spec, factor, given, steps=1).model_copy(update={"gans": gans})


KIND = Kind(
    spec=PredictionSpec,
    study=PredictionStudy,
    subject=lambda spec: f"predictions for {counted(len(spec.gans), 'GAN')}",
    length=lambda spec: f"{counted(spec.steps, 'step')} × {counted(len(spec.gans), 'GAN')}",
    scaled=_scaled,
    facts=_facts,
    cost=cost(_run, lambda spec: len(spec.gans), lambda spec: 2 * len(spec.gans) * (spec.steps + 1)),
    worker=partial(worker, _run),
)
