"""How long a GAN's width study takes on this machine."""

import time

import torch

from overgan.data import image_shape
from overgan.study._machine import cores
from overgan.study.gan._spec import GanSpec
from overgan.training import Replicas, products_an_iteration

LONG, PROBE_BATCH = 1.0, 16  # seconds of an iteration that is timed; images of one that stands in for a long one


def seconds(spec: GanSpec) -> float:
    """Seconds that all groups take, extrapolated from an iteration on random images, evaluation not counted.

    Widths are timed from the narrowest on, with all replicas, or, if that is long, one and a part of the batch.
    Once that is long too, the time grows as the number of products does.
    """
    shape, train = image_shape(spec.data), spec.train
    part = min(PROBE_BATCH, train.batch)
    share = part / max(train.batch, train.generator_batch or 0) / len(spec.seeds)
    probe_config = train.model_copy(update={"batch": part, "generator_batch": None})
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        total, probe, pace = 0.0, 0.0, 0.0
        for width in spec.widths:
            products = products_an_iteration(spec.model, train, width, shape)
            if probe <= LONG:
                one = Replicas(spec.model, probe_config, width, shape, spec.seeds[:1], dither=spec.data.dither)
                probe = _time(one, shape)
                whole = probe / share
                if whole <= LONG:
                    group = Replicas(spec.model, train, width, shape, spec.seeds, dither=spec.data.dither)
                    whole = _time(group, shape)
                pace = whole / products
            total += pace * products
    finally:
        torch.set_num_threads(threads)
    return total * train.iterations / min(cores(), len(spec.widths))


def _time(replicas: Replicas, shape: tuple[int, int, int]) -> float:
    """Seconds of an iteration, after one that is not timed."""
    images = torch.randint(256, (replicas.config.batch, *shape), dtype=torch.uint8)
    replicas.iterate(images)
    start = time.perf_counter()
    replicas.iterate(images)
    return time.perf_counter() - start
