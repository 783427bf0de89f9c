"""Width studies of the paper's shallow GAN (Figs. 2 and 9): their spec, and their results."""

import time
from collections.abc import Collection, Sequence
from functools import partial
from typing import Literal

import numpy as np
from pydantic import BaseModel, Field, model_validator

from overgan.study._kind import Facts, Kind
from overgan.study._scale import multiplied
from overgan.study._spec import KIND_OF_STUDY, STRICT, Spec
from overgan.study.analysis import Claim
from overgan.study.theory._claims import reached, sooner
from overgan.study.theory._results import TheoryStudy
from overgan.study.theory._runs import Curves, Name, Rows, cost, finite_part, worker
from overgan.theory import Draw, Method, ShallowGAN, Target, global_optimum, simulate
from overgan.words import counted

COLUMNS = ["k", "seed", "method", "mse", "optimal_mse", "residual", "initial_residual", "optimum", "steps"]
COLUMNS += ["converged", "diverged"]
OPTIMUM = "Beyond a width, training makes the mean of the generated points that of the data: the MSE falls to 0."


class ProblemConfig(BaseModel):
    """The `problem` section: the arguments of `ShallowGAN.gaussian`."""

    model_config = STRICT

    target: Target = Field("gaussian", description="the data's distribution: gaussian, or two_moons, for m = 2")
    n: int = Field(1000, ge=1, description="number of latents")
    d: int = Field(10, ge=1, description="dimension of the latents")
    m: int = Field(10, ge=1, description="dimension of the data")
    sigma_z: float = Field(1.0, gt=0, description="standard deviation of the latents")
    sigma_v: float = Field(1.0, gt=0, description="standard deviation of the outer weights V, which are not trained")
    sigma_w: float = Field(1.0, gt=0, description="standard deviation of the first inner weights W")

    @model_validator(mode="after")
    def _moons_lie_in_a_plane(self) -> "ProblemConfig":
        if self.target == "two_moons" and self.m != 2:
            raise ValueError("the target two_moons needs m = 2")
        return self


class MethodConfig(BaseModel):
    """An entry of the `methods` section: arguments of `simulate`."""

    model_config = STRICT

    method: Method = Field(description="gda, optimal or alternating")
    mu: float = Field(1.0, gt=0, le=1, description="step size of the discriminator")
    eta: float | None = Field(None, gt=0, description="step size of the generator; by default what the theorem allows")
    critic_steps: int = Field(1, ge=1, description="discriminator steps of alternating")
    latents: Draw = Field("fixed", description="or fresh: new ones at every step")


class ShallowSpec(Spec):
    """A width study of the shallow GAN: which problem, by which methods, for how long."""

    kind: Literal["shallow"] = Field(description=KIND_OF_STUDY)
    problem: ProblemConfig = ProblemConfig()
    methods: dict[Name, MethodConfig] = Field(
        min_length=1, description="ways to train, each under a name of your own; the first one decides the width"
    )
    steps: int = Field(4000, ge=1, description="of a run, at most")
    tol: float = Field(1e-6, ge=0, description="a run converges, and ends, at this residual, relative to the first")


@np.errstate(over="ignore", invalid="ignore")  # a run may blow up
def _run(spec: ShallowSpec, seed: int, width: int) -> tuple[Curves, Rows]:
    """Residual norms of every method, and a row for each."""
    problem = ShallowGAN.gaussian(k=width, seed=seed, **spec.problem.model_dump())
    optimum = global_optimum(problem)
    curves: Curves = {}
    rows: Rows = []
    for name, config in spec.methods.items():
        start = time.perf_counter()
        traj = simulate(problem, steps=spec.steps, tol=spec.tol, stop_early=True, seed=seed, **config.model_dump())
        curves[name] = norms = finite_part(traj.residual_norm)
        rows.append(
            {
                "seed": seed,
                "method": name,
                "mse": norms[-1] ** 2 / spec.problem.m,
                "optimal_mse": optimum**2 / spec.problem.m,
                "residual": norms[-1],
                "initial_residual": norms[0],
                "optimum": optimum,
                "steps": len(norms) - 1,
                "converged": traj.converged,
                "diverged": not traj.converged and len(norms) <= spec.steps,
                "sign_changes": traj.sign_changes,
                "eta": traj.eta,
                "seconds": time.perf_counter() - start,
            }
        )
    return curves, rows


class ShallowStudy(TheoryStudy):
    """The results of a width study of the shallow GAN; its curves are ‖f(W_t) − x̄‖ by each method."""

    spec: ShallowSpec
    columns = COLUMNS
    case, success, succeeded = "method", "converged", "converged"

    @property
    def cases(self) -> Sequence[str]:
        """The methods' names."""
        return list(self.spec.methods)

    def claims(self, confidence: float | None = None) -> list[Claim]:
        """Whether training finds the optimum beyond a width (paper, Figs. 2 and 9), and in fewer steps."""
        found = self._cases(confidence)
        return [
            reached(found, "optimum", OPTIMUM, ("mse", "converged"), "converged", "converge"),
            sooner(found, "steps", "Wider networks converge in fewer steps.", ("residuals",), "converged"),
        ]

    def _no_success(self, first: str) -> str:
        return f"no run converged by {first} at any width; try wider, or more steps"

    def _success(self, first: str) -> str:
        return f"converged by {first}"


def _facts(spec: ShallowSpec) -> Facts:
    """The networks' sizes; everything else follows from the spec."""
    sizes = {k: {"generator": k * spec.problem.d, "discriminator": spec.problem.m} for k in spec.widths}
    return Facts(parameters=sizes)


def _scaled(spec: ShallowSpec, factor: float, given: Collection[str]) -> ShallowSpec:
    """The spec with its steps and its latents multiplied by factor."""
    problem = multiplied(spec.problem, factor, given, "problem.", n=1)
    return multiplied(spec, factor, given, steps=1).model_copy(update={"problem": problem})


KIND = Kind(
    spec=ShallowSpec,
    study=ShallowStudy,
    subject=lambda spec: f"shallow GANs, n = {spec.problem.n}, d = {spec.problem.d}, m = {spec.problem.m}",
    length=lambda spec: f"{counted(spec.steps, 'step')} × {counted(len(spec.methods), 'method')}",
    scaled=_scaled,
    facts=_facts,
    cost=cost(_run, lambda spec: len(spec.methods), lambda spec: len(spec.methods) * (spec.steps + 1)),
    worker=partial(worker, _run),
)
