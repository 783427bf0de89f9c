"""Width studies of the paper's shallow GAN (Figs. 2 and 9): their spec, and their results."""

import io
import time
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from jaxtyping import Float
from pydantic import BaseModel, Field, StringConstraints, model_validator

from overgan.errors import OverganError
from overgan.files import jsonl_line, read_jsonl, write_atomic
from overgan.study._analysis import Recommendation, recommend
from overgan.study._spec import STRICT, Facts, Spec, Stopping, Work
from overgan.study._status import GroupStatus
from overgan.study._store import Description, cores, group_folder
from overgan.study._study import Study
from overgan.theory import Draw, Method, ShallowGAN, Target, global_optimum, simulate

RUNS = "runs.jsonl"
COLUMNS = ["k", "seed", "method", "mse", "optimal_mse", "residual", "initial_residual", "optimum", "steps", "converged"]

MethodName = Annotated[str, StringConstraints(pattern=r"^[\w -]+$")]  # a key in an .npz file too


class ProblemConfig(BaseModel):
    """The `problem` section: the arguments of `ShallowGAN.gaussian`."""

    model_config = STRICT

    target: Target = "gaussian"
    n: int = Field(1000, ge=1, description="latents")
    d: int = Field(10, ge=1, description="dimension of the latents")
    m: int = Field(10, ge=1, description="dimension of the data")
    sigma_z: float = Field(1.0, gt=0)
    sigma_v: float = Field(1.0, gt=0)
    sigma_w: float = Field(1.0, gt=0)

    @model_validator(mode="after")
    def _moons_lie_in_a_plane(self) -> "ProblemConfig":
        if self.target == "two_moons" and self.m != 2:
            raise ValueError("the target two_moons needs m = 2")
        return self


class MethodConfig(BaseModel):
    """An entry of the `methods` section: arguments of `simulate`."""

    model_config = STRICT

    method: Method
    mu: float = Field(1.0, gt=0, le=1, description="step size of the discriminator")
    eta: float | None = Field(None, gt=0, description="of the generator; by default what the theorem allows")
    critic_steps: int = Field(1, ge=1, description="of alternating")
    latents: Draw = "fixed"


