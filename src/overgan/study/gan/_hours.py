"""What the seeds of a GAN's width study took, and others would take, at the pace that was measured."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from overgan.study._status import at_every_width
from overgan.study._store import Description, group_folder
from overgan.study.gan._spec import GanSpec
from overgan.training import ADDING, read_checkpoint, seeds_of
from overgan.words import counted, number

HOUR = 3600.0


@dataclass(frozen=True)
class Hours:
    """By width the seeds that are trained, and what one of them takes; evaluations are not counted."""

    seeds: dict[int, int]  # the diverged ones, too
    each: dict[int, float]  # hours of one seed, to its last iteration; empty before anything was measured
    spent: float  # hours, of all that was trained
    unit: str  # core-hours, or of a study on GPUs, GPU-hours

    def of(self, seeds: Mapping[int, int]) -> float:
        """Hours of so many seeds of each width."""
        return sum(count * self.each.get(width, 0.0) for width, count in seeds.items())

    def grid(self, widths: Collection[int], count: int) -> float:
        """Hours of so many seeds at each of the widths.

        Many seeds at once take less time each than a few, so none is taken to be slower than one of a wider network.
        """
        return count * sum(min((h for k, h in self.each.items() if k >= width), default=0.0) for width in widths)

    def beside_grid(self, more: Mapping[int, int]) -> str:
        """What the study took, and will with so many more seeds, beside a grid of the most seeds at every width."""
        most = max(count + more.get(width, 0) for width, count in self.seeds.items())
        so_far = f"{counted(sum(self.seeds.values()), 'seed')} and {self.words(self.spent)}"
        with_more = f"; with those, {self.words(self.spent + self.of(more))}, where" if more else ";"
        grid = f"a grid of {counted(most, 'seed')} at every width takes about {number(self.grid(self.seeds, most), 2)}"
        return f"{'So far it' if more else 'It'} took {so_far}{with_more} {grid}"

    def words(self, hours: float) -> str:
        """Such as 2.1 core-hours."""
        return f"{number(hours, 2)} {self.unit}"


def hours(folder: Path, description: Description) -> Hours:
    """What the study in the folder took so far; a width that has not begun is judged by the others.

    Raises OverganError if its checkpoints are damaged.
    """
    spec, machine = cast(GanSpec, description.spec), description.machine
    on_gpus = any(str(device).startswith("cuda") for device in machine.get("devices", ()))
    rate = (1 if on_gpus else machine.get("threads", 1)) / HOUR
    seeds, each, spent = dict.fromkeys(spec.widths, 0), dict[int, float](), 0.0
    for width in spec.widths:
        group = group_folder(folder, width)
        checkpoint, beside = read_checkpoint(group), read_checkpoint(group / ADDING)
        spent += sum(of.seconds * rate for of in (checkpoint, beside) if of)
        if checkpoint and checkpoint.iteration:
            seeds[width] = len(seeds_of(checkpoint, []))
            left = max(1.0, spec.train.iterations / checkpoint.iteration)
            each |= {width: left * checkpoint.seconds * rate / seeds[width]} if checkpoint.seconds else {}
    unit = "GPU-hours" if on_gpus else "core-hours"
    return Hours(seeds, at_every_width(each, spec.widths) if each else {}, spent, unit)
