"""What `overgan evaluate` shows of images that come from no study: a table, and a page."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from overgan.disk import write_atomic
from overgan.errors import OverganError
from overgan.metrics import Evaluation
from overgan.pictures import image_png, png_url
from overgan.report._template import template

COLUMNS = ["features", "metric", "training images", "held-out images"]
BY_SIDE = {  # key in a row, without _train or _test: name in words
    "fid": "Fréchet distance",
    "fid_infinity": "Fréchet distance, infinitely many images",
    "kid": "kernel distance",
    "precision": "precision",
    "recall": "recall",
    "density": "density",
    "coverage": "coverage",
}
INCEPTION = {"fid": "FID", "fid_infinity": "FID∞", "kid": "KID"}  # these names are Inception's alone


def evaluation_table(evaluation: Evaluation) -> list[list[str]]:
    """The cells of COLUMNS, a row for each metric of each feature space."""
    return [cells for row in evaluation.rows for cells in _cells(row)]


def write_evaluation(evaluation: Evaluation, path: Path) -> None:
    """One HTML page that opens offline. Raises OverganError if it cannot be written."""
    images = evaluation.facts["images"]
    compared = ", ".join(f"{facts['compared']:,} {name} images of {facts['of']:,}" for name, facts in images.items())
    page = template("evaluation.html.j2").render(
        title="Evaluation",
        subtitle=f"Compared: {compared}.",
        columns=COLUMNS,
        rows=evaluation_table(evaluation),
        neighbours=[(f"Nearest by {name}", png_url(image_png(p))) for name, p in evaluation.pictures.items()],
        facts=yaml.safe_dump(evaluation.facts, sort_keys=False),
    )
    try:
        write_atomic(path, page.encode())
    except OSError as error:
        raise OverganError(f"{path} cannot be written ({error}); name another file") from None


def _cells(row: Mapping[str, Any]) -> list[list[str]]:
    space = str(row["features"])

    def value(key: str) -> str:
        error = f" ± {row[f'{key}_error']:.2g}" if f"{key}_error" in row else ""
        return f"{row[key]:.4g}{error}" if key in row else "–"

    names = BY_SIDE | (INCEPTION if space == "inception" else {})
    lines = [
        [space, name, value(f"{key}_train"), value(f"{key}_test")]
        for key, name in names.items()
        if f"{key}_train" in row or f"{key}_test" in row
    ]
    if "nearer_train" in row:
        interval = f" ({row['nearer_train_low']:.3f} to {row['nearer_train_high']:.3f})"
        lines.append([space, "share nearer to training images", f"{row['nearer_train']:.3f}{interval}", ""])
    if "c_t" in row:
        lines.append([space, "C_T (far below 0: copies)", f"{row['c_t']:.3g}", ""])
    if "nnd" in row:
        lines.append([space, "NND", "", value("nnd")])
    if "nnd_train" in row:
        lines.append([space, "NND of the training images themselves", "", value("nnd_train")])
    return lines
