"""What a study will take, before anything of it runs."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from overgan.check import check
from overgan.study._cost import group_seconds
from overgan.study._kinds import KINDS
from overgan.study._load_spec import SpecSource, load_spec
from overgan.study._machine import cores
from overgan.study._machines import Machines, Price
from overgan.study._schedule import makespan, turns
from overgan.study._spec import Spec
from overgan.study._surface import refuse_several
from overgan.study.analysis import missing
from overgan.words import brief

HOUR = 3600.0
SMALLER = (1.0, 0.1, 0.01, 0.001)  # of the scale that is planned
FASTEST = 1_000.0  # times this machine


@dataclass(frozen=True)
class PlannedGroup:
    """The group of one width: which machine trains it, from 1, and when, in seconds from the start."""

    width: int
    machine: int
    start: float
    end: float

    @property
    def seconds(self) -> float:
        """That it takes, with the threads it has."""
        return self.end - self.start


@dataclass(frozen=True)
class Smaller:
    """The same study at a scale: how long it takes, and what it will lack, however it turns out."""

    scale: float
    length: str  # of a run, in words
    seconds: float  # wall-clock
    core_hours: float
    lacks: tuple[str, ...]  # to recommend a width by, in words


@dataclass(frozen=True, repr=False)
class Plan:
    """What a study takes on machines that need not be there, computed from what was measured on this one."""

    spec: Spec
    machines: Machines
    threads: int  # of each group
    speed: float  # of a core of theirs, in cores of this machine
    groups: tuple[PlannedGroup, ...]  # as they start, the longest first
    enough: int  # of these machines: with more, nothing ends sooner
    storage: dict[str, int]  # what is on disk in the end -> bytes, at most; empty if that is not known
    price: Price | None  # of a core's hour
    scales: tuple[Smaller, ...]  # the planned scale, and smaller ones
    measured_threads: int  # of the groups that were measured
    uncounted: str  # what takes time, too, and is not counted; in words

    def __repr__(self) -> str:
        return brief(self, name=self.spec.name, machines=str(self.machines), seconds=self.seconds)

    @property
    def seconds(self) -> float:
        """From the start of the first group to the end of the last."""
        return max(group.end for group in self.groups)

    @property
    def at_once(self) -> int:
        """The groups that a machine trains at once."""
        return self.machines.cores // self.threads

    @property
    def longest(self) -> float:
        """Seconds of the longest group, which no number of machines can beat."""
        return max(group.seconds for group in self.groups)

    @property
    def core_hours(self) -> float:
        """Of the cores that are at work."""
        return sum(group.seconds for group in self.groups) * self.threads / HOUR

    @property
    def used(self) -> int:
        """The machines that train a group."""
        return max(group.machine for group in self.groups)

    @property
    def held_core_hours(self) -> float:
        """Of all cores of the machines that are used, at work or not, if each is held until the last group is done."""
        return self.used * self.machines.cores * self.seconds / HOUR

    @property
    def cost(self) -> float | None:
        """Of the cores that are at work, in the unit of the price."""
        return None if self.price is None else self.price.amount * self.core_hours


def plan(
    spec: SpecSource,
    machines: str | int = 1,
    overrides: Sequence[str] = (),
    *,
    scale: float = 1.0,
    threads: int = 1,
    speed: float = 1.0,
    per_core_hour: str | None = None,
    measure: bool = False,
    progress: Callable[[str], None] = lambda _what: None,
) -> Plan:
    """How long a study takes on machines that need not be there, what it costs, and what less of it would answer.

    Groups are handed out longest first, each to the place that is free first; a machine of C cores has C // threads.
    Times are measured on this machine's CPU and remembered in the user's cache folder; a GPU's are not known.

    spec, overrides, scale: as of `run`.
    machines: N, of as many cores as this one, or "NxCORES", up to 1,000.
    threads: of each group. More than this machine has cores cannot be measured: a group then takes at most as long as
        with these.
    speed: of a core of theirs, 1.5 if it is half as fast again as one of this machine.
    per_core_hour: energy or money, such as "0.012kWh" or "0.04USD".
    measure: measure again what was measured before.
    progress: called with what is being measured.

    Raises OverganError for a wrong spec, an argument that is out of range, or images that must be read and cannot be.
    """
    there = Machines.named(machines)
    price = None if per_core_hour is None else Price.named(per_core_hour)
    check(1 <= threads <= there.cores, "threads", threads, f"from 1 to {there.cores:,}, the cores of a machine")
    check(0 < speed <= FASTEST, "speed", speed, f"above 0, and at most {FASTEST:,.0f}")
    measured = min(threads, cores())

    def seconds_of(resolved: Spec, again: bool = False) -> dict[int, float]:
        found = None if again else group_seconds(resolved, threads=measured)
        if found is None:
            progress(f"timing {resolved.name}")
            found = group_seconds(resolved, threads=measured, measure=True)
        assert found is not None  # noqa: S101 - it was measured
        return {width: seconds / speed for width, seconds in found.items()}

    full = load_spec(spec, overrides, scale)
    refuse_several(full)
    cost, seconds = KINDS[full.kind].cost, seconds_of(full, measure)
    scaled = {scale * factor: load_spec(spec, overrides, scale * factor) for factor in SMALLER if scale * factor}
    return Plan(
        spec=full,
        machines=there,
        threads=threads,
        speed=speed,
        groups=_in_turn(seconds, there, threads),
        enough=_enough(list(seconds.values()), there.cores // threads),
        storage=cost.storage(full),
        price=price,
        scales=tuple(_smaller(of, seconds_of(of), there, threads) for of in _different(list(scaled.values()))),
        measured_threads=measured,
        uncounted=cost.uncounted(full),
    )


def _in_turn(seconds: Mapping[int, float], machines: Machines, threads: int) -> tuple[PlannedGroup, ...]:
    """The groups, longest first; of two that take as long, the wider one."""
    at_once = machines.cores // threads
    order = sorted(seconds, key=lambda width: (seconds[width], width), reverse=True)
    found = turns([seconds[width] for width in order], machines.count * at_once)
    groups = [
        PlannedGroup(k, turn.place // at_once + 1, turn.start, turn.end) for k, turn in zip(order, found, strict=True)
    ]
    return tuple(sorted(groups, key=lambda group: group.start))


def _enough(seconds: Sequence[float], at_once: int) -> int:
    """The fewest machines on which all groups are done as soon as the longest one."""
    longest_first = sorted(seconds, reverse=True)
    places = next(n for n in range(1, len(seconds) + 1) if makespan(longest_first, n) <= longest_first[0])
    return math.ceil(places / at_once)


def _different(specs: Sequence[Spec]) -> list[Spec]:
    """Those that are not another one again, as where the overrides give all that a scale would change."""
    found: list[Spec] = []
    for spec in specs:
        if all(spec.model_copy(update={"scale": other.scale}) != other for other in found):
            found.append(spec)
    return found


def _smaller(spec: Spec, seconds: Mapping[int, float], machines: Machines, threads: int) -> Smaller:
    kind, groups = KINDS[spec.kind], _in_turn(seconds, machines, threads)
    return Smaller(
        scale=spec.scale,
        length=kind.length(spec),
        seconds=max(group.end for group in groups),
        core_hours=sum(seconds.values()) * threads / HOUR,
        lacks=(
            *missing({width: spec.seeds_at(width) for width in spec.widths}, spec.widths, len(spec.widths)),
            *kind.cost.lacks(spec),
        ),
    )
