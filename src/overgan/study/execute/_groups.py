"""What every worker does, wherever it runs."""

import platform
import time
from collections.abc import Callable, Collection
from pathlib import Path

from overgan.device import resolve_device
from overgan.disk import try_lock
from overgan.errors import OverganError
from overgan.stores import is_address
from overgan.study._hold import mirrored
from overgan.study._kind import Stopping, Work
from overgan.study._kinds import KINDS
from overgan.study._load import read_description
from overgan.study._mirror import fetch, open_description
from overgan.study._planning import advance
from overgan.study._rounds import decides, read_rounds
from overgan.study._store import group_folder
from overgan.study.execute._faults import explained, refuse_vanished, still_there

HELD_SECONDS = 5.0  # until a group that another worker has is tried again
WAIT_SECONDS = 0.5  # until one on this machine looks again whether the others are done with a round


def finish_groups(
    store: str,
    threads: int,
    device: str,
    stopping: Stopping,
    widths: Collection[int] | None = None,
    begun: Callable[[int], None] = lambda _: None,
    pause: float = WAIT_SECONDS,
) -> list[int]:
    """Finish every group of the study that is not finished and that no other worker has, the widest first.

    Of a study that decides what to train next, go on from round to round, until it is sure or its time is up.

    store: the study's folder, or its address: then every group is worked on in this machine's mirror of it.
    stopping: asked again and again; when it says yes, the group at hand is left where it can go on, and this returns.
    widths: of the groups to finish, by default all.
    begun: told the width of each group that this worker has, before any work on it.
    pause: seconds between two looks, while others are not done with a round.

    The result is the widths of the groups that other workers have.

    Raises OverganError if the study, its images or a checkpoint cannot be read, if the folder cannot be written or is
    gone, and WorkerError if memory runs out.
    """
    folder = open_description(store)
    with explained(folder):
        rounds = read_rounds(folder)
        description = read_description(folder)
        work = KINDS[description.spec.kind].worker(description.spec, folder, threads, device)

        def enough() -> bool:
            return stopping() or (rounds is not None and rounds.is_over)

        while True:
            held = _finish_each(store, folder, work, enough, widths, begun)
            if widths is not None or enough() or not decides(folder):
                return held
            following = "wait" if held else advance(folder)
            if following == "end":
                return held
            if following == "wait":
                time.sleep(pause)
            open_description(store)
            rounds = read_rounds(folder)


def _finish_each(
    store: str,
    folder: Path,
    work: Work,
    stopping: Stopping,
    widths: Collection[int] | None,
    begun: Callable[[int], None],
) -> list[int]:
    """Finish the groups that there are now, as `finish_groups` says."""
    held = []
    description, has_rounds = read_description(folder), read_rounds(folder) is not None
    kind = KINDS[description.spec.kind]
    for width in sorted(description.spec.widths if widths is None else widths, reverse=True):
        if stopping():
            break
        refuse_vanished(folder)
        group = group_folder(folder, width)
        with try_lock(group) as is_ours:
            if not is_ours:
                held.append(width)
                continue
            fetch(folder, widths=[width])
            known = is_address(store) or has_rounds
            if known and kind.study(folder, description).group_status(width).complete:
                continue
            with still_there(group, stopping) as there, mirrored(folder, width, there) as asked:
                if asked is None:
                    held.append(width)
                else:
                    begun(width)
                    work(width, asked)
    return held


def finish_group(store: str, threads: int, device: str, stopping: Stopping, width: int | None) -> None:
    """Finish a group on a machine of a cluster; while another worker has it, such as one that was lost, wait.

    store, threads, stopping: as of `finish_groups`.
    device: auto, cpu or cuda, of this machine: the first GPU that the cluster lets this process see.
    width: None is for all groups, from round to round, of a study that decides what to train next.

    Raises OverganError as `finish_groups` does, and if this machine does not see the study's folder.
    """
    if not is_address(store) and not Path(store).is_dir():
        raise OverganError(
            f"{store} is not there on {platform.node()}; the study's folder must be on a disk that all machines of "
            "the cluster share, at the same path; name such a folder with {argument}",
            "out",
        )
    (place, *_) = resolve_device(device)
    if width is None:
        finish_groups(store, threads, place, stopping, pause=HELD_SECONDS)
        return
    while finish_groups(store, threads, place, stopping, [width]) and not stopping():
        time.sleep(HELD_SECONDS)
