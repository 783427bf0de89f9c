"""How wide must a GAN be? The public names; each is imported when it is first used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from overgan.errors import OverganError

if TYPE_CHECKING:
    from overgan import metrics, theory
    from overgan.report import write_report
    from overgan.study import Study, load, run

__all__ = ["OverganError", "Study", "load", "metrics", "run", "theory", "write_report"]

_HOMES = {
    "Study": "overgan.study",
    "load": "overgan.study",
    "run": "overgan.study",
    "write_report": "overgan.report",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name in __all__:
        return import_module(f"overgan.{name}")
    raise AttributeError(f"module 'overgan' has no attribute {name!r}")
