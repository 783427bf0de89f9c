"""Image sets as uint8 arrays, with a training and a held-out part; and images wherever a user has them."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
