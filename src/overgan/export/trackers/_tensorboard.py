"""TensorBoard: a folder of event files, which `tensorboard --logdir` shows, also while they are written."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from overgan.export._format import needed
from overgan.export._rows import Point
from overgan.export._tracker import Tracker
from overgan.study import Study

OURS = ".overgan"  # the end of the names of our event files


class TensorBoard(Tracker):
    """A folder a run, with an event file for each process that wrote to it."""

    beside = True

    def __init__(self, study: Study, out: Path, of: str):
        """of: the folder, by default tensorboard among the exports."""
        del study
        self.folder = Path(of).expanduser().resolve() if of else out / "tensorboard"
        self.place, self.state = str(self.folder), self.folder / "overgan-sent.json"
        self._files = needed("tensorboard.summary.writer.event_file_writer", "tensorboard")
        self._event = needed("tensorboard.compat.proto.event_pb2", "tensorboard").Event
        self._summary = needed("tensorboard.compat.proto.summary_pb2", "tensorboard").Summary
        self._open: dict[str, Any] = {}

    def begin(self, run: str, facts: dict[str, str | float], times: int) -> None:
        """Remove our files of the run."""
        del facts, times
        if run in self._open:
            self._open.pop(run).close()
        for path in (self.folder / run).glob(f"events.out.tfevents.*{OURS}"):
            path.unlink()

    def write(self, run: str, times: int, points: Sequence[Point]) -> None:
        """A summary for each point."""
        del times
        if run not in self._open:
            self._open[run] = self._files.EventFileWriter(str(self.folder / run), filename_suffix=OURS)
        for iteration, values in points:
            of = [self._summary.Value(tag=name, simple_value=value) for name, value in values.items()]
            event = self._event(wall_time=time.time(), step=iteration, summary=self._summary(value=of))
            self._open[run].add_event(event)
        self._open[run].flush()

    def end(self) -> None:
        """Close the files."""
        while self._open:
            self._open.popitem()[1].close()
