"""A GAN's width study that decides what to train next, written by hand with known numbers."""

import json
import math

import overgan
from overgan.study import Description, parse_spec, write_description
from overgan.study._rounds import Round, Rounds, seeds_in_order, write_rounds

ITERATIONS = 1000


def begun(seeds, why="the first runs", move="begin"):
    """A round of `write_study`: what every width should have by its end."""
    return Round(move=move, why=why, seeds=seeds, iterations=ITERATIONS)


def write_study(
    folder, values, rounds=(), *, model="mlp", confidence=0.95, seconds=10.0, unfinished=(), until=None, **changed
):
    """The study, whose runs have these values by width, in the order of seeds; an infinite one diverged.

    seconds: of a run; rounds: of rounds.json, none without any. The runs of k have 100 k trained numbers.
    """
    train = {"iterations": ITERATIONS, "evaluate_every": 200, **changed}
    several = "learning_rates" in train
    keys = {"name": "by-hand", "data": {"name": "digits"}, "model": model, "widths": list(values)}
    keys |= {"seeds": [0, 1, 2], "train": train, "evaluate": {"features": ["pixels"]}}
    spec = parse_spec(keys, "test")
    description = Description(
        spec=spec,
        command="overgan run by-hand.yaml",
        data={"name": "digits", "train": 20, "test": 300, "compared": 300, "shape": [8, 8, 1], "fingerprint": "f00"},
        features={"pixels": {"dimension": 64}},
        parameters={k: {"generator": 90 * k, "critic": 10 * k} for k in values},
        versions={},
        machine={"workers": 2, "processor": "a processor"},
    )
    folder.mkdir(parents=True, exist_ok=True)
    write_description(folder, description)
    if rounds:
        write_rounds(folder, Rounds(planner="sure", confidence=confidence, until=until, rounds=list(rounds)))
    for k, of in values.items():
        group = folder / f"k{k:04d}"
        group.mkdir()
        runs = dict(zip(seeds_in_order(spec, len(of)), of, strict=True))
        alive = {seed: value for seed, value in runs.items() if math.isfinite(value)}
        reached = ITERATIONS if k not in unfinished else 800
        times = range(200, reached + 1, 200)
        rows = [
            {"seed": seed, "iteration": t, "features": "pixels", "frechet_train": value, "frechet_test": value}
            | ({"learning_rate_rule": "constant", "learning_rate": 1e-3} if several else {})
            for seed, value in alive.items()
            for t in times
        ]
        log = [{"seed": seed, "iteration": reached, "moved_generator": 1, "moved_critic": 1} for seed in alive]
        (group / "evaluations.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        (group / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in log))
        spent = seconds * len(of)
        (group / "progress.json").write_text(json.dumps({"iteration": reached, "seconds": spent}))
        index = {"file": "x", "sha256": "x", "iteration": reached, "seeds": list(alive), "seconds": spent}
        index |= {"diverged": {str(s): 100 for s in runs if s not in alive}, "complete": k not in unfinished}
        (group / "checkpoint.json").write_text(json.dumps(index))
    return overgan.load(folder)
