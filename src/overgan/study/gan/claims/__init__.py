"""The paper's claims about trained GANs, each of one study, from its store alone."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
