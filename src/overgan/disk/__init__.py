"""Files that a kill at any instant cannot damage, and tensors with a checksum."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
