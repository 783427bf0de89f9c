"""A study of a GAN written by hand, with the numbers that claims are about."""

import json

from overgan.study.gan.claims import CLAIMS
from tests.racing import ITERATIONS, write_study


def write_claimed(folder, values, columns=None, *, critic=None, **settings):
    """`write_study`, with more columns in the rows of the last iteration, and rows of NND's critic.

    columns, critic: from a width and the place of a run among those of the width to its columns.
    """
    study = write_study(folder, values, **settings)
    for k in values:
        path = study.group(k) / "evaluations.jsonl"
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        last = [row for row in rows if row["iteration"] == ITERATIONS]
        for place, row in enumerate(last):
            row |= columns(k, place) if columns else {}
        of_critic = [
            {"seed": row["seed"], "iteration": ITERATIONS, "features": "critic"} | critic(k, place)
            for place, row in enumerate(last)
            if critic
        ]
        path.write_text("".join(json.dumps(row) + "\n" for row in [*rows, *of_critic]))
    return study


def claim_of(study, name, confidence=None):
    """The study's claim of that name; the others are not asked for, as they take most of the time."""
    claim = CLAIMS[name](study, study.confidence(confidence))
    assert claim.name == name
    return claim
