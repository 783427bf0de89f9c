"""Rows of a study sent to tools that show curves, each once, while others write the study.

A study's files are looked at every few seconds, not watched by the operating system: a watch sees nothing of what other
machines write on a network's disk, and a look costs a few calls, since only files that have changed are read.
"""

import hashlib
import json
import logging
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, ValidationError

from overgan.disk import read_json, write_json
from overgan.errors import OverganError
from overgan.export._out import of_study
from overgan.export._rows import Curves, Point, curves
from overgan.export._tracker import Tracker
from overgan.study import Study, fetch, is_finished, load
from overgan.words import counted

LOOK_SECONDS = 5.0


class Run(BaseModel):
    """What was sent of a run."""

    model_config = ConfigDict(extra="forbid")

    times: int = 0  # begun before it was last
    sent: dict[str, tuple[int, str]] = {}  # table -> how many of its points, and their checksum


class State(BaseModel):
    """What was sent to a place."""

    model_config = ConfigDict(extra="forbid")

    study: str  # as `of_study` says
    id: str = ""  # of the study there; older exports had none, and took the place as it was typed
    folder: str = ""  # of the study on this machine, by which one around the state is told from its copies
    sending: list[str] = []  # runs of which it is not known what arrived, should this process end
    runs: dict[str, Run] = {}


def track(study: Study, trackers: Sequence[Tracker], *, follow: bool) -> None:
    """Send the rows that were not sent yet, and, to follow a study, those that come until it is finished.

    A run whose rows are no longer those that were sent, as its study went back to an older checkpoint or was measured
    anew, is begun anew; so is one that was being sent when a process was killed.

    Raises OverganError if a tool fails; to follow a study it is tried again, with a notice.
    """
    if not trackers:
        return
    begun: list[set[str]] = [set() for _ in trackers]
    with ExitStack() as ends:
        for tracker in trackers:
            ends.enter_context(_alone(tracker))
        states = [_read(study, tracker) for tracker in trackers]
        for tracker, state, known in zip(trackers, states, begun, strict=True):
            tracker.study_id = state.id
            ends.callback(_end, tracker, state, known)
        while True:
            with study.naming():  # before the rows are read: then those are all
                finished = is_finished(study.folder, study.description)
            runs = curves(study)
            for tracker, state, known in zip(trackers, states, begun, strict=True):
                _send(tracker, state, runs, known, patient=follow and not finished)
            if not follow or finished:
                return
            time.sleep(LOOK_SECONDS)
            study = _renewed(study)


@contextmanager
def _alone(tracker: Tracker) -> Iterator[None]:
    """Meanwhile no other process sends rows there. Raises OverganError if one does, or the state cannot be written."""
    lock = FileLock(tracker.state.with_suffix(".lock"), timeout=0)
    try:
        tracker.state.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise OverganError(f"another process sends rows to {tracker.place}; end that first") from None
    except OSError as error:
        where = tracker.state.parent
        raise OverganError(f"{where} cannot be written ({error.strerror or error}); name another folder") from None
    try:
        yield
    finally:
        lock.release()


def _renewed(study: Study) -> Study:
    """The study as it is now, which may have got more widths."""
    fetch(study.folder)
    now = load(study.folder, study.trusted)
    return study if now.description == study.description else now


def _end(tracker: Tracker, state: State, begun: set[str]) -> None:
    tracker.end()
    if begun:
        state.sending = [name for name in state.sending if name not in begun]
        write_json(tracker.state, state.model_dump())


def _send(tracker: Tracker, state: State, runs: Sequence[Curves], begun: set[str], *, patient: bool) -> None:
    """Send what is new of all runs; begun: those that this process began or went on with, and knows what is there."""
    new = [(run, points) for run in runs if (points := _new(tracker, state, run, begun)) is not None]
    if not new:
        return
    names = {run.name for run, _ in new}
    again = {run.name for run, points in new if points is run.tables}
    for name in again:  # before anything is sent: what fails on its way is then begun under another number
        known = state.runs.get(name)
        state.runs[name] = Run(times=known.times + 1 if known else 0)
    state.sending = sorted({*state.sending, *names})
    write_json(tracker.state, state.model_dump())
    begun -= names
    try:
        for run, points in new:
            known = state.runs[run.name]
            if run.name in again:
                tracker.begin(run.name, run.facts, known.times)
            for of in points.values():
                tracker.write(run.name, known.times, of)
            known.sent = {table: (len(of), _checksum(of)) for table, of in run.tables.items()}
    except OverganError:
        raise
    except Exception as error:
        what = f"{tracker.place} takes no rows ({type(error).__name__}: {' '.join(str(error).split())[:300]})"
        if not patient:
            raise OverganError(f"{what}; mend that, then the same command sends them") from None
        logging.getLogger(__name__).warning(f"overgan: {what}; it is tried again")
        return
    begun |= names
    state.sending = [name for name in state.sending if not tracker.sure and name in begun]
    write_json(tracker.state, state.model_dump())


def _new(tracker: Tracker, state: State, run: Curves, begun: set[str]) -> dict[str, list[Point]] | None:
    """What is to be sent of a run: `run.tables` itself if it is to be begun anew, None if nothing is."""
    known = state.runs.get(run.name)
    if known is None or (run.name in state.sending and run.name not in begun):
        return run.tables
    for table, (count, checksum) in known.sent.items():
        if _checksum(run.tables.get(table, [])[:count]) != checksum:
            return run.tables
    new = {table: of[known.sent.get(table, (0, ""))[0] :] for table, of in run.tables.items()}
    if not any(new.values()):
        return None
    return new if tracker.goes_on or run.name in begun else run.tables


def _checksum(points: Sequence[Point]) -> str:
    return hashlib.sha256(json.dumps(points).encode()).hexdigest()


def _read(study: Study, tracker: Tracker) -> State:
    """What was sent so far. Raises OverganError if it is damaged, or of another study, such as this one's original."""
    path, mend = tracker.state, "remove it, and what is there, to send all again"
    here, folder = of_study(study, path.parent), str(study.folder.resolve())
    if not path.exists():
        return State(study=here, id=secrets.token_hex(8), folder=folder)
    try:
        state = State.model_validate(read_json(path, mend))
    except ValidationError:
        raise OverganError(f"{path} is not overgan's; {mend}") from None
    if not state.id:
        state.id = state.study
        if study.place == state.study or study.folder.resolve() == Path(state.study).resolve():
            state.study = here
    is_copy = here == "." and not tracker.beside and _is_copy(state, path.resolve(), folder)
    if state.study != here or is_copy:
        there, other = counted(len(state.runs), "run"), state.folder if is_copy else state.study
        raise OverganError(f"{tracker.place} has {there} of another study, {other}; name another place")
    if state.folder != folder:
        state.folder = folder
        write_json(path, state.model_dump())
    return state


def _is_copy(state: State, path: Path, folder: str) -> bool:
    """Whether the folder that was sent from is still there, beside the one around the state's path."""
    original = Path(state.folder or folder, path.relative_to(folder))
    try:
        return not original.samefile(path) and State.model_validate(read_json(original)).id == state.id
    except (OSError, OverganError, ValidationError):  # it was moved, and there may be another study now
        return False
