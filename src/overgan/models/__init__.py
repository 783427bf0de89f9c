"""Generators and critics, parameterized by width and by replicas; their parts are in `layers` and `nets`."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
