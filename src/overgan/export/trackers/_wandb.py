"""Weights & Biases: a project there, or, without a login, folders that `wandb sync` sends later."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from overgan.disk import sha256
from overgan.export._format import needed
from overgan.export._rows import Point
from overgan.export._tracker import Tracker
from overgan.study import Study


class WeightsAndBiases(Tracker):
    """A project with the study's name; runs are known by what their ids are made of."""

    sure = False

    def __init__(self, study: Study, out: Path, of: str):
        """of: the project, by default the study's name."""
        self._wandb = needed("wandb", "wandb")
        self._project = of or study.spec.name
        # W&B makes links, for which the folder of a study would be refused
        inside = study.folder.resolve() in out.resolve().parents
        self._folder = study.folder.resolve().with_name(f"{study.folder.resolve().name}-wandb") if inside else out
        mode = os.environ.get("WANDB_MODE")
        self._mode = mode or ("online" if self._wandb.login(prompt=False, verify=False) else "offline")
        self.goes_on = self._mode == "online"
        self.place = f"the project {self._project}" if self.goes_on else str(self._folder / "wandb")
        self.state = self._folder / f"overgan-sent-{self._mode}-{sha256(self._project.encode())[:8]}.json"
        self._open: dict[str, Any] = {}

    def begin(self, run: str, facts: dict[str, str | float], times: int) -> None:
        """Of a run that is not yet sent the folder is removed; of one that is, a new one takes its place."""
        if run in self._open:
            self._open.pop(run).finish()
        if self._mode == "offline":
            for path in (self._folder / "wandb").glob(f"offline-run-*-{self._id(run, '*')}"):
                shutil.rmtree(path)
        self._start(run, times, facts)

    def write(self, run: str, times: int, points: Sequence[Point]) -> None:
        """A step of the history for each point."""
        if run not in self._open:
            self._start(run, times, {})
        for iteration, values in points:
            self._open[run].log({"iteration": iteration, **values})

    def end(self) -> None:
        """Finish the runs, whose rows are then in their files, or there."""
        while self._open:
            self._open.popitem()[1].finish()

    def _start(self, run: str, times: int, facts: dict[str, str | float]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        settings = {"console": "off", "silent": True, "disable_git": True, "disable_code": True}
        started = self._wandb.init(
            project=self._project,
            id=self._id(run, str(times)),
            name=run,
            config=facts,
            dir=str(self._folder),
            mode=self._mode,
            resume="allow" if self._mode == "online" else None,
            reinit="create_new",
            settings=self._wandb.Settings(**settings, x_disable_stats=True),
        )
        started.define_metric("*", step_metric="iteration")
        self._open[run] = started

    def _id(self, run: str, times: str) -> str:
        """Of a run of this study in this project, begun for the last time after so many."""
        return f"{sha256(f'{self.study_id} {run}'.encode())[:12]}-{times}"
