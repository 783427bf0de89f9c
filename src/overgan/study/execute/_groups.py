"""What every worker does, wherever it runs."""

from collections.abc import Collection

from overgan.disk import try_lock
from overgan.stores import is_address
from overgan.study._hold import mirrored
from overgan.study._kind import Stopping
from overgan.study._kinds import KINDS
from overgan.study._load import read_description
from overgan.study._mirror import fetch, open_description
from overgan.study._store import group_folder


def finish_groups(
    store: str, threads: int, device: str, stopping: Stopping, widths: Collection[int] | None = None
) -> None:
    """Finish every group of the study that is not finished and that no other worker has, the widest first.

    store: the study's folder, or its address: then every group is worked on in this machine's mirror of it.
    stopping: asked again and again; when it says yes, the group at hand is left where it can go on, and this returns.
    widths: of the groups to finish, by default all.

    Raises OverganError if the study, its images or a checkpoint cannot be read.
    """
    folder = open_description(store)
    description = read_description(folder)
    spec, kind = description.spec, KINDS[description.spec.kind]
    work = kind.worker(spec, folder, threads, device)
    for width in sorted(spec.widths if widths is None else widths, reverse=True):
        if stopping():
            return
        with try_lock(group_folder(folder, width)) as is_ours:
            if is_ours:
                fetch(folder, widths=[width])
                if is_address(store) and kind.study(folder, description).group_status(width).complete:
                    continue
                with mirrored(folder, width, stopping) as asked:
                    if asked:
                        work(width, asked)
