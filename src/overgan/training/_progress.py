"""What a group's progress.json says, from its checkpoint and evaluations."""

import statistics
from pathlib import Path
from typing import Any

from overgan.metrics import current_row
from overgan.training._best import best_rows
from overgan.training._index import EVALUATIONS, Checkpoint, read_rows


def progress_at(folder: Path, checkpoint: Checkpoint) -> dict[str, Any]:
    """How far a group is, with the mean test distance of its newest evaluation."""
    rows = [current_row(row) for row in read_rows(folder, EVALUATIONS)]
    rows = [row for row in rows if row["iteration"] <= checkpoint.iteration]
    newest = max((row["iteration"] for row in rows), default=0)
    best = best_rows([row for row in rows if row["iteration"] == newest])
    distance = statistics.fmean(row["frechet_test"] for row in best) if best else None
    rate = best[0].get("learning_rate") if best else None
    return {
        "iteration": checkpoint.iteration,
        "seconds": checkpoint.seconds,
        "frechet_test": distance,
        "learning_rate": rate,
    }
