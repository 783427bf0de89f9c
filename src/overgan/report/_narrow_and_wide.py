"""Which two widths stand for narrow and wide networks where pictures of all would be too many."""

from collections.abc import Collection

NARROW, WIDE = 8, 128  # the paper's widths


def narrow_and_wide(widths: Collection[int]) -> list[int]:
    """The paper's two widths, or the narrowest and the widest where one of those is missing; or one."""
    both = NARROW in widths and WIDE in widths
    return [NARROW, WIDE] if both else sorted({min(widths), max(widths)})
