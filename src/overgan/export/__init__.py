"""A study's results for other tools: tables, generators that need no overgan, and curves as they come."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
