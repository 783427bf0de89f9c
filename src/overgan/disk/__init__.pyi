from ._arrays import METHODS as METHODS, NpzArrays as NpzArrays, mapped_array as mapped_array
from ._files import (
    append_jsonl as append_jsonl,
    cannot_write as cannot_write,
    content_of as content_of,
    parsed_lines as parsed_lines,
    read_json as read_json,
    read_jsonl as read_jsonl,
    remove_unfinished as remove_unfinished,
    sha256 as sha256,
    sha256_of_file as sha256_of_file,
    size_of as size_of,
    sync as sync,
    to_json as to_json,
    to_lines as to_lines,
    unfinished_write_of as unfinished_write_of,
    write_atomic as write_atomic,
    write_json as write_json,
    write_jsonl as write_jsonl,
)
from ._links import refuse_links as refuse_links
from ._lock import LOCK as LOCK, try_lock as try_lock
from ._notice import notice as notice
from ._table import read_table as read_table, write_table as write_table
from ._tensors import (
    SavedTensors as SavedTensors,
    kept_tensors as kept_tensors,
    read_tensors as read_tensors,
    write_tensors as write_tensors,
)
