"""A store in this process's memory, and one at a real server on loopback."""

import uuid

import fsspec
import pytest

from overgan.stores import Remote


class Clock:
    """A clock that goes on only while somebody sleeps."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += max(seconds, 0.01)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def address():
    place = f"memory://store/{uuid.uuid4().hex}"
    yield place
    fsspec.filesystem("memory").store.clear()


@pytest.fixture
def remote(address):
    return Remote(address)
