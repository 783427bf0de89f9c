"""Of how many images distances are, by feature space: in those that `evaluate` brought it may be another number."""

from collections.abc import Collection
from typing import NamedTuple

import pandas as pd

from overgan.study.gan._results import GanResults
from overgan.words import joined


class Numbers(NamedTuple):
    """How many images a distance compares."""

    compared: int  # on each side; 0 in older studies, which did not say
    generated: int  # those that the Fréchet distance compares with all real images; 0 if it compares as many

    def __str__(self) -> str:
        return f"{self.compared:,}" if self.compared else "some"


def numbers(study: GanResults, rows: pd.DataFrame) -> dict[Numbers, list[str]]:
    """The feature spaces by their numbers, first those of the study's; of these are rows that do not say.

    rows: of the study's frame.
    """
    config = study.spec.evaluate
    whole = config.samples if config.reference == "all" else 0
    own = Numbers(study.description.data.get("compared", 0), whole)
    found = {own: list(config.features)}
    rows = rows.reindex(columns=["features", "compared", "generated", "frechet_test"])
    later = rows[~rows.features.isin(config.features) & rows[["compared", "frechet_test"]].notna().any(axis=1)]
    later = later.fillna(own._asdict()).drop(columns="frechet_test").drop_duplicates()
    for features, *of in later.itertuples(index=False):
        found.setdefault(Numbers(*map(int, of)), []).append(features)
    return found


def unseen(study: GanResults, spaces: Collection[str]) -> str:
    """After "all training images": how many those are in spaces that were trained on others; empty if in none."""
    data, facts = study.description.data, study.description.features
    trained = [name for name in spaces if name == "classifier" or "accuracy" in facts.get(name, {})]
    return f" ({data['unseen']:,} in {joined(trained)} features)" if trained and "unseen" in data else ""
