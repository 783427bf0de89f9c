"""A page and its figures as files in a study's folder."""

from collections.abc import Iterable
from pathlib import Path

from overgan.disk import write_atomic
from overgan.errors import OverganError
from overgan.report._map import Map
from overgan.report._plot import Plot, to_images


def write_files(path: Path, page: str, plots: Iterable[Plot | Map], figures: Path) -> None:
    """Write the page to path, and each plot as an image of every format into the folder figures, the page last.

    Raises OverganError if they cannot be written.
    """
    try:
        for plot in plots:
            for kind, image in to_images(plot).items():
                write_atomic(figures / f"{plot.name}.{kind}", image)
        text = page.encode(errors="backslashreplace")  # names of files may be no text
        write_atomic(path, text, folder_too=False)
    except OSError as error:
        reason = error.strerror or error
        raise OverganError(f"{path} cannot be written ({reason}); make room or free the folder") from None
