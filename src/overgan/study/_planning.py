"""The next round of a study, planned from its store by whichever process comes first."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from overgan.disk import try_lock
from overgan.study._hold import planning
from overgan.study._kinds import KINDS
from overgan.study._load import read_description
from overgan.study._rounds import Round, Rounds, read_rounds, write_rounds
from overgan.study._status import GroupStatus
from overgan.study._store import Description, write_description

PLANNING = ".planning"  # folder whose lock the one who plans has

Next = Literal["work", "wait", "end"]  # there is work to do; others have it; there is nothing more


def advance(folder: Path) -> Next:
    """Go on to the next round, if the newest one is done: what a process without work should do then.

    Two processes that look at the same store come to the same round, and one of them writes it.
    """
    rounds = read_rounds(folder)
    if rounds is None or rounds.planner == "grid" or rounds.is_over:
        return "end"
    with alone(folder) as free:
        return _advance(folder) if free else "wait"


@contextmanager
def alone(folder: Path, timeout: float = 0.0) -> Iterator[bool]:
    """Be the only one who changes the rounds of a study, of all processes and machines.

    Yields whether that could be had; timeout: seconds to wait for other processes of this machine.
    """
    with try_lock(folder / PLANNING, timeout) as free:
        if not free:
            yield False
            return
        with planning(folder) as ours:
            yield ours


def next_seconds(folder: Path) -> float | None:
    """What the next round takes at least; None if there is none, or the newest one is not done."""
    rounds = read_rounds(folder)
    if rounds is None or rounds.planner == "grid":
        return None
    found = _following(folder, read_description(folder), rounds)
    return None if isinstance(found, str) else found[1]


def is_finished(folder: Path, description: Description) -> bool:
    """Whether no more rows come: all groups are complete, and no other round follows, or the time is up.

    description: of the study in the folder; if it is of a round before the newest one, the study is not finished.
    """
    rounds, kind = read_rounds(folder), KINDS[description.spec.kind]
    if rounds is None or rounds.planner == "grid" or rounds.is_over:
        return all(group.complete for group in kind.study(folder, description).status())
    assert kind.planner  # noqa: S101 - a kind that has rounds has one
    is_newest = kind.planner.at_round(description.spec, rounds.newest) == description.spec
    return is_newest and _following(folder, description, rounds) == "end"


def _advance(folder: Path) -> Next:
    """What `advance` does, for the only one who plans."""
    rounds = read_rounds(folder)
    if rounds is None:
        return "wait"
    description = _as_of(folder, rounds.newest)
    found = _following(folder, description, rounds)
    if isinstance(found, str):
        return found
    following, seconds = found
    if rounds.until and time.time() + seconds > rounds.until:
        write_rounds(folder, rounds.model_copy(update={"until": time.time()}))  # what is left of it is of no use
        return "end"
    write_rounds(folder, rounds.model_copy(update={"rounds": [*rounds.rounds, following]}))
    _as_of(folder, following)
    return "work"


def _following(folder: Path, description: Description, rounds: Rounds) -> tuple[Round, float] | Literal["wait", "end"]:
    """The next round, and the seconds that it takes at least, as far as that was measured; or why there is none yet."""
    kind = KINDS[description.spec.kind]
    groups = kind.study(folder, description).status()
    if not all(group.complete for group in groups):
        return "wait"
    assert kind.planner  # noqa: S101 - a kind that has rounds has one
    found = kind.planner.next_round(folder, description, rounds)
    if found is None:
        return "end"
    threads = _threads(description.machine, rounds.newest, found)
    share = threads / description.machine.get("threads", 1) if threads else 1.0
    seconds = max(_seconds(group, rounds.newest, found) for group in groups)
    return found.model_copy(update={"threads": threads}), seconds / share


def _as_of(folder: Path, newest: Round) -> Description:
    """The description of a study, which is written anew if it is not of the newest round yet."""
    description = read_description(folder)
    planner = KINDS[description.spec.kind].planner
    assert planner  # noqa: S101 - a kind that has rounds has one
    if planner.at_round(description.spec, newest) != description.spec:
        description = planner.described(description, newest)
        write_description(folder, description)
    return description


def _seconds(group: GroupStatus, newest: Round, following: Round) -> float:
    """What a group will take with the threads that a worker usually has, however many work on the round."""
    longer = following.iterations / newest.iterations
    more = following.seeds[group.width] / newest.seeds[group.width]
    return group.seconds * (longer * more - 1)


def _threads(machine: Mapping[str, Any], newest: Round, following: Round) -> int | None:
    """The threads of each worker of this machine, if those that have nothing to do in a round leave theirs to others.

    It is a part of the plan, as another number of threads rounds otherwise.
    """
    longer = following.iterations > newest.iterations
    at_work = sum(longer or n > newest.seeds.get(k, 0) for k, n in following.seeds.items())
    shares = machine["workers"] // at_work
    if shares < 2 or machine.get("executor") != "local" or machine.get("devices", ["cpu"])[0] != "cpu":
        return None
    return int(machine.get("threads", 1) * shares)
