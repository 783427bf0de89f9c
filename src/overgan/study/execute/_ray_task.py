"""What a node of Ray does for a group."""

import logging
import os
import platform
import signal
import traceback
from contextlib import suppress
from dataclasses import dataclass

from overgan.errors import OverganError
from overgan.study.execute._executor import WorkerError
from overgan.study.execute._groups import finish_group
from overgan.version import __version__


@dataclass(frozen=True)
class Outcome:
    """How a task ended."""

    notices: list[str]  # for the user
    mistake: tuple[str, str] | None = None  # message and argument of an OverganError
    failure: str = ""  # what else went wrong: a line, after a traceback if it is not understood


class _Notices(logging.Handler):
    """What overgan would print for the user."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def finish_on_node(width: int, store: str, threads: int, device: str, folder: str, version: str) -> Outcome:
    """Finish a group, or leave it where it can go on when Ray cancels the task.

    store, threads, device, width: as of `finish_group`. folder: the driver's current one, which is that of the task,
    too, if it is here. version: the driver's of overgan.
    """
    stopped = False

    def stop(*_: object) -> None:
        nonlocal stopped
        stopped = True

    notices = _Notices()
    logging.getLogger("overgan").addHandler(notices)
    before = signal.signal(signal.SIGINT, stop)
    try:
        with suppress(OSError):
            os.chdir(folder)
        if version != __version__:
            raise OverganError(
                f"{platform.node()} has overgan {__version__}, this machine {version}; install the same on every node"
            )
        finish_group(store, threads, device, lambda: stopped, width)
    except OverganError as error:
        return Outcome(notices.lines, (error.message, error.argument))
    except WorkerError as error:
        return Outcome(notices.lines, failure=str(error))
    except Exception:
        return Outcome(notices.lines, failure=traceback.format_exc())
    finally:
        signal.signal(signal.SIGINT, before)
        logging.getLogger("overgan").removeHandler(notices)
    return Outcome(notices.lines)
