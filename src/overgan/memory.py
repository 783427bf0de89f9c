"""The machine's memory, looked at before it is taken."""

import os

from overgan.errors import OverganError

GIGABYTE = 10**9


def check_memory(needed: int, name: str, value: object) -> None:
    """Raise an OverganError that names the argument and its value, if it needs more bytes than this machine has."""
    if hasattr(os, "sysconf") and needed > (there := os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")):
        raise OverganError(
            f"{{argument}} is {value}, which needs at least {needed / GIGABYTE:,.0f} GB of memory, but this machine "
            f"has {there / GIGABYTE:,.0f} GB; make it smaller",
            name,
        )
