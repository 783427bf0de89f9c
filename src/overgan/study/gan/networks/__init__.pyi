from ._eigenvalues import leading_eigenvalues as leading_eigenvalues
from ._game import GAME as GAME, game as game, jacobian_transposed as jacobian_transposed
from ._measure import measure as measure
from ._pair import Batch as Batch, Pair as Pair
from ._path import PathAngle as PathAngle, path_angle as path_angle
from ._registry import NETWORK_METRICS as NETWORK_METRICS
from ._tangent import (
    TANGENT_KERNEL as TANGENT_KERNEL,
    kernel_change as kernel_change,
    kernel_products as kernel_products,
)
