"""The GANs of the paper's Section 2 and Appendix A, shallow and deep: how they train, and what they can reach."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
