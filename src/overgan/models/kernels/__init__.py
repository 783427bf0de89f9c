"""Convolutions that numba compiles; type and shape checks leave this folder alone."""

from overgan.models.kernels._lanes import LANES
from overgan.models.kernels._trust import Compiled, compiled

__all__ = ["LANES", "Compiled", "compiled"]
