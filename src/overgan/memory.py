"""The machine's memory, looked at before it is taken."""

import os

from overgan.errors import OverganError

GIGABYTE = 10**9
NO_MEMORY = ("DefaultCPUAllocator", "can't allocate memory", "could not create a memory object", "std::bad_alloc")


def check_memory(needed: int, name: str, value: object) -> None:
    """Raise an OverganError that names the argument and its value, if it needs more bytes than this machine has."""
    if hasattr(os, "sysconf") and needed > (there := os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")):
        raise OverganError(
            f"{{argument}} is {value}, which needs at least {needed / GIGABYTE:,.0f} GB of memory, but this machine "
            f"has {there / GIGABYTE:,.0f} GB; make it smaller",
            name,
        )


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that memory ran out: Python's, a GPU's, or that of PyTorch's CPU allocator."""
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"  # PyTorch's, which need not be imported to know it
        or (isinstance(error, RuntimeError) and any(words in str(error) for words in NO_MEMORY))
    )
