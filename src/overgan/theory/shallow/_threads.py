"""Threads of our own for the compiled kernels, as numba's may not be used from several threads."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numba


def in_threads(fill: Callable[[int, int], None], count: int) -> None:
    """Call fill(first, end) for as many consecutive parts of range(count) as numba has threads, all at once."""
    threads = numba.get_num_threads()
    ends = [count * i // threads for i in range(threads + 1)]
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(fill, ends[:-1], ends[1:]))
