"""Which two widths stand for narrow and wide networks where pictures of all would be too many."""

from collections.abc import Collection

NARROW, WIDE = 8, 128  # the paper's widths


def narrow_and_wide(widths: Collection[int]) -> list[int]:
    """The paper's two widths, or the narrowest and the widest where one of those is missing or is no end; or one."""
    narrowest, widest = min(widths), max(widths)
    narrow = NARROW if NARROW in widths and widest > NARROW else narrowest
    wide = WIDE if WIDE in widths and narrowest < WIDE else widest
    return sorted({narrow, wide})
