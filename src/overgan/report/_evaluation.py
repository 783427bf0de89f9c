"""What `overgan evaluate` shows of images that come from no study: a table, and a page."""

from pathlib import Path

import yaml

from overgan.disk import write_atomic
from overgan.errors import OverganError
from overgan.metrics import METRICS, SIDES, Evaluation
from overgan.pictures import image_png, png_url
from overgan.report._template import template

COLUMNS = ["features", "metric", "training images", "held-out images"]


def evaluation_table(evaluation: Evaluation) -> list[list[str]]:
    """The cells of COLUMNS, a row for each number of each metric and feature space, in the order of METRICS."""
    names = dict.fromkeys([*METRICS, *evaluation.metrics])
    records = [METRICS[name] for name in names if name in evaluation.metrics]
    return [
        [row["features"], metric.label(column, row["features"]), *(column.text(row, side) for side in SIDES)]
        for row in evaluation.rows
        for metric in records
        for column in metric.columns
        if not row.keys().isdisjoint(column.keys.values())
    ]


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
