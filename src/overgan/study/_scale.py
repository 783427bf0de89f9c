"""A spec at a fraction of its size, as `--scale` asks for it."""

from collections.abc import Collection
from typing import TypeVar

from pydantic import BaseModel

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
