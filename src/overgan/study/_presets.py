"""The presets that come with overgan; a module of its own, as completion must not wait for what reads them."""

from importlib.resources import files


def preset_names() -> list[str]:
    """The names of the presets that come with overgan."""
    return sorted(p.name.removesuffix(".yaml") for p in files("overgan.presets").iterdir() if p.name.endswith(".yaml"))
