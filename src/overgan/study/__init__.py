"""Studies: what to run, what is on disk, who runs it, what it means."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
