import os
import signal
import subprocess
import sys
import time

import pytest

from overgan.disk import append_jsonl, read_json, read_jsonl, write_atomic, write_json
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
