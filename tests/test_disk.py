import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from overgan.disk import (
    append_jsonl,
    cannot_write,
    notice,
    read_json,
    read_jsonl,
    read_table,
    remove_unfinished,
    sha256,
    size_of,
    write_atomic,
    write_json,
    write_table,
)
from overgan.errors import OverganError


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_atomic(path, b"old")

    def fail(_descriptor):
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_process_killed_while_it_writes_leaves_a_whole_file(tmp_path):
    path = tmp_path / "file"
    code = (
        "import sys; from pathlib import Path; from overgan.disk import write_atomic\n"
        "for i in range(10**9): write_atomic(Path(sys.argv[1]), bytes([i % 256]) * 1_000_000)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(path)])
    while not path.exists():
        time.sleep(0.01)
    time.sleep(0.3)
    process.send_signal(signal.SIGKILL)
    process.wait()
    content = path.read_bytes()
    assert len(content) == 1_000_000
    assert len(set(content)) == 1


def test_rows_come_back_and_a_line_cut_short_is_left_out(tmp_path):
    path = tmp_path / "rows.jsonl"
    assert read_jsonl(path) == []
    append_jsonl(path, [{"a": 1}, {"a": 2.5}])
    append_jsonl(path, [{"a": 3}])
    with path.open("a") as file:
        file.write('{"a": 4')
    assert read_jsonl(path) == [{"a": 1}, {"a": 2.5}, {"a": 3}]


def test_damage_within_a_file_is_named(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"a": 1}\n{"a":\n{"a": 3}\n')
    with pytest.raises(OverganError, match=r"rows\.jsonl is damaged"):
        read_jsonl(path)
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(OverganError, match=r"a\.json is damaged"):
        read_json(tmp_path / "a.json")
    with pytest.raises(OverganError, match=r"b\.json is missing"):
        read_json(tmp_path / "b.json")


def test_what_json_lacks_is_refused(tmp_path):
    with pytest.raises(ValueError):
        write_json(tmp_path / "a.json", float("nan"))
    assert not (tmp_path / "a.json").exists()


def flips(content):
    """Every byte with every bit of it flipped."""
    yield from (
        content[:i] + bytes([content[i] ^ 1 << bit]) + content[i + 1 :] for i in range(len(content)) for bit in range(8)
    )


def test_no_flipped_bit_and_no_lost_end_of_a_json_object_changes_it(tmp_path):
    path, value = tmp_path / "a.json", {"b": {"10": 1.5, "9": None}, "a": [1, 2], "rows": "x"}
    write_json(path, value)
    content = path.read_bytes()
    assert json.loads(content).keys() == {*value, "checksum"}
    for damaged in (*flips(content), *(content[:length] for length in range(len(content) - 1))):
        path.write_bytes(damaged)
        try:
            found = read_json(path)
        except OverganError as error:
            assert "a.json is damaged" in str(error)  # noqa: PT017 - one of the outcomes
        else:  # its own name was hit, which whoever knows the keys refuses, or a space was
            assert found == value or (found.keys() - value and {key: found[key] for key in value} == value)
    path.write_text(json.dumps(value))
    assert read_json(path) == value  # of an older version


def test_no_flipped_bit_and_no_lost_end_of_a_table_changes_it(tmp_path):
    path, rows = tmp_path / "a.jsonl", [{"seed": 0, "mse": 0.5}, {"seed": 1, "mse": 0.25}]
    write_table(path, rows)
    content = path.read_bytes()
    assert content.split(b"\n", 1)[1] == b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    assert json.loads(content.split(b"\n", 1)[0]) == {"checksum": sha256(content.split(b"\n", 1)[1]), "rows": 2}
    for damaged in (*flips(content), *(content[:length] for length in range(len(content)))):
        path.write_bytes(damaged)
        with pytest.raises(OverganError, match=r"a\.jsonl is damaged .*; do it again"):
            read_table(path, "do it again")
    append_jsonl(old := tmp_path / "old.jsonl", rows)
    assert (read_table(old), read_table(tmp_path / "none.jsonl")) == (rows, [])


def test_a_notice_is_told_once_for_each_time_that_its_file_was_written(tmp_path, caplog):
    path = tmp_path / "file"
    for content in ("", "a"):
        path.write_text(content)
        os.utime(path, ns=(0, len(content)))
        for _ in range(3):
            notice("file is damaged", path)
    assert caplog.messages == ["overgan: file is damaged"] * 2


def test_leftovers_of_killed_writes_are_removed_and_nothing_else(tmp_path):
    mine, others = (
        [".a-1.bin.abcd_012", ".a-22.bin.00000000"],
        [".a-1.bin.ABCDEFGH", "a-1.bin", ".b.bin.abcdefgh", ".a-1.bin"],
    )
    for name in mine + others:
        (tmp_path / name).touch()
    remove_unfinished(tmp_path, "a-*.bin")
    assert {path.name for path in tmp_path.iterdir()} == set(others)


def test_the_size_of_a_folder_is_that_of_its_files_without_those_behind_links(tmp_path):
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "a").write_bytes(b"12345")
    (tmp_path / "in" / "deep" / "b").write_bytes(b"123")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "c").write_bytes(b"1" * 10**6)
    (tmp_path / "in" / "link").symlink_to(tmp_path / "out")
    assert 8 <= size_of(tmp_path / "in") < 1000  # and the link's own bytes


def test_what_fails_in_a_folder_that_is_named_from_the_current_one_is_said_of_that_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "study" / "study.json").mkdir(parents=True)
    with pytest.raises(OSError, match="study") as failed:
        write_atomic(Path("study/study.json"), b"")
    assert cannot_write(Path("study"), failed.value, "make room") == (
        "study cannot be written (Is a directory); make room"
    )


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "study cannot be written (No space left on device); make room"),
        (errno.EINVAL, "study cannot be written (Invalid argument); make room"),  # a folder's fsync, on some networks
        (errno.ESTALE, "study cannot be written (Stale file handle); make room"),
        (errno.EAGAIN, "the machine refuses: Resource temporarily unavailable"),
        (errno.EMFILE, "the machine refuses: Too many open files"),
        (errno.ECONNRESET, "the machine refuses: Connection reset by peer"),
    ],
)
@pytest.mark.parametrize("file", [(), ("study/study.json",)])
def test_only_what_a_disk_refuses_asks_for_room(number, said, file):
    assert cannot_write(Path("study"), OSError(number, os.strerror(number), *file), "make room") == said
