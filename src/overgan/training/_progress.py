"""What a group's progress.json says, from its checkpoint and evaluations."""

from pathlib import Path
from typing import Any

from overgan.metrics import current_row
from overgan.training._best import best_distance
from overgan.training._index import EVALUATIONS, Checkpoint, read_rows


def progress_at(folder: Path, checkpoint: Checkpoint) -> dict[str, Any]:
    """How far a group is, with the mean test distance of its newest evaluation."""
    rows = [current_row(row) for row in read_rows(folder, EVALUATIONS)]
    rows = [row for row in rows if row["iteration"] <= checkpoint.iteration]
    return {"iteration": checkpoint.iteration, "seconds": checkpoint.seconds} | best_distance(rows)
