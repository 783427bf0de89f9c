"""A spec at a fraction of its size, as `--scale` asks for it."""

from collections.abc import Collection
from typing import TypeVar

from pydantic import BaseModel

from overgan.study._spec import Spec
from overgan.words import number, percent

M = TypeVar("M", bound=BaseModel)


def multiplied(section: M, factor: float, given: Collection[str], prefix: str = "", **least: int) -> M:
    """A section of a spec with some of its whole numbers multiplied by factor.

    given: keys of the spec that the user set, which stay as they are; the section's begin with `prefix`.
    least: the keys that are multiplied, and what nothing brings them below; a value that is below already stays.
    """
    values = {key: getattr(section, key) for key in least if prefix + key not in given}
    return section.model_copy(
        update={key: max(min(least[key], value), round(value * factor)) for key, value in values.items()}
    )


def at_scale(spec: Spec) -> str:
    """Such as 'at 0.01 of full scale'; empty at full scale."""
    return "" if spec.scale == 1 else f"at {number(spec.scale)} of full scale"


def scale_warning(spec: Spec) -> str:
    """What a reader of a scaled study's numbers must know, as a sentence; empty at full scale."""
    if spec.scale == 1:
        return ""
    share, but = percent(spec.scale, 3), "but for what was set and the least that metrics take"
    of = f"{share} of the iterations and samples, {but}"
    return f"Run {at_scale(spec)}: {of}, so this is not the full study's result."
