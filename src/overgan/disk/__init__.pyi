from ._arrays import METHODS as METHODS, NpzArrays as NpzArrays, mapped_array as mapped_array
from ._files import (
    append_jsonl as append_jsonl,
    content_of as content_of,
    read_json as read_json,
    read_jsonl as read_jsonl,
    sha256 as sha256,
    sha256_of_file as sha256_of_file,
    sync as sync,
    unfinished_write_of as unfinished_write_of,
    write_atomic as write_atomic,
    write_json as write_json,
    write_jsonl as write_jsonl,
)
from ._links import refuse_links as refuse_links
from ._lock import try_lock as try_lock
from ._tensors import (
    SavedTensors as SavedTensors,
    kept_tensors as kept_tensors,
    read_tensors as read_tensors,
    write_tensors as write_tensors,
)
