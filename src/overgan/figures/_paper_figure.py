"""A figure of the paper, drawn from one study: the drawing, and what is said below it."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

from overgan.disk import write_atomic
from overgan.errors import OverganError, did_you_mean
from overgan.figures._style import PRINTED
from overgan.report import saved

FORMATS = ("pdf", "svg", "png")
DPI = 300  # of the PNG file


@dataclass(frozen=True)
class PaperFigure:
    """One of the paper's figures from one study's results."""

    name: str  # of its files, with the paper's letter where the study is what one of its panels shows: fig4a
    figure: Figure
    caption: str  # sentences: what is drawn, of which runs, and what is not as in the paper

    def __repr__(self) -> str:
        return f"PaperFigure({self.name!r}, {len(self.figure.axes)} axes, …)"

    def images(self, formats: Iterable[str] = FORMATS) -> dict[str, bytes]:
        """The drawing in each of some formats, the same bytes every time.

        PDF files have their fonts within; in PDF and SVG files text is text. PNG files have 300 dots an inch.

        Raises OverganError for a format that is none of pdf, svg, png.
        """
        with matplotlib.rc_context(PRINTED):
            return saved(self.figure, self.name, known_formats(formats), DPI)

    def write(self, folder: str | Path, formats: Iterable[str] = FORMATS) -> list[Path]:
        """Write NAME.pdf, NAME.svg, NAME.png, and the caption as NAME.txt, into a folder, made if need be; their paths.

        Raises OverganError as `images` does.
        """
        files = self.images(formats) | {"txt": f"{self.caption}\n".encode()}
        paths = [Path(folder) / f"{self.name}.{kind}" for kind in files]
        Path(folder).mkdir(parents=True, exist_ok=True)
        for path, content in zip(paths, files.values(), strict=True):
            write_atomic(path, content)
        return paths


def known_formats(formats: Iterable[str]) -> list[str]:
    """The formats, each once. Raises OverganError if one is none of FORMATS, or there is none."""
    wanted = list(dict.fromkeys(formats))
    for kind in wanted:
        if kind not in FORMATS:
            raise OverganError(f"{{argument}}: no format {kind}{did_you_mean(kind, FORMATS)}", "formats")
    if not wanted:
        raise OverganError(f"{{argument}} is empty; {', '.join(FORMATS)} is possible", "formats")
    return wanted
