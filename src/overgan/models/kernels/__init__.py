"""Convolutions that numba compiles; type and shape checks leave this folder alone."""
