"""What a study would cost, from a few iterations at each of its widths."""

import time

import torch

from overgan.data import image_shape
from overgan.study._spec import Spec
from overgan.study._store import cores
from overgan.training import Gan

WARM_UP, MEASURED = 1, 2


def seconds_at_full_scale(spec: Spec) -> float:
    """Seconds that all groups of a spec would train on this machine, one single-threaded worker a core.

    A few iterations of every width are run on random images and extrapolated; evaluation is not counted.
    """
    shape = image_shape(spec.data)
    images = torch.randint(256, (spec.train.batch, *shape), dtype=torch.uint8)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        total = 0.0
        for width in spec.widths:
            gan = Gan(spec.model, spec.train, width, shape, spec.seeds)
            for _ in range(WARM_UP):
                gan.iterate(images)
            start = time.perf_counter()
            for _ in range(MEASURED):
                gan.iterate(images)
            total += (time.perf_counter() - start) / MEASURED * spec.train.iterations
    finally:
        torch.set_num_threads(threads)
    return total / min(cores(), len(spec.widths))
