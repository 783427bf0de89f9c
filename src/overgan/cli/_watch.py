"""A study under way: live bars on a terminal, else a line a minute and one a finished width."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Any

from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.text import Text

import overgan.study
from overgan.cli._opening import at, print_opening
from overgan.cli._rounds import with_rounds
from overgan.cli._terminal import bar, console, duration, pace, printable
from overgan.data import no_progress
from overgan.study import GroupStatus, seconds_left, share_done
from overgan.words import counted

if TYPE_CHECKING:
    from overgan.study import Opened, Opening, Watcher

PREPARING = "preparing: images, feature networks that are not cached yet, workers"
ALL = 0  # no width: the task of all widths together
HEARTBEAT_SECONDS, SETTLING_SECONDS = 60.0, 5.0  # between two lines; after the first pace, until it can be said


@contextmanager
def waiting(what: str, *, quiet: bool = False) -> Iterator[None]:
    """Shows that something takes a moment, on a terminal, unless quiet."""
    with console.status(Text(printable(what))) if console.is_terminal and not quiet else nullcontext():
        yield


@contextmanager
def screen(*, quiet: bool = False, until_sure: bool = False) -> Iterator[tuple["Opened", "Watcher"]]:
    """What shows a run's opening, decodes its images, and shows the groups while they are trained; silent if quiet."""
    preparing = console.status(PREPARING)
    columns = [TextColumn("{task.description}"), BarColumn(bar_width=None)]
    columns += [TextColumn(f"{{task.fields[{name}]}}", markup=False) for name in ("count", "pace", "result")]
    progress = Progress(*columns, console=console, expand=True)
    live = console.is_terminal and not quiet
    watch: Watcher = _see_nothing

    def opened(opening: "Opening") -> None:
        nonlocal watch, progress
        if live:  # of several studies in turn, each has its own bars
            progress.stop()
            progress = Progress(*columns, console=console, expand=True)
        if not quiet:
            print_opening(opening, until_sure=until_sure)
        preparing.stop()
        _prepare(opening, quiet=quiet)
        if live:
            preparing.start()
        if not quiet:
            show = bars(progress, preparing.stop, opening.workers) if live else lines(opening.workers)
            watch = with_rounds(opening.folder, show)

    def guarded(groups: list[GroupStatus]) -> None:
        with suppress(OSError):  # a study goes on when nobody can read what it says
            watch(groups)

    try:
        if live:
            preparing.start()
        yield opened, guarded
    finally:
        if live:
            with suppress(OSError):
                preparing.stop()
                progress.stop()


def _prepare(opening: "Opening", *, quiet: bool) -> None:
    """Decode the images, with a bar if that takes a moment, now that the study's folder has not been refused."""
    with nullcontext(no_progress) if quiet else bar(line=True) as show:
        overgan.study.KINDS[opening.spec.kind].prepare(opening.spec, show)


def _see_nothing(_groups: list[GroupStatus]) -> None:
    pass


def bars(progress: Progress, prepared: Callable[[], None], workers: int) -> "Watcher":
    """What shows a bar for each width, and one for all of them together."""
    tasks: dict[int, TaskID] = {}

    def watch(groups: list[GroupStatus]) -> None:
        if not tasks:
            prepared()
            progress.start()
        names = _names(groups)
        if new := [group for group in groups if group.width not in tasks]:
            if ALL in tasks:  # it stays the last
                progress.remove_task(tasks[ALL])
            tasks.update({of.width: progress.add_task(names[of.width], total=of.total, **_beside(of)) for of in new})
            tasks[ALL] = progress.add_task("in all", total=1.0, result="", **_in_all(groups, workers))
        for of in groups:  # a finished one may get more runs, or longer ones
            now: dict[str, Any] = {"description": names[of.width], "total": of.total, "completed": of.done}
            progress.update(tasks[of.width], **now, **_beside(of))
        progress.update(tasks[ALL], completed=share_done(groups), **_in_all(groups, workers))

    return watch


def _names(groups: list[GroupStatus]) -> dict[int, str]:
    """What each width is called: with its number of runs, if they have different ones."""
    several = len({group.runs for group in groups}) > 1
    return {of.width: f"k = {of.width}" + (f" × {counted(of.runs, 'run')}" if several else "") for of in groups}


def _beside(group: GroupStatus) -> dict[str, Any]:
    """What stands beside the bar of a group."""
    return {
        "count": f"{group.done:,}/{group.total:,}",
        "pace": pace(group) if group.per_second else "waiting",
        "result": group.result,
    }


def _in_all(groups: list[GroupStatus], workers: int) -> dict[str, Any]:
    """What stands beside the bar of all groups together."""
    left = seconds_left(groups, workers)
    return {"count": _percent(groups), "pace": f"{duration(left)} left" if left else ""}


def _percent(groups: list[GroupStatus]) -> str:
    return f"{int(100 * share_done(groups))}%"


def lines(workers: int, clock: Callable[[], float] = time.monotonic) -> "Watcher":
    """What prints a line a finished width, and one a minute, the first soon after there is a pace."""
    begun = clock()
    due, is_paced = begun + HEARTBEAT_SECONDS, False
    printed: set[tuple[int, int, int]] = set()  # a width may get more runs, or longer ones, after it was finished

    def watch(groups: list[GroupStatus]) -> None:
        nonlocal due, is_paced
        names = _names(groups)
        for group in groups:
            state = (group.width, group.runs, group.total)
            if group.complete and state not in printed:
                printed.add(state)
                done = f"{group.done:,} {group.unit}s in {duration(group.seconds)}"
                said = [done, *filter(None, [group.result]), f"{group.diverged} diverged"]
                console.print(f"{names[group.width]}: {', '.join(said)}")
        if not is_paced and seconds_left(groups, workers) is not None:
            is_paced, due = True, min(due, clock() + SETTLING_SECONDS)
        if clock() >= due and not all(group.complete for group in groups):
            due = clock() + HEARTBEAT_SECONDS
            console.print(f"{duration(clock() - begun)}: {_heartbeat(groups, workers)}")

    return watch


def _heartbeat(groups: list[GroupStatus], workers: int) -> str:
    left = seconds_left(groups, workers)
    if left is None:
        return PREPARING
    under_way = [at(group) for group in groups if group.done and not group.complete]
    return ", ".join([f"{_percent(groups)} done", f"about {duration(left)} left", *under_way])
