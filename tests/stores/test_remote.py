"""Objects at a real server on loopback, through connections that are spoilt."""

import sys

import pytest

from overgan.errors import OverganError
from overgan.stores import Part, Remote, UnreachableError, _remote
from tests.stores.proxy import BUSY, CUT, LOST, STALL

FAULTS = [CUT, BUSY, LOST, CUT, CUT, BUSY, LOST, LOST]


def test_objects_are_kept_and_listed_with_tags_that_change(s3):
    assert s3.tags() == {}
    s3.write("k0002/a.json", b"first")
    s3.write("study.json", b"{}")
    before = s3.tags()
    assert list(before) == ["k0002/a.json", "study.json"]
    assert list(s3.tags("k0002")) == ["k0002/a.json"]
    assert set(s3.tags(deep=False)) == {"k0002", "study.json"}
    s3.write("k0002/a.json", b"other")
    after = s3.tags()
    assert after["k0002/a.json"] != before["k0002/a.json"]
    assert after["study.json"] == before["study.json"]
    assert s3.read("k0002/a.json") == b"other"
    s3.remove(["k0002/a.json", "never there"])
    assert list(s3.tags()) == ["study.json"]
    with pytest.raises(FileNotFoundError):
        s3.read("k0002/a.json")


@pytest.mark.parametrize("scheme", ["s3", "s3a"])
def test_objects_are_read_in_one_request_and_by_old_versions_of_s3fs_too(proxy, scheme, monkeypatch):
    remote = Remote(f"{scheme}://bucket/old")
    assert remote._files.max_concurrency == 1
    monkeypatch.setattr(remote._files, "cat_file", lambda path: path.encode())  # s3fs took no more before 2026.3
    assert remote.read("object") == b"bucket/old/object"


def test_what_is_there_is_not_created_again(s3):
    assert s3.create("lease", b"mine")
    assert not s3.create("lease", b"yours")
    assert s3.read("lease") == b"mine"


def test_of_a_creation_whose_answer_is_lost_we_learn_that_it_is_ours(s3, proxy):
    proxy.faults += [LOST]
    assert s3.create("lease", b"mine")
    assert proxy.done[0] == LOST


@pytest.mark.parametrize("fault", [CUT, BUSY, LOST])
def test_every_request_outlives_spoilt_connections(s3, proxy, fault):
    content = bytes(range(256)) * 2000
    requests = [lambda: s3.write("object", content), lambda: list(s3.tags()), lambda: s3.read("object")]
    requests += [lambda: s3.remove(["object"]), lambda: list(s3.tags())]
    answers = []
    for request in requests:
        proxy.faults += [fault] * 3
        answers.append(request())
        assert not proxy.faults
    assert answers == [None, ["object"], content, None, []]


def test_a_server_that_does_not_answer_is_asked_again(s3, proxy, monkeypatch):
    short = {
        "s3": _remote.OPTIONS["s3"] | {"config_kwargs": {"read_timeout": 0.3, "retries": {"total_max_attempts": 1}}}
    }
    monkeypatch.setattr(_remote, "OPTIONS", short)
    proxy.faults += [STALL, STALL]
    s3.write("object", b"content")
    assert proxy.done[:2] == [STALL, STALL]
    assert s3.read("object") == b"content"


def test_a_folder_arrives_whole_through_spoilt_connections(s3, proxy, tmp_path):
    group = tmp_path / "here" / "k0002"
    group.mkdir(parents=True)
    files = {f"{i}.safetensors": bytes([i]) * 70_000 for i in range(3)} | {"index.json": b"{}"}
    for name, content in files.items():
        (group / name).write_bytes(content)
    proxy.faults += FAULTS
    assert Part(s3, group, "k0002", ("index.json",)).push(tidy="")
    proxy.faults += FAULTS
    Part(s3, tmp_path / "there" / "k0002", "k0002", ("index.json",)).pull()
    found = {p.name: p.read_bytes() for p in (tmp_path / "there" / "k0002").iterdir() if p.is_file()}
    assert found == files
    assert not proxy.faults


def test_a_server_that_is_gone_is_said_in_one_line(s3, proxy):
    proxy.faults += [BUSY] * 1000
    s3.patience = 0.6
    with pytest.raises(UnreachableError) as caught:
        s3.write("object", b"content")
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"{s3.address} cannot be reached (")
    assert str(caught.value).endswith("; the same command goes on")


def test_waits_double_until_the_patience_is_used_up(proxy, monkeypatch):
    now, waits = [0.0], []

    def sleep(seconds):
        waits.append(seconds)
        now[0] += seconds

    monkeypatch.setattr(_remote.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(_remote.random, "uniform", lambda low, high: high)
    failing = Remote("s3://bucket/study", patience=20, sleep=sleep)
    with pytest.raises(UnreachableError):
        failing._try(lambda: (_ for _ in ()).throw(ConnectionError("cut")))
    assert waits == [0.5, 1, 2, 4, 8]


def test_a_bucket_that_is_not_there_is_not_waited_for(proxy):
    def never(_seconds):
        raise AssertionError

    nowhere = Remote("s3://nowhere/study", sleep=never)
    assert nowhere.tags() == {}
    for change in (lambda: nowhere.write("a", b""), lambda: nowhere.create("a", b"")):
        with pytest.raises(OverganError, match=r"s3://nowhere/study cannot be used .*check the address"):
            change()


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("gs://bucket/study", "pip install gcsfs"),
        ("nonsense://bucket/study", "no store of the kind nonsense:// is known"),
        ("https://host/study", "no store of the kind https:// is known"),
    ],
)
def test_a_store_whose_package_is_missing_is_named_in_one_line(address, says, monkeypatch):
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(OverganError, match=says) as caught:
        Remote(address).tags()
    assert "\n" not in str(caught.value)
