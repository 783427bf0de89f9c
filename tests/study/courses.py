"""A GAN's width study whose runs take known courses, written by hand."""

import json
import math

from tests.racing import ITERATIONS, write_study

EVERY = 50


def study_of(
    folder, distance, widths=(2, 4, 8, 16), seeds=3, *, moved=lambda _k, _seed: (1.0, 1.0), lost=(), **changed
):
    """Its runs have the test distance `distance(k, seed, t)` at iteration t; those of `lost`, (k, seed), diverged.

    moved: how far generator and critic are from their start in the end, of k and seed.
    """
    last = {k: [math.inf if (k, s) in lost else distance(k, s, ITERATIONS) for s in range(seeds)] for k in widths}
    study = write_study(folder, last, **changed)
    unfinished = changed.get("unfinished", ())
    for k in widths:
        group = folder / f"k{k:04d}"
        end = 800 if k in unfinished else ITERATIONS
        alive = [s for s in range(seeds) if (k, s) not in lost]
        rows = [
            {"seed": s, "iteration": t, "features": "pixels", "frechet_train": d, "frechet_test": d}
            for s in alive
            for t in range(EVERY, end + 1, EVERY)
            for d in [distance(k, s, t)]
        ]
        log = [
            {"seed": s, "iteration": end, "moved_generator": moved(k, s)[0], "moved_critic": moved(k, s)[1]}
            for s in alive
        ]
        (group / "evaluations.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        (group / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in log))
    return study
