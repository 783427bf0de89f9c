"""The report of a study that is running, renewed as results come."""

import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import overgan
from overgan.stores import LeaseLostError
from overgan.study import GroupStatus

if TYPE_CHECKING:
    from overgan.study import Watcher

APART_SECONDS, SHARE = 60, 0.02  # between two writings at least; of the time that they may take


@contextmanager
def renewed_report(folder: Path, *, has_parts: bool = False) -> Iterator["Watcher"]:
    """What writes the page again, in a thread of its own, when it is called with new evaluations or finished widths.

    A page that cannot be written is said once, and the study goes on. In the end none is being written, and the
    page of a study that stopped on the way no longer loads itself anew; that of a finished one is the caller's.

    has_parts: whether the study is several, of which one after another is watched.
    """
    seen: list[Any] = []
    due, complained, has_results = 0.0, False, False

    def renew(refresh: int | None) -> None:
        nonlocal due, complained
        start = time.monotonic()
        try:
            overgan.write_report(folder, figures=False, refresh=refresh, trust=True)
        except Exception as error:  # whatever it is, training matters more
            if not complained:
                logging.getLogger(__name__).warning(f"overgan: the study goes on, but without its report: {error}")
            complained = True
        now = time.monotonic()
        due = now + max(APART_SECONDS, (now - start) / SHARE)

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(lambda: None)

        def watch(groups: list[GroupStatus]) -> None:
            nonlocal seen, writing, has_results
            news = [(group.result, group.diverged, group.complete) for group in groups]
            has_results = has_results or any(group.result for group in groups)
            goes_on = has_parts or not all(group.complete for group in groups)  # else the last page follows at once
            if news != seen and goes_on and has_results and writing.done() and time.monotonic() >= due:
                seen = news
                writing = pool.submit(renew, APART_SECONDS)

        try:
            yield watch
        except BaseException as error:
            if has_results and not isinstance(error, LeaseLostError):  # else the page is another run's
                pool.submit(renew, None)
            raise
