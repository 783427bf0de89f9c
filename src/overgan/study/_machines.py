"""Machines on paper, and what an hour of one of their cores takes."""

import re
from dataclasses import dataclass

from overgan.check import check
from overgan.study._machine import cores

MOST, MOST_CORES = 1_000, 1_024  # machines; cores of one
FORM = f"from 1 to {MOST:,}, or with x and the cores of each (at most {MOST_CORES:,}), such as 100x16"
PRICE = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*([^\W\d_]\S{0,15}|[^\w\s.,+-])")
AMOUNT = "a number and its unit, such as 0.012kWh or 0.04USD"


@dataclass(frozen=True)
class Machines:
    """So many machines, each with so many cores."""

    count: int
    cores: int

    @classmethod
    def named(cls, text: str | int) -> "Machines":
        """Of N, each with as many cores as this one, or of NxCORES. Raises OverganError for anything else."""
        found = re.fullmatch(r"([0-9]{1,6})(?:x([0-9]{1,6}))?", str(text))
        check(found, "machines", text, FORM)
        count, each = (int(part) if part else cores() for part in found.groups())  # type: ignore[union-attr] # checked
        check(1 <= count <= MOST and 1 <= each <= MOST_CORES, "machines", text, FORM)
        return cls(count, each)

    def __str__(self) -> str:
        return f"{self.count:,} × {self.cores:,} cores" if self.count > 1 else f"1 machine of {self.cores:,} cores"


@dataclass(frozen=True)
class Price:
    """What a core takes in an hour: energy, money or whatever the unit is."""

    amount: float
    unit: str

    @classmethod
    def named(cls, text: str) -> "Price":
        """Of an amount and its unit, such as 0.012kWh. Raises OverganError for anything else."""
        found = PRICE.fullmatch(text.strip())
        check(found, "per_core_hour", text or "empty", AMOUNT)
        return cls(float(found[1]), found[2])  # type: ignore[index] # checked
