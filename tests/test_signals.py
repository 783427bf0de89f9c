"""Signals that ask a process to end, wherever they find it."""

import os
import signal
import time

from overgan.signals import ending_in_time
from tests.forked import Forked


class Dying:
    """A signal comes while it is removed, when Python drops what is raised."""

    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)
        for _ in range(10):
            time.sleep(0)


def test_a_signal_in_a_finalizer_ends_the_process_too():
    def goes_on():
        with ending_in_time():
            Dying()
            time.sleep(5)

    assert Forked(goes_on).wait() == 128 + signal.SIGTERM
