"""Processes that are forked from the tests' own, where everything is imported: new ones take seconds to begin."""

import logging
import os
import signal
import sys
import threading
import time
import warnings
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen, TimeoutExpired

import pytest
from jaxtyping import config


class Forked(Popen):
    """A process that calls a function, which gives its exit code, in place of one that runs a command."""

    def __init__(self, do, stdout=None, stderr=None):
        self.returncode, self.stdout = None, None
        if stdout == -1:  # subprocess.PIPE
            heard, stdout = os.pipe()
            self.stdout = os.fdopen(heard, "rb", buffering=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of forks beside threads
            self.pid = os.fork()
        if not self.pid:
            try:
                os._exit(_as_new(do, stdout, stderr))
            finally:
                os._exit(70)
        if self.stdout:
            os.close(stdout)

    def __del__(self):
        pass

    def poll(self):
        return self._wait(os.WNOHANG)

    def wait(self, timeout=120):
        deadline = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > deadline:
                raise TimeoutExpired("forked", timeout)
            time.sleep(0.002)
        return self.returncode

    def send_signal(self, number):
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self):
        self.send_signal(signal.SIGTERM)

    def kill(self):
        self.send_signal(signal.SIGKILL)

    def _wait(self, options):
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, options)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode


def _as_new(do, stdout, stderr):
    """Call do() as a process of its own would be: with its own signals, output, logging, and no locks held."""
    sys.settrace(None)  # what coverage counts here is lost, and takes time
    threading.settrace(None)
    config.update("jaxtyping_disable", True)  # as in a process of its own, whose shapes nobody checks
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for target, handle in ((1, stdout), (2, stderr)):
        if handle is not None:
            os.dup2(handle if isinstance(handle, int) else handle.fileno(), target)
    nothing = os.open(os.devnull, os.O_RDWR)
    for path in Path("/proc/self/fd").iterdir():
        if path.is_symlink() and str(path.readlink()).endswith(".lock"):  # closed, but their numbers stay taken
            os.dup2(nothing, int(path.name))
    sys.stdout, sys.stderr = (os.fdopen(os.dup(fd), "w", buffering=1) for fd in (1, 2))
    logging.getLogger().handlers.clear()
    try:
        return do() or 0
    except SystemExit as end:
        return end.code or 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return 1


def forked_worker(command, *, stdin, stdout, stderr, env):
    """In place of `Popen` in the local executor."""
    from overgan.study.execute import _worker

    def do():
        sys.argv = command[3:]
        return _worker.run()

    return Forked(do, stdout, stderr)


@contextmanager
def forking():
    """The workers of the local executor are forked, which must have one thread each: threads=1."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("overgan.study.execute._local.Popen", forked_worker)
        yield


def forked_command(*words, stderr=None, ignoring=()):
    """The `overgan` command; its workers are forked, too, where forked_worker is in place of `Popen`.

    It leads a session, as the command in a terminal does. ignoring: signals that it ignores from the start.
    """
    from overgan.cli import app, main

    assert app  # imported here, once for all

    def do():
        os.setsid()
        for number in (signal.SIGTERM, signal.SIGHUP):  # a suite in the background may ignore them
            signal.signal(number, signal.SIG_IGN if number in ignoring else signal.SIG_DFL)
        sys.argv = ["overgan", *map(str, words)]
        main()

    return Forked(do, stdout=os.open(os.devnull, os.O_WRONLY), stderr=stderr)


def children(pid):
    """The processes that a process started."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
