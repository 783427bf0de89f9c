"""Stores at an address, such as s3://bucket/study: a folder on this machine, the mirror, is kept like them."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
