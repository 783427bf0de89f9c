"""Files that a kill at any instant cannot damage, and tensors with a checksum."""

from overgan.disk._files import (
    append_jsonl,
    jsonl_line,
    read_json,
    read_jsonl,
    sha256,
    sha256_of_file,
    write_atomic,
    write_json,
    write_jsonl,
)
from overgan.disk._lock import try_lock
from overgan.disk._tensors import SavedTensors, read_tensors, write_tensors

__all__ = [
    "SavedTensors",
    "append_jsonl",
    "jsonl_line",
    "read_json",
    "read_jsonl",
    "read_tensors",
    "sha256",
    "sha256_of_file",
    "try_lock",
    "write_atomic",
    "write_json",
    "write_jsonl",
    "write_tensors",
]
