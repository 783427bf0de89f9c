"""A study exported: as files at once, and to tools that show curves, if asked for as long as it runs."""

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import NamedTuple

from overgan.check import check
from overgan.errors import OverganError, did_you_mean
from overgan.export._follow import track
from overgan.export._format import Chosen
from overgan.export._out import Out
from overgan.export._registries import FORMATS, TRACKERS
from overgan.export._tracker import Tracker
from overgan.own import explained, is_own, load_function
from overgan.registry import OWN
from overgan.study import load
from overgan.training import Rule


class Exported(NamedTuple):
    """What was exported, and where it is."""

    what: str  # such as csv
    place: str  # a file, a folder or an address


def export_study(
    folder: str | Path,
    to: str | Sequence[str] = "csv",
    out: str | Path | None = None,
    *,
    width: int | None = None,
    seed: int | None = None,
    learning_rate: float | None = None,
    rule: Rule | None = None,
    licence: str | None = None,
    follow: bool = False,
    trust: bool = False,
) -> list[Exported]:
    """Export a study, finished or not, which is only read.

    to: one or more of csv and parquet (the rows), tables (the study's folder without weights and pictures), generator
        and onnx (of one run), tensorboard, mlflow and wandb (the rows as curves), or package.module:name of your own;
        after tensorboard, mlflow and wandb and a colon where: the folder, the tracking server, the project.
    out: the folder for all files, by default export in the study's. Nothing there is replaced but what an export of the
        same study wrote.
    width, seed, learning_rate, rule: of the generator, as of `GanStudy.sample`.
    licence: of the generator's weights, for its model card, such as cc-by-4.0; by default it says that none is chosen.
    follow: whether rows go on to be sent to tensorboard, mlflow or wandb until the study is finished. Every
        row is sent once, however often this is interrupted.
    trust: as in `overgan.load`.

    Raises OverganError if there is no such study or run, a package is missing, or a file of others' would be replaced.
    """
    study = load(folder, trust)
    place = Out(study, out)
    chosen = Chosen(width, seed, learning_rate, rule, licence)
    formats, trackers = _found([to] if isinstance(to, str) else to)
    if follow and not trackers:
        raise OverganError("{argument} is for what takes rows as they come: tensorboard, mlflow and wandb", "follow")
    found: list[Exported] = []
    with study.naming(*(name for name in formats if is_own(name))):
        for name in formats:
            known = {of.place for of in found}
            with explained(f"{name} fails", OverganError) if is_own(name) else nullcontext():
                paths = FORMATS[name](study, place, chosen)
            found += [Exported(name, str(path)) for path in paths if str(path) not in known]
    opened = [(name, tracker(study, place.folder, of)) for name, (tracker, of) in trackers.items()]
    track(study, [tracker for _, tracker in opened], follow=follow)
    return found + [Exported(name, tracker.place) for name, tracker in opened]


def _found(names: Iterable[str]) -> tuple[list[str], dict[str, tuple[type[Tracker], str]]]:
    """The formats, and the trackers with what stands after the colon. Raises OverganError if one is not known."""
    formats: list[str] = []
    trackers: dict[str, tuple[type[Tracker], str]] = {}

    def track_with(tool: str, tracker: type[Tracker], place: str) -> None:
        if trackers.setdefault(tool, (tracker, place))[1] != place:
            raise OverganError(f"{{argument}} names two places of {tool}; export to one after the other", "to")

    for given in names:
        head, _, rest = given.partition(":")
        own = ":".join(given.split(":")[:2])
        if FORMATS.synonyms.get(given, given) in FORMATS.entries:
            formats.append(FORMATS.known(given))
        elif head in TRACKERS.entries:
            track_with(head, TRACKERS[head], rest)
        elif head in FORMATS.entries:
            raise OverganError(f"{{argument}} {given}: {head} goes to the folder out; write {head} alone", "to")
        elif is_own(own) and isinstance(tracker := load_function(own, "to"), type):
            check(issubclass(tracker, Tracker), "to", own, "a function, or a class that is an overgan.export.Tracker")
            track_with(own, tracker, given.removeprefix(own).removeprefix(":"))
        elif is_own(given):
            formats.append(given)
        else:
            raise OverganError(f"no export {given}{did_you_mean(given, [*FORMATS, *TRACKERS, OWN])}")
    return list(dict.fromkeys(formats)), trackers
