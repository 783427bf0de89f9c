from ._build import build as build, networks as networks
from ._outputs import outputs as outputs
from ._pixels import to_images as to_images, to_network as to_network
from ._sizes import parameter_counts as parameter_counts, sizes as sizes
from ._spec import Held as Held, ModelConfig as ModelConfig, Shape as Shape
from .layers import Weighted as Weighted
from .nets import (
    Images as Images,
    Networks as Networks,
    Part as Part,
    Residual as Residual,
    plain as plain,
    repeatable as repeatable,
)
