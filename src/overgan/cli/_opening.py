"""What `overgan run` says before it begins."""

import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import overgan.study
from overgan.cli._terminal import console, duration
from overgan.stores import shown
from overgan.study import GroupStatus
from overgan.words import counted

if TYPE_CHECKING:
    from overgan.study import Opening, Spec

COLUMNS, LABEL = 80, 10


def print_heading(spec: "Spec", *, until_sure: bool = False) -> None:
    """What is studied, which is known at once, and what the user should know about it.

    until_sure: whether the study decides itself how many seeds, and which widths more, it takes.
    """
    kind = overgan.study.KINDS[spec.kind]
    widths = ", ".join(map(str, spec.widths)) if len(spec.widths) < 4 else f"{spec.widths[0]} … {spec.widths[-1]}"
    each = ", until it is sure" if until_sure else f" × {spec.of_a_width}"
    runs = f"{counted(len(spec.widths), 'width')} (k = {widths}){each}"
    print_labelled("", f"{spec.name}: {kind.subject(spec)}, {kind.length(spec)}, {runs}")
    if warning := overgan.study.scale_warning(spec):
        print_labelled("scale", warning)
    if notice := kind.notice(spec):
        print_labelled("note", notice)


def print_choices(sentences: Sequence[str]) -> None:
    """What was chosen where the user named images alone."""
    for sentence in sentences:
        label, _, text = sentence.partition(": ")
        print_labelled(label, text)


def print_opening(opening: "Opening", *, until_sure: bool = False) -> None:
    """Where and on what it runs, from where it goes on, how long it takes, and how to stop it."""
    for label, text in _facts(opening, until_sure=until_sure):
        print_labelled(label, text)


def _facts(opening: "Opening", *, until_sure: bool) -> Iterator[tuple[str, str]]:
    yield "folder", f"{shown(opening.folder)}, {_state(opening)}"
    threads = f"{counted(opening.workers, 'worker')} × {counted(opening.threads, 'thread')}"
    on = f", on {opening.executor}" if opening.executor != "local" else ""
    yield "device", f"{', '.join(opening.devices)}: {threads}{on}"
    seconds = opening.seconds
    if until_sure:
        yield "time", _until_sure(opening)
    elif seconds is None:
        yield "time", "known when the first iterations are done"
    elif seconds:
        what = "more, evaluations not counted" if opening.groups else "in all; overgan plan says what that counts"
        yield "time", f"about {duration(seconds)} {what}"
    if opening.detached:
        return
    folder = opening.folder.parent if overgan.study.is_surface(opening.folder.parent) else opening.folder
    yield "report", f"{shown(folder / 'report.html')}, from the first evaluation on"
    yield "stop", "Ctrl-C; the same command goes on from the last checkpoint"


def _until_sure(opening: "Opening") -> str:
    """How long a study takes that goes on until it is sure, as far as that can be known."""
    text = "until it is sure, or the budget is spent"
    if not opening.seconds:
        return text
    what = "what is under way" if opening.groups else "the whole grid"
    return f"{text}; {what} would take about {duration(opening.seconds)}"


def _state(opening: "Opening") -> str:
    """From where the study goes on: new; 3 of 8 widths done, k = 8 at 400 of 1,000 iterations."""
    groups = opening.groups
    if not groups:
        return "new"
    parts = [f"{sum(group.complete for group in groups)} of {counted(len(groups), 'width')} done"]
    parts += [at(group) for group in groups if group.done and not group.complete]
    return ", ".join(parts)


def at(group: GroupStatus) -> str:
    """How far a width is, in words."""
    return f"k = {group.width} at {group.done:,} of {group.total:,} {group.unit}s"


def print_labelled(label: str, text: str) -> None:
    """A line or more of at most 80 columns, the text beneath itself; paths are not broken."""
    indent = f"{label:{LABEL}}"
    lines = textwrap.wrap(
        text,
        COLUMNS,
        initial_indent=indent if label else "",
        subsequent_indent=" " * LABEL,
        break_long_words=False,
        break_on_hyphens=False,
    )
    console.print("\n".join(lines))
