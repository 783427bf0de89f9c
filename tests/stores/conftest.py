"""A store in this process's memory, and one at a real server on loopback."""

import urllib.request
import uuid

import fsspec
import pytest

from overgan.stores import Remote, _remote
from overgan.study import _hold
from tests.stores.proxy import Proxy


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
def machine(tmp_path, monkeypatch):
    """machine(name): from now on this is another machine, as far as mirrors go; the folder of its mirrors."""

    def become(name):
        monkeypatch.setenv("OVERGAN_MIRRORS", str(tmp_path / "mirrors" / name))
        return tmp_path / "mirrors" / name

    monkeypatch.setattr(_hold, "LOOK_SECONDS", 0.005)
    become("a")
    return become


@pytest.fixture
def remote(address):
    return Remote(address)


@pytest.fixture(scope="session")
def s3_port():
    """The port of a server of S3's protocol on loopback, with a bucket called "bucket"."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    port = server.get_host_and_port()[1]
    urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/bucket", method="PUT")).close()
    yield port
    server.stop()


@pytest.fixture
def proxy(s3_port, monkeypatch):
    """What is between this process and the server."""
    between = Proxy(s3_port)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{between.port}")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    _remote._filesystem.cache_clear()
    yield between
    _remote._filesystem.cache_clear()
    between.close()


@pytest.fixture
def s3(proxy):
    return Remote(f"s3://bucket/{uuid.uuid4().hex}", sleep=lambda _: None)
