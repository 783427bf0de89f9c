"""The figures and tables of several studies beside each other."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from os.path import commonprefix

import pandas as pd

from overgan.metrics import frechet_label
from overgan.report._comparison import Comparison
from overgan.report._content import Row
from overgan.report._map import Map
from overgan.report._pages import report_content
from overgan.report._plot import Panel, Plot, against_width, each, each_color, each_width, of_widths, over_seeds
from overgan.study import Axis, Claim, GanResults, Study
from overgan.words import joined, number, signed, span

COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f")  # Okabe and Ito, 2008
WIDTH = re.compile(r"k = \d+")


@dataclass(frozen=True)
class Said:
    """What a study says of a claim."""

    verdict: str
    number: str  # in words, with its interval; empty without


def figures(found: Comparison, *, ordered: bool = False) -> list[Plot | Map]:
    """Distances against width and over iterations on every axis, or a panel for each study of the theory.

    ordered: whether the studies have an order, which their colours show.
    """
    if found.gans is None:
        return list(_side_by_side(found.studies))
    gans = {name: study for name, study in found.studies.items() if isinstance(study, GanResults)}
    shades = each_color(len(gans)) if ordered or len(gans) > len(COLORS) else COLORS
    color = dict(zip(gans, shades, strict=False))
    plots: list[Plot | Map] = []
    seen: dict[str, int] = {}
    for axis in found.gans.axes:
        seen[axis.features] = count = seen.get(axis.features, 0) + 1
        of = f"{axis.features}{'' if count == 1 else f'-{count}'}"
        final = {name: gans[name].final(axis.features) for name in axis.names}
        final = {name: rows for name, rows in final.items() if len(rows)}
        if final:
            plots.append(_against_width(of, axis, final, color))
        plots.append(_over_iterations(of, axis, gans))
    return plots


def _against_width(of: str, axis: Axis, final: Mapping[str, pd.DataFrame], color: Mapping[str, str]) -> Plot:
    label = frechet_label(axis.features)
    panels = [
        Panel([over_seeds(name, rows, "k", f"frechet_{side}", color[name]) for name, rows in final.items()], title)
        for side, title in (("test", "held-out images"), ("train", "training images"))
    ]
    title, y_label = f"{label} against width, {axis.data}", f"{label}, mean and range over seeds"
    return against_width(f"compare-{of}", title, y_label, panels, y_log=True)


def _over_iterations(of: str, axis: Axis, gans: Mapping[str, GanResults]) -> Plot:
    """A panel for each study; a width has the same colour in all."""
    label = frechet_label(axis.features)
    frames = {}
    for name in axis.names:
        frame = gans[name].at_best(gans[name].frame())
        frames[name] = frame[frame.features == axis.features]
    every = pd.concat(frames.values()).sort_values("k", kind="stable")
    color = {str(k): shade for k, _, shade in each(every, "k")}
    panels = [
        Panel(
            [over_seeds(f"k = {k}", rows, "iteration", "frechet_test", color[k]) for k, rows, _ in each_width(frame)],
            name + of_widths(frame),
        )
        for name, frame in frames.items()
    ]
    title, y_label = f"{label} over iterations, {axis.data}, held-out images", f"{label}, mean and range over seeds"
    return Plot(f"compare-{of}-over-iterations", title, "iteration", y_label, panels, y_log=True)


def _side_by_side(studies: Mapping[str, Study]) -> Iterator[Plot]:
    """Plots of the same name as one, a panel or more for each study."""
    by_name: dict[str, dict[str, Plot]] = {}
    for name, study in studies.items():
        with study.naming():
            for plot in report_content(study).all_plots:
                if isinstance(plot, Plot):
                    by_name.setdefault(plot.name, {})[name] = plot
    yield from map(_as_one, by_name.values())


def _as_one(of: Mapping[str, Plot]) -> Plot:
    """With what their titles and labels of y differ in over the panels, and one colour for a name in all."""
    first, color = next(iter(of.values())), _one_key(of.values())
    titles, labels = {plot.title for plot in of.values()}, [plot.y_label for plot in of.values()]
    title = first.title if len(titles) == 1 else first.title.partition(" (")[0]
    label = first.y_label if len({*labels}) == 1 else commonprefix(labels).rpartition(" ")[0]  # noqa: RUF071 - no paths
    panels = []
    for name, plot in of.items():
        rest = plot.y_label.removeprefix(label)
        note = plot.title.removeprefix(title) + (f" (…{rest})" if rest else "")
        for panel in plot.panels:
            series = [replace(one, color=color[one.name]) for one in panel.series]
            panels.append(Panel(series, f"{name}: {panel.title}{note}" if panel.title else f"{name}{note}"))
    y_label = label if label == first.y_label else f"{label} …"
    return replace(first, title=title, y_label=y_label, panels=panels, mark=None)


def _one_key(plots: Iterable[Plot]) -> dict[str, str]:
    """A colour for each name of a curve: its own, or, if those clash, one of an order of all widths and cases."""
    every = [series for plot in plots for panel in plot.panels for series in panel.series]
    own = {one.name: one.color for one in every}
    if len({(one.name, one.color) for one in every}) == len(own) == len({*own.values()}):
        return own
    of = {name: found[0] if (found := WIDTH.match(name)) else name for name in own}  # k = 8, predicted, is of k = 8
    order = sorted(dict.fromkeys(of.values()), key=lambda name: int(name[4:]) if WIDTH.match(name) else 0)
    color = dict(zip(order, each_color(len(order)), strict=True))
    return {name: color[group] for name, group in of.items()}


def difference_table(found: Comparison) -> list[Row]:
    """A row for each pair of studies and width that both have."""
    assert found.gans  # noqa: S101 - of trained GANs
    return [
        [
            ("features", of.features),
            ("studies", f"{of.first}, {of.second}"),
            ("k", str(of.k)),
            ("runs", f"{of.runs[0]}, {of.runs[1]}"),
            ("means", f"{number(of.difference.first)}, {number(of.difference.second)}"),
            ("difference", signed(of.difference.value)),
            ("interval", _interval(of.difference.low, of.difference.high)),
            ("larger than seeds explain", _larger(of.difference.low, different=of.difference.different)),
        ]
        for of in found.gans.differences
    ]


def _interval(low: float, high: float) -> str:
    return "–" if low != low else span(signed(low), signed(high))


def _larger(low: float, *, different: bool) -> str:
    return "cannot tell" if low != low else "yes" if different else "no"


def recommended_table(found: Comparison) -> list[Row]:
    """What each study recommends of the widths that all of an axis have, and whose differ."""
    assert found.gans  # noqa: S101 - of trained GANs
    rows = []
    for of in found.gans.recommended:
        for name, said in of.by_study.items():
            others = [other for other in of.by_study if other != name and of.different(name, other)]
            rows.append(
                [
                    ("features", of.features),
                    ("study", name),
                    ("of widths", span(str(of.widths[0]), str(of.widths[-1]))),
                    ("recommended", f"k = {said.width}" + ("*" if said.missing else "")),
                    ("may be", joined(said.not_excluded) if said.not_excluded else "none of these"),
                    ("shown to differ from that of", joined(others) if others else "none"),
                ]
            )
    return rows


def settings_table(found: Comparison) -> list[Row]:
    """The keys of the specs in which studies differ."""
    assert found.gans  # noqa: S101 - of trained GANs
    return [
        [("key", key), *((name, "–" if value is None else str(value)) for name, value in of.items())]
        for key, of in found.gans.settings.items()
    ]


def claims_table(found: Comparison) -> list[tuple[str, list[Said]]]:
    """A row for each claim that any of the studies has: the statement, and what each study says of it."""
    statements = {claim.name: claim.statement for claims in found.claims.values() for claim in claims}
    by = [{claim.name: claim for claim in claims} for claims in found.claims.values()]
    return [(statement, [_said(of.get(name)) for of in by]) for name, statement in statements.items()]


def _said(claim: Claim | None) -> Said:
    if claim is None:
        return Said("–", "")
    if not claim.numbers:
        return Said(claim.verdict, "")
    first = claim.numbers[0]
    value, low, high = first.shown
    interval = "" if first.low != first.low else f" ({span(low, high)})"
    return Said(claim.verdict, f"{first.what}: {value}{interval}")


def study_table(found: Comparison) -> list[Row]:
    """A row for each study: what it is of, and where it is kept."""
    rows = []
    for name, study in found.studies.items():
        groups = study.status()
        finished, runs = (
            sum(group.finished for group in groups),
            sum(group.runs or study.runs(group.width) for group in groups),
        )
        rows.append(
            [
                ("study", name),
                ("finished", f"{finished:,} of {runs:,} runs"),
                ("recommendation", found.recommendations[name]),
                ("kept in", study.place),
                ("command", study.description.command),
            ]
        )
    return rows