class ShallowSpec(Spec):
    """A width study of the shallow GAN: which problem, by which methods, for how long."""

    kind: Literal["shallow"]
    problem: ProblemConfig = ProblemConfig()
    methods: dict[MethodName, MethodConfig] = Field(min_length=1, description="the first one decides the width")
    steps: int = Field(4000, ge=1)
    tol: float = Field(1e-6, ge=0, description="a run converges, and ends, at this residual, relative to the first")

    @property
    def subject(self) -> str:
        """The target, and the problem's sizes."""
        p = self.problem
        target = {"gaussian": "a Gaussian", "two_moons": "Two-Moons"}[p.target]
        return f"mean of {target}, n = {p.n}, d = {p.d}, m = {p.m}"

    @property
    def length(self) -> str:
        """Steps of a run, and its methods."""
        return f"{self.steps:,} steps × {len(self.methods)} methods"

    def scaled(self, factor: float) -> "ShallowSpec":
        """The spec with its steps and its latents multiplied by factor."""
        problem = self.problem.model_copy(update={"n": max(1, round(self.problem.n * factor))})
        steps = max(1, round(self.steps * factor))
        return self.model_copy(update={"problem": problem, "steps": steps, "scale": self.scale * factor})

    def facts(self) -> Facts:
        """The networks' sizes; everything else follows from the spec."""
        sizes = {k: {"generator": k * self.problem.d, "discriminator": self.problem.m} for k in self.widths}
        return Facts(parameters=sizes)

    def seconds(self) -> float:
        """The first seed of every width, times the number of seeds."""
        self._run(self.seeds[0], self.widths[0])  # compiles
        start = time.perf_counter()
        for width in self.widths:
            self._run(self.seeds[0], width)
        return (time.perf_counter() - start) * len(self.seeds) / min(cores(), len(self.widths))

    def worker(self, folder: Path, threads: int, device: str) -> Work:  # noqa: ARG002 — always the CPU
        """Simulate every run of a width that its folder lacks, by all methods."""

        def work(width: int, stopping: Stopping) -> None:
            group = group_folder(folder, width)
            rows = read_jsonl(group / RUNS)
            known = {row["seed"] for row in rows}
            seeds = [seed for seed in self.seeds if seed not in known]
            with ThreadPoolExecutor(threads) as pool:
                results = pool.map(partial(self._run, width=width), seeds)
                for seed, (curves, more) in zip(seeds, results, strict=True):
                    buffer = io.BytesIO()
                    np.savez_compressed(buffer, **curves)
                    write_atomic(curves_file(group, seed), buffer.getvalue())
                    rows += more
                    write_atomic(group / RUNS, "".join(jsonl_line(row) for row in rows).encode())
                    if stopping():
                        pool.shutdown(cancel_futures=True)
                        return

        return work

    def study(self, folder: Path, description: Description) -> "ShallowStudy":
        """The results in the study's folder."""
        return ShallowStudy(folder, description)

    def _run(self, seed: int, width: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Residual norms of every method, and a row for each."""
        problem = ShallowGAN.gaussian(k=width, seed=seed, **self.problem.model_dump())
        optimum = global_optimum(problem)
        curves, rows = {}, []
        for name, config in self.methods.items():
            start = time.perf_counter()
            traj = simulate(problem, steps=self.steps, tol=self.tol, stop_early=True, seed=seed, **config.model_dump())
            curves[name] = norms = traj.residual_norm
            rows.append(
                {
                    "seed": seed,
                    "method": name,
                    "mse": norms[-1] ** 2 / self.problem.m,
                    "optimal_mse": optimum**2 / self.problem.m,
                    "residual": norms[-1],
                    "initial_residual": norms[0],
                    "optimum": optimum,
                    "steps": len(norms) - 1,
                    "converged": traj.converged,
                    "diverged": not traj.converged and len(norms) <= self.steps,
                    "sign_changes": traj.sign_changes,
                    "eta": traj.eta,
                    "seconds": time.perf_counter() - start,
                }
            )
        return curves, rows


SPEC = ShallowSpec


class ShallowStudy(Study):
    """The results of a width study of the shallow GAN."""

    spec: ShallowSpec

    def frame(self) -> pd.DataFrame:
        """One row per run and method: how it ended, and the least residual that any weights could have."""
        return self._rows(RUNS, COLUMNS)

    def residuals(self, width: int, seed: int) -> dict[str, Float[np.ndarray, " norms"]]:
        """‖f(W_t) − x̄‖ for t = 0, 1, … by each method; a curve ends where its run did.

        Raises OverganError if that run is not finished.
        """
        path = curves_file(self.group(width), seed)
        try:
            with path.open("rb") as file, np.load(file) as arrays:
                return dict(arrays)
        except (OSError, ValueError, zipfile.BadZipFile, zlib.error) as error:
            raise OverganError(
                f"{path} cannot be read ({error}); restore it, or move {path.parent} away and run the study again"
            ) from None

    def group_status(self, width: int) -> GroupStatus:
        """How far the group of one width is."""
        rows = pd.DataFrame(read_jsonl(self.group(width) / RUNS), columns=["seed", *COLUMNS[2:], "diverged", "seconds"])
        done = rows.seed.nunique()
        method = next(iter(self.spec.methods))
        converged = int(rows.converged[rows.method == method].sum())
        return GroupStatus(
            width=width,
            unit="run",
            done=done,
            total=len(self.spec.seeds),
            seconds=float(rows.seconds.sum()),
            result=f"{method}: {converged} of {done} converged" if done else "",
            diverged=rows.seed[rows.diverged.astype(bool)].nunique(),
            complete=done == len(self.spec.seeds),
        )

    def recommend(self, tolerance: float | None = None) -> Recommendation:
        """The smallest width at which the first method converges as often as at the best one, usually always.

        Raises OverganError if no run is finished, or none converged.
        """
        method = next(iter(self.spec.methods))
        rows = self.frame()
        rows = rows[rows.method == method]
        if len(rows) and not rows.converged.any():
            raise OverganError(f"no run converged by {method} at any width; try wider, or more steps")
        return recommend(
            {k: 1.0 - rows.converged[rows.k == k].to_numpy(float) for k in self.spec.widths},
            self.spec.tolerance if tolerance is None else tolerance,
            f"share of runs that did not converge by {method}",
        )


def curves_file(group: Path, seed: int) -> Path:
    """The file with the residual curves of one run."""
    return group / f"residuals-{seed:04d}.npz"
