"""MLflow: an experiment at a tracking server, or in a database file."""

import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from warnings import catch_warnings, simplefilter

from overgan.disk import sha256
from overgan.errors import OverganError
from overgan.export._format import needed
from overgan.export._rows import Point
from overgan.export._tracker import Tracker
from overgan.study import Study

AT_ONCE = 1000  # metrics that MLflow takes in one request
STUDY, RUN, TIMES, ID = "overgan.study", "overgan.run", "overgan.times", "overgan.id"  # tags of a run


DEFAULTS = {  # of MLflow's environment
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # with its 7 a server that is away is known after minutes
}


class MLflow(Tracker):
    """An experiment with the study's name, whose runs are found by their tags."""

    def __init__(self, study: Study, out: Path, of: str):
        """of: the tracking URI, by default MLFLOW_TRACKING_URI's, or else a database among the exports."""
        default = f"sqlite:///{out}/mlflow.db"
        uri = of or os.environ.get("MLFLOW_TRACKING_URI") or default
        self.place = re.sub("//[^/@]*@", "//", uri)  # without a password
        self.beside = uri == default
        self.state = out / ("mlflow.json" if self.beside else f"mlflow-{sha256(self.place.encode())[:8]}.json")
        for name, value in DEFAULTS.items():
            os.environ.setdefault(name, value)
        with _unwarned():
            tracking, self._entities = needed("mlflow.tracking", "mlflow"), needed("mlflow.entities", "mlflow")
            if self.beside:
                needed("sqlalchemy", "mlflow")
                needed("alembic", "mlflow")
                out.mkdir(parents=True, exist_ok=True)
            self._client: Any = tracking.MlflowClient(tracking_uri=uri)
        self._place, self._name, self._experiment = study.place, study.spec.name, ""
        self._ids: dict[str, str] = {}

    def begin(self, run: str, facts: dict[str, str | float], times: int) -> None:
        """Mark runs that were begun before as deleted, and create one."""
        with _unwarned():
            if not self._experiment:
                found = self._client.get_experiment_by_name(self._name)
                self._experiment = found.experiment_id if found else self._client.create_experiment(self._name)
            for before in self._found(run):
                self._client.delete_run(before.info.run_id)
            tags = {STUDY: self._place, RUN: run, TIMES: str(times), ID: self._tag(run)}
            created = self._client.create_run(self._experiment, run_name=run, tags=tags)
            self._ids[run] = created.info.run_id
            for key, value in facts.items():
                self._client.log_param(created.info.run_id, key, value)

    def write(self, run: str, times: int, points: Sequence[Point]) -> None:
        """A metric for each number of a point."""
        del times
        now = int(1000 * time.time())
        metrics = [
            self._entities.Metric(name, value, now, iteration)
            for iteration, values in points
            for name, value in values.items()
        ]
        with _unwarned():
            for first in range(0, len(metrics), AT_ONCE):
                self._client.log_batch(self._id(run), metrics=metrics[first : first + AT_ONCE])

    def end(self) -> None:
        """Say that the runs that this process wrote to are finished."""
        with _unwarned():
            while self._ids:
                self._client.set_terminated(self._ids.popitem()[1])

    def _id(self, run: str) -> str:
        if run not in self._ids:
            experiment = self._client.get_experiment_by_name(self._name)
            self._experiment = experiment.experiment_id if experiment else ""
            found = self._found(run) if experiment else []
            if not found:
                mend = f"remove {self.state}, and the study's runs there, to send all again"
                raise OverganError(f"{self.place} has no run {run} any more; {mend}")
            self._ids[run] = found[0].info.run_id
        return self._ids[run]

    def _found(self, run: str) -> list[Any]:
        """The runs that are not deleted."""
        return list(self._client.search_runs([self._experiment], f"tags.`{ID}` = '{self._tag(run)}'"))

    def _tag(self, run: str) -> str:
        return sha256(f"{self.study_id} {run}".encode())[:16]


@contextmanager
def _unwarned() -> Iterator[None]:
    """Meanwhile MLflow's use of what its own packages have deprecated is not the user's to hear of."""
    with catch_warnings():
        simplefilter("ignore")
        yield
