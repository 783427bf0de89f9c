"""Arguments of library functions, checked before any work begins."""


def check(holds: object, name: str, value: object, expected: str) -> None:
    """Raise a ValueError that names the argument, its value and what is expected, unless holds is true."""
    if not holds:
        raise ValueError(f"{name} is {value}; it must be {expected}")
