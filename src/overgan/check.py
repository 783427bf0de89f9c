"""Arguments of library functions, checked before any work begins."""

from overgan.errors import OverganError


def check(holds: object, name: str, value: object, expected: str) -> None:
    """Raise an OverganError that names the argument, its value and what is expected, unless holds is true."""
    if not holds:
        raise OverganError(f"{name} is {value}; it must be {expected}")
