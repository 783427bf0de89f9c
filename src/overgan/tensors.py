"""Tensors on disk, in one safetensors file with a checksum and an identity: what they were computed from."""

from pathlib import Path

import safetensors
import safetensors.torch
from torch import Tensor

from overgan.errors import OverganError
from overgan.files import sha256, write_atomic

METADATA = "overgan"  # a single key: safetensors writes several in any order


def write_tensors(path: Path, tensors: dict[str, Tensor], identity: str) -> None:
    """Replace the file atomically. identity: one word, such as a hash."""
    tensors = {name: tensor.cpu().contiguous() for name, tensor in tensors.items()}
    checksum = sha256(safetensors.torch.save(tensors))
    write_atomic(path, safetensors.torch.save(tensors, {METADATA: f"{identity} {checksum}"}))


def read_tensors(path: Path) -> tuple[dict[str, Tensor], str]:
    """What `write_tensors` wrote, and its identity. Raises OverganError if the file is damaged."""
    try:
        with safetensors.safe_open(path, "pt") as content:
            identity, _, checksum = (content.metadata() or {}).get(METADATA, "").partition(" ")
            tensors = {name: content.get_tensor(name) for name in content.keys()}  # noqa: SIM118 - it is no mapping
    except (OSError, safetensors.SafetensorError) as error:
        raise OverganError(f"{path} cannot be read ({error}); remove it to begin again") from None
    if checksum != sha256(safetensors.torch.save(tensors)):
        raise OverganError(f"{path} is damaged: its checksum is wrong; remove it to begin again")
    return tensors, identity
