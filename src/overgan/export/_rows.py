"""The rows of a study of any kind, as tables and as the curves of its runs."""

from typing import Any, NamedTuple

import pandas as pd

from overgan.study import Study
from overgan.training import TrainConfig

RUN = ("k", "learning_rate_rule", "learning_rate", "seed")  # the columns that say which run a row is of


class Point(NamedTuple):
    """The numbers of one run at one iteration."""

    iteration: int
    values: dict[str, float]  # by name, such as classifier/frechet_test


class Curves(NamedTuple):
    """All that is known of one run by now."""

    name: str  # such as k0008/seed-0
    facts: dict[str, str | float]  # its width and seed, and what else says which run it is
    tables: dict[str, list[Point]]  # by the name of the table, in the order of iterations


def tables(study: Study) -> dict[str, pd.DataFrame]:
    """The frame of a study, and the losses of one that has some, by name."""
    losses = getattr(study, "losses", None)
    return {"rows": study.frame(), **({"losses": losses()} if losses else {})}


def curves(study: Study) -> list[Curves]:
    """The runs of a study, the narrowest first, with all of their numbers; those that are no numbers are left out.

    Texts in a row, such as its feature space, stand before the names of its numbers.
    """
    train = getattr(study.spec, "train", None)
    several = isinstance(train, TrainConfig) and train.several
    runs: dict[str, Curves] = {}
    for name, table in tables(study).items():
        for row in table.to_dict("records"):
            facts = {key: row[key] for key in RUN if key in row} | {"k": int(row["k"]), "seed": int(row["seed"])}
            of = _name(facts, several=several)
            run = runs.setdefault(of, Curves(of, facts, {}))
            point = _point(row)
            if point.values:
                run.tables.setdefault(name, []).append(point)
    for run in runs.values():
        for points in run.tables.values():
            points.sort(key=lambda point: point.iteration)
    return sorted(runs.values(), key=lambda run: (run.facts["k"], run.facts["seed"]))


def _name(facts: dict[str, Any], *, several: bool) -> str:
    at = f"-{facts['learning_rate_rule']}-{facts['learning_rate']:g}" if several else ""
    return f"k{facts['k']:04d}/seed-{facts['seed']}{at}"


def _point(row: dict[Any, Any]) -> Point:
    rest = {str(key): value for key, value in row.items() if key not in (*RUN, "iteration")}
    texts = [value for value in rest.values() if isinstance(value, str)]
    numbers = {key: value for key, value in rest.items() if isinstance(value, int | float) and pd.notna(value)}
    return Point(int(row.get("iteration", 0)), {"/".join([*texts, key]): float(of) for key, of in numbers.items()})
