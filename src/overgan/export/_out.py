"""The folder that a study is exported to: nothing there is replaced but what overgan wrote of the same study."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from overgan.disk import read_json, sha256, write_atomic, write_json
from overgan.errors import OverganError
from overgan.stores import is_address
from overgan.study import Study

LIST = "overgan-export.json"
DEFAULT = "export"  # in the study's folder


class Written(BaseModel):
    """The content of overgan-export.json."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    study: str  # its folder, or . if that is around this one, or its address
    files: dict[str, list[str]] = {}  # name -> SHA-256 of what may be there: a kill may come before the file


def of_study(study: Study, folder: Path) -> str:
    """What files in a folder call the study: its folder, or . if that is around theirs, or its address."""
    if study.folder.resolve() in folder.resolve().parents:
        return "."
    return study.place if is_address(study.place) else str(study.folder.resolve())


class Out:
    """A folder for exports of one study."""

    def __init__(self, study: Study, folder: str | Path | None):
        if folder is None and is_address(study.place):
            raise OverganError(f"{study.place} is an address; name a folder of this machine with {{argument}}", "out")
        self.folder = study.folder / DEFAULT if folder is None else Path(folder).resolve()
        self.study = of_study(study, self.folder)

    def write(self, name: str, content: bytes) -> Path:
        """Write a file, whose name may have folders before it, and return its path.

        Raises OverganError if there is one that overgan did not write, that was changed since or is of another study,
        or if it cannot be written.
        """
        path = self.folder / name
        try:
            written = self._written()
            known = written.files.get(name, [])
            new, there = sha256(content), list[str]()
            if path.exists() and not path.is_dir():
                there = [sha256(path.read_bytes())]
            if path.is_dir() or not {*there} <= {*known, new}:
                raise OverganError(
                    f"{path} is not as an export of this study left it; move it away, or name another folder with "
                    "{argument}",
                    "out",
                )
            path.parent.mkdir(parents=True, exist_ok=True)
            files = written.files | {name: [*there, new]}
            write_json(self.folder / LIST, written.model_copy(update={"files": files}).model_dump())
            write_atomic(path, content)
        except OSError as error:
            reason = error.strerror or error
            raise OverganError(
                f"{self.folder} cannot be written ({reason}); name another folder with {{argument}}", "out"
            ) from None
        return path

    def has(self, name: str) -> bool:
        """Whether there is a file of that name that an export of the study wrote."""
        return name in self._written().files and (self.folder / name).exists()

    def _written(self) -> Written:
        path = self.folder / LIST
        if not path.exists():
            return Written(study=self.study)
        mend = "move it and what it is of away, or name another folder with {argument}"
        try:
            written = Written.model_validate(read_json(path, mend))
        except ValidationError:
            raise OverganError(f"{path} is not overgan's; {mend}", "out") from None
        except OverganError as error:
            raise OverganError(error.message, "out") from None
        if written.study != self.study:
            raise OverganError(
                f"{self.folder} has the export of another study, {written.study}; name another with {{argument}}",
                "out",
            )
        return written
