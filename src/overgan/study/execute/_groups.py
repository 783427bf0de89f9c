"""What every worker does, wherever it runs."""

from collections.abc import Callable, Collection
from pathlib import Path

from overgan.disk import try_lock
from overgan.study._kind import Stopping
from overgan.study._kinds import KINDS
from overgan.study._load import read_description
from overgan.study._store import group_folder
from overgan.study.execute._faults import explained, refuse_vanished, still_there


def finish_groups(
    store: str,
    threads: int,
    device: str,
    stopping: Stopping,
    widths: Collection[int] | None = None,
    begun: Callable[[int], None] = lambda _: None,
) -> None:
    """Finish every group of the study that is not finished and that no other worker has, the widest first.

    store: the study's folder.
    stopping: asked again and again; when it says yes, the group at hand is left where it can go on, and this returns.
    widths: of the groups to finish, by default all.
    begun: told the width of each group that this worker has, before any work on it.

    Raises OverganError if the study, its images or a checkpoint cannot be read, if the folder cannot be written or is
    gone, and WorkerError if memory runs out.
    """
    folder = Path(store)
    with explained(folder):
        spec = read_description(folder).spec
        work = KINDS[spec.kind].worker(spec, folder, threads, device)
        for width in sorted(spec.widths if widths is None else widths, reverse=True):
            if stopping():
                return
            refuse_vanished(folder)
            group = group_folder(folder, width)
            with try_lock(group) as is_ours:
                if is_ours:
                    begun(width)
                    work(width, still_there(group, stopping))
