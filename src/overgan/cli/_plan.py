"""`overgan plan`: what a study will take, before anything of it runs."""

from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any

from rich.text import Text
from typer import Option

import overgan
from overgan.cli._opening import print_choices, print_heading, print_labelled
from overgan.cli._options import Json, Overrides, Scale, SpecName
from overgan.cli._terminal import console, duration, errors, print_json, print_table, printable
from overgan.words import counted, number

if TYPE_CHECKING:
    from overgan import Plan
    from overgan.study import Price

MACHINES_HELP = "Machines on paper: N like this one, or NxCORES, such as 100x16; up to 1,000."
THREADS_HELP = "Threads of each group: a machine of C cores trains C / THREADS groups at once."
SPEED_HELP = "Of a core of theirs, in cores of this machine: 1.5 is half as fast again."
PRICE_HELP = "Energy or money of a core in an hour, such as 0.012kWh or 0.04USD."
UNITS = ["B", "kB", "MB", "GB", "TB", "PB"]


def plan(
    preset_or_yaml: SpecName,
    machines: Annotated[str, Option(metavar="N|NxCORES", help=MACHINES_HELP)] = "1",
    overrides: Overrides = None,
    scale: Scale = 1.0,
    threads: Annotated[int, Option(help=THREADS_HELP)] = 1,
    speed: Annotated[float, Option(help=SPEED_HELP)] = 1.0,
    per_core_hour: Annotated[str | None, Option(metavar="AMOUNT", help=PRICE_HELP)] = None,
    time: Annotated[bool, Option("--time", help="Measure again what was measured on this machine before.")] = False,
    json_: Json = False,
) -> None:
    """Say what a study will take, before it runs.

    That is time, order, space on disk and cost, on machines that may be on paper, and what a smaller scale would still
    answer. Nothing of it runs but a few iterations, which are timed on this machine and remembered.
    """
    settings: dict[str, Any] = {"scale": scale, "threads": threads, "speed": speed, "per_core_hour": per_core_hour}
    with errors.status(_plain(f"reading {preset_or_yaml}")) as status:
        settings["progress"] = lambda what: status.update(_plain(what))
        found = overgan.plan(preset_or_yaml, machines, overrides or [], measure=time, **settings)
    if json_:
        print_json(_values(found))
        return
    print_heading(found.spec)
    if overgan.study.names_images(preset_or_yaml):
        print_choices(overgan.study.choices(preset_or_yaml, found.spec))
    _print_answer(found)
    _print_order(found)
    _print_scales(found)
    _print_notes(found)


def _plain(text: str) -> Text:
    """The text, for a status, which else reads rich's markup in names."""
    return Text(printable(text))


def _print_answer(found: "Plan") -> None:
    """Where it is done, how long it takes, what for, and what it leaves on disk."""
    print_labelled("machines", f"{found.machines}, {counted(found.at_once, 'group')} at once on each, on paper")
    longest = found.groups[0]  # it starts first
    print_labelled(
        "time",
        f"about {duration(found.seconds)}; the longest group, k = {longest.width}, takes "
        f"{duration(longest.seconds)}, which no number of machines shortens",
    )
    print_labelled("enough", f"{counted(found.enough, 'such machine')}; with more, nothing is done sooner")
    print_labelled(
        "work",
        f"{number(found.core_hours)} core-hours; {counted(found.used, 'machine')} held until all is done: "
        f"{number(found.held_core_hours)}",
    )
    if found.price:
        price = f"{found.price.amount:g} {found.price.unit}"
        print_labelled("cost", f"{_cost(found.price, found.core_hours)} for the work, at {price} a core-hour")
    if found.storage:
        parts = ", ".join(f"{name} {_bytes(size)}" for name, size in found.storage.items() if size)
        print_labelled("disk", f"at most {_bytes(sum(found.storage.values()))}: {parts}")


def _print_order(found: "Plan") -> None:
    """Each group, in the order in which they start."""
    rows = [
        [str(group.width), duration(group.seconds), str(group.machine), _after(group.start), _after(group.end)]
        for group in found.groups
    ]
    print_table(["k", "takes", "machine", "starts", "ends"], rows, unbroken=5)


def _print_scales(found: "Plan") -> None:
    """What less of the study takes, and what each scale would lack."""
    price = found.price
    rows = [
        [
            number(of.scale),
            of.length,
            duration(of.seconds),
            number(of.core_hours),
            *([_cost(price, of.core_hours)] if price else []),
        ]
        for of in found.scales
    ]
    heads = ["scale", "a run", "time", "core-hours", *(["cost"] if price else [])]
    runs = f"{counted(len(found.spec.widths), 'width')} × {found.spec.of_a_width}"
    console.print(f"The same {runs} at smaller scales:")
    print_table(heads, rows, unbroken=len(heads))
    console.print("What they lack to recommend a width by, however their runs turn out:")
    for lacks, of in groupby(found.scales, lambda of: of.lacks):
        first, *_, last = [number(each.scale) for each in of] * 2
        at = first if first == last else f"{first} to {last}"
        print_labelled("", f"- at scale {at}: {'; '.join(lacks) or 'nothing that can be known beforehand'}")


def _print_notes(found: "Plan") -> None:
    """What the times rest on."""
    threads = counted(found.measured_threads, "thread")
    text = f"times are extrapolated from what was timed on this CPU, with {threads} a group"
    text += f", for cores of {found.speed:g} × its speed" if found.speed != 1 else ""
    if found.threads > found.measured_threads:
        text += f", as many as it has cores; with {found.threads} a group may take less"
    text += f"; not counted: {found.uncounted}" if found.uncounted else ""
    console.print()
    print_labelled("note", text)


def _values(found: "Plan") -> dict[str, Any]:
    """What `--json` says."""
    price = found.price
    return {
        "name": found.spec.name,
        "kind": found.spec.kind,
        "scale": found.spec.scale,
        "machines": found.machines.count,
        "cores": found.machines.cores,
        "threads": found.threads,
        "speed": found.speed,
        "seconds": found.seconds,
        "longest": {"k": found.groups[0].width, "seconds": found.groups[0].seconds},
        "enough": found.enough,
        "used": found.used,
        "core_hours": found.core_hours,
        "held_core_hours": found.held_core_hours,
        "cost": price and {"amount": found.cost, "unit": price.unit, "per_core_hour": price.amount},
        "storage": found.storage,
        "groups": [
            {"k": group.width, "machine": group.machine, "start": group.start, "end": group.end}
            for group in found.groups
        ],
        "scales": [
            {
                "scale": of.scale,
                "run": of.length,
                "seconds": of.seconds,
                "core_hours": of.core_hours,
                "cost": price and price.amount * of.core_hours,
                "lacks": of.lacks,
            }
            for of in found.scales
        ],
        "measured_threads": found.measured_threads,
        "uncounted": found.uncounted,
    }


def _cost(price: "Price", core_hours: float) -> str:
    return f"{number(price.amount * core_hours)} {price.unit}"


def _after(seconds: float) -> str:
    return f"after {duration(seconds)}" if seconds else "at once"


def _bytes(size: int) -> str:
    """In the largest unit of which there is one."""
    power = min((len(str(size)) - 1) // 3, len(UNITS) - 1)
    return f"{number(size / 1000**power)} {UNITS[power]}"
