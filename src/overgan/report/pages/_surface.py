"""The map of both widths: what each pair comes to, and the best one at each cost."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pandas as pd

from overgan.metrics import frechet_label
from overgan.report._content import Row, Section, mean_and_deviation
from overgan.report._map import Cells, Map
from overgan.report._plot import Panel, Plot, Series, each_color
from overgan.study import AtCost, Claim, Pair, Surface
from overgan.words import number, span


@dataclass(frozen=True)
class Balanced:
    """What the page says of both widths."""

    claim: Claim
    section: Section
    answer: str
    note: str


def balanced(surface: Surface, confidence: float) -> Balanced:
    """The map, the distances against cost, and the best pair at each."""
    pairs = surface.pairs()
    claim, found = surface.balance(confidence)
    label = f"mean test {frechet_label(surface.spec.evaluate.features[0])}"
    plots: list[Plot | Map] = [_map(surface, pairs, label), _against_cost(surface, pairs, label)] if pairs else []
    note = (
        f"Cost: {surface.cost}{_caution(surface)}. Framed in the map: the least {label}. Below: of pairs that cost no "
        "more, the best, and those that may be, as no other is shown to be better; all of these costs together with "
        f"{100 * confidence:g}% confidence."
    )
    if any(np.isinf(pair.values).any() for pair in pairs):
        note += (
            " A diverged run counts in the map, and for what is best, as one twice as far away as the mean of the "
            "others; curves and the distances below leave it out."
        )
    if not pairs:
        note = "No pair of widths is finished yet."
    section = Section("Both widths", note, plots, [_row(of, pairs, surface.cost) for of in found])
    if not found:
        return Balanced(claim, section, "Not known yet", "")
    best = found[-1]
    says = f"generator's width over the critic's, of the best pair; may be {_ratios(best, pairs)}"
    return Balanced(claim, section, _ratio(pairs[best.best]), says)


def _caution(surface: Surface) -> str:
    return ", as measured, which misleads if the machine had other work meanwhile" if "seconds" in surface.cost else ""


def _map(surface: Surface, pairs: Sequence[Pair], label: str) -> Map:
    held, varied = list(surface.spec.parts), surface.spec.widths
    other = [int(name.rpartition("-")[2]) for name in held]
    generators, critics = (varied, other) if surface.held == "critic" else (other, varied)
    at = {(pair.generator, pair.critic): pair for pair in pairs}
    means = {place: pair.mean for place, pair in at.items()}
    best = min(means, key=means.__getitem__)
    values = [[means.get((g, c), math.nan) for c in critics] for g in generators]
    values = [[v if math.isfinite(v) else math.nan for v in row] for row in values]
    failed = [[(g, c) in at and bool(np.isinf(at[g, c].values).any()) for c in critics] for g in generators]
    cells = Cells("", values, failed, [(generators.index(best[0]), critics.index(best[1]))])
    title = f"{label[0].upper()}{label[1:]} by both widths"
    columns, rows = [str(c) for c in critics], [str(g) for g in generators]
    x_label = "critic's width; framed: the best; ×: runs diverged"
    return Map("balance-map", title, x_label, "generator's width", columns, rows, [cells])


def _against_cost(surface: Surface, pairs: Sequence[Pair], label: str) -> Plot:
    """A curve for each held width: on a vertical line are pairs of the same cost."""
    held = sorted({getattr(pair, surface.held) for pair in pairs})
    curves = []
    for width, color in zip(held, each_color(len(held)), strict=True):
        of = sorted((pair for pair in pairs if getattr(pair, surface.held) == width), key=lambda pair: pair.cost)
        alive = [(pair, pair.values[np.isfinite(pair.values)]) for pair in of]
        alive = [(pair, values) for pair, values in alive if len(values)]
        x = [pair.cost for pair, _ in alive]
        y, low, high = ([float(f(values)) for _, values in alive] for f in (np.mean, np.min, np.max))
        curves.append(Series(f"{surface.held} {width}", x, y, low, high, color))
    title = f"{label[0].upper()}{label[1:]} against cost"
    y_label = f"{label}, mean and range over seeds"
    return Plot("balance-cost", title, surface.cost, y_label, [Panel(curves)], "log", y_log=True)


def _row(of: AtCost, pairs: Sequence[Pair], cost: str) -> Row:
    best = pairs[of.best]
    says = {"supports": "within the tolerance", "contradicts": "worse", "cannot tell": "cannot tell"}
    return [
        (f"cost, {cost}", number(of.cost, 2)),
        ("best generator", str(best.generator)),
        ("critic", str(best.critic)),
        ("distance", mean_and_deviation(pd.Series(best.values[np.isfinite(best.values)]))),
        ("generator / critic", _ratio(best)),
        ("may be", _ratios(of, pairs)),
        ("comparable widths are", says[of.verdict]),
    ]


def _ratio(pair: Pair) -> str:
    return str(Fraction(pair.generator, pair.critic))


def _ratios(of: AtCost, pairs: Sequence[Pair]) -> str:
    ordered = sorted((pairs[place] for place in of.may_be_best), key=lambda pair: pair.ratio)
    return span(_ratio(ordered[0]), _ratio(ordered[-1])) if ordered else "not known"
