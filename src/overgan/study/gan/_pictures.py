"""The pictures of a group that its newest checkpoint knows."""

from pathlib import Path

from overgan.disk import notice, sha256
from overgan.pictures import pictures_in
from overgan.training import read_checkpoint


def pictures(study: Path, group: Path, folder: str) -> dict[Path, bytes]:
    """The PNG files in a folder of a group's, by path, and their content; damaged ones are left out, with a notice.

    study: the study's folder, out of which no picture may lie. In a folder of an older version no checksum is known.
    """
    checkpoint = read_checkpoint(group)
    found = {path: path.read_bytes() for path in pictures_in(group / folder, study)}
    if checkpoint is None or not checkpoint.rows:
        return found
    whole = {}
    for path, content in found.items():
        known = checkpoint.pictures.get(path.relative_to(group).as_posix())
        if known == sha256(content):
            whole[path] = content
        elif known:
            notice(f"{path} is damaged (its checksum is wrong); it is left out", path)
    return whole
