"""What `overgan evaluate` shows: tables, and of images that come from no study a page."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import yaml

from overgan.disk import write_atomic
from overgan.errors import OverganError
from overgan.metrics import METRICS, SIDES, Column, Evaluation, Metric, Side
from overgan.pictures import data_url, image_png
from overgan.report._content import mean_and_deviation
from overgan.report._template import render
from overgan.study.gan import NETWORK_METRICS
from overgan.words import number

STUDY_COLUMNS = ["features", "metric", "k", "runs", "training images", "held-out images"]
COLUMNS = ["features", "metric", "training images", "held-out images"]


def _records(metrics: Sequence[str]) -> list[Metric]:
    """In the order of METRICS, then those of the user's own, then those of networks."""
    of_images = [name for name in metrics if name not in NETWORK_METRICS.entries]
    return [
        *(METRICS[name] for name in dict.fromkeys([*METRICS, *of_images]) if name in metrics),
        *(NETWORK_METRICS[name] for name in NETWORK_METRICS if name in metrics),
    ]


def evaluation_table(evaluation: Evaluation) -> list[list[str]]:
    """The cells of COLUMNS, a row for each number of each metric and feature space, in the order of METRICS."""
    records = _records(evaluation.metrics)
    return [
        [row["features"], metric.label(column, row["features"]), *(column.text(row, side) for side in SIDES)]
        for row in evaluation.rows
        for metric in records
        for column in metric.columns
        if not row.keys().isdisjoint(column.keys.values())
    ]


def study_table(frame: pd.DataFrame, metrics: Sequence[str]) -> list[list[str]]:
    """The cells of STUDY_COLUMNS: for each number of each metric and feature space a row a width.

    frame: what `GanStudy.evaluate` measured, one row per run and feature space. The cells have the mean and standard
    deviation over the runs; of frechet_gap, which shares its real images among them, the mean and its standard error.
    """
    return [
        [*([""] * 2 if i else [str(features), metric.label(column, str(features))]), str(k), str(len(of)), *cells]
        for features, rows in frame.groupby("features", sort=False)
        for metric in _records(metrics)
        for column in metric.columns
        if any(key in rows and rows[key].notna().any() for key in column.keys.values())
        for i, (k, of) in enumerate(rows.groupby("k"))
        for cells in [[_cell(of, column, side) for side in SIDES]]
    ]


def _cell(runs: pd.DataFrame, column: Column, side: Side) -> str:
    key = column.keys.get(side, "")
    if key not in runs:
        return "–" if "{side}" in column.key else ""
    if key == "frechet_gap":
        return f"{number(runs[key].mean())} ± {number(runs[f'{key}_error'].mean(), 2)}"
    return mean_and_deviation(runs[key].dropna())


def evaluation_notes(evaluation: Evaluation) -> list[str]:
    """How many images were compared, and what was done to them before."""
    images = evaluation.facts["images"]
    compared = ", ".join(f"{facts['compared']:,} {name} images of {facts['of']:,}" for name, facts in images.items())
    return [compared, *([evaluation.facts["form"]] if "form" in evaluation.facts else [])]


def errors_note(evaluation: Evaluation) -> str:
    """What ± and brackets in the table are, in words; empty if it has none."""
    keys = {key for row in evaluation.rows for key in row}
    said = []
    if any(key.endswith("_error") for key in keys):
        said.append("± one standard error: of NND over batches, else over draws of the images")
    if any(key.endswith("_low") for key in keys):
        said.append("in brackets a 95% interval, for these two real sets")
    return "; ".join(said)


def write_evaluation(evaluation: Evaluation, path: Path) -> None:
    """One HTML page that opens offline. Raises OverganError if it cannot be written."""
    page = render(
        "evaluation.html.j2",
        title="Evaluation",
        subtitle=f"Compared: {'; '.join(evaluation_notes(evaluation))}.",
        columns=COLUMNS,
        rows=evaluation_table(evaluation),
        note=errors_note(evaluation),
        neighbours=[(f"Nearest by {name}", data_url(image_png(p))) for name, p in evaluation.pictures.items()],
        facts=yaml.safe_dump(evaluation.facts, sort_keys=False),
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, page.encode(errors="backslashreplace"))
    except OSError as error:
        raise OverganError(f"{path} cannot be written ({error}); name another file") from None
