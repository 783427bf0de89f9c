"""The `overgan` command: a module a command or two, each of which calls one public function."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
