"""How long a GAN's width study takes on this machine: what its groups do again and again, each timed."""

import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from overgan.data import image_counts, image_shape
from overgan.errors import OverganError
from overgan.metrics import (
    FeatureSpace,
    canonical,
    feature_space,
    fit_gaussian,
    gaussian_distance,
    neural_net_divergence,
)
from overgan.models import parameter_counts
from overgan.study._kind import Paces
from overgan.study.gan._spec import GanSpec
from overgan.study.gan._work import check_networks
from overgan.training import Replicas, products_an_iteration
from overgan.words import joined

LONG, PROBE_BATCH = 1.0, 16  # seconds of an iteration that is timed; images of one that stands in for a long one
REPEATS, BRIEF = 3, 0.2  # times that something is timed; seconds after which that is enough
SAMPLED = 64  # images of a replica that are timed together, as they are made
PROBE_FEATURES = 512  # dimensions of a Fréchet distance that is timed; of more the time grows as their cube
# what a group does, with all of its replicas
ITERATION, SAMPLE, DISTANCE, CRITIC = "iteration", "sample", "Fréchet distance", "iteration of nnd"


def paces(spec: GanSpec, threads: int) -> Paces:
    """Seconds of an iteration, of a sample with its features, of a Fréchet distance and of an update of NND's critic.

    Images are random. Widths are timed from the narrowest on, with all replicas, or, if that is long, one and a part of
    the batch. Once that is long too, the time grows as the number of products does.

    Raises OverganError if a width that is timed needs more memory than there is.
    """
    shape, train, seeds = image_shape(spec.data), spec.train, spec.runs_a_width
    part = min(PROBE_BATCH, train.batch)
    share = part / train.batch / seeds
    generated = max(2, round(part * train.generator_batch / train.batch)) if train.generator_batch else None
    alone = {"learning_rates": None, "learning_rate_rules": None}
    probe_config = train.model_copy(update={"batch": part, "generator_batch": generated} | alone)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        evaluation = _evaluation(spec, shape)
        found: Paces = {}
        probe = iteration = sample = 0.0
        for width in spec.widths:
            products = _products(spec, width, shape)
            if probe <= LONG:
                check_networks(width, parameter_counts(spec.model, width, shape), 1)
                one = Replicas(spec.model, probe_config, width, shape, spec.seeds[:1], dither=spec.data.dither)
                probe, image = _iteration(one, shape), _sample(one)
                iteration, sample = probe / share / products, image * seeds / products
                if probe / share <= LONG:
                    group = Replicas(spec.model, train, width, shape, spec.seeds, dither=spec.data.dither)
                    iteration, sample = _iteration(group, shape) / products, _sample(group) / products
            made = sample * products * _sets(spec)
            whole = evaluation | {ITERATION: iteration * products, SAMPLE: made + evaluation[SAMPLE]}
            part_of_seeds = spec.seeds_at(width) / len(spec.seeds)
            found[width] = {what: part_of_seeds * seconds for what, seconds in whole.items()}
        return found
    finally:
        torch.set_num_threads(before)


def times(spec: GanSpec, _threads: int) -> dict[str, float]:
    """How often a group does each: all of its replicas together."""
    train, config = spec.train, spec.evaluate
    evaluations = -(-train.iterations // train.evaluate_every)
    steps = config.nnd.iterations + config.nnd.evaluation_batches / 2  # an evaluated batch has no second pass, backward
    return {
        ITERATION: train.iterations,
        SAMPLE: evaluations * compared(spec),
        DISTANCE: evaluations,
        CRITIC: steps * (evaluations if "nnd" in config.metrics else "nnd" in config.all_metrics),
    }


def compared(spec: GanSpec) -> int:
    """The samples of a run that are compared with real images at an evaluation."""
    if spec.evaluate.reference == "all":
        return spec.evaluate.samples
    train, held_out = image_counts(spec.data)
    return min(spec.evaluate.samples, held_out, train // 2)


def uncounted(spec: GanSpec) -> str:
    """The metrics, and the features that cannot be had without images or weights."""
    there = {space.name for space in available_spaces(spec)}
    features = [f"{name} features" for name in map(canonical, spec.evaluate.features) if name not in there]
    metrics = [name for name in spec.evaluate.all_metrics if name not in ("frechet", "nnd")]
    return joined([*features, *metrics, "reading the images"])


def available_spaces(spec: GanSpec) -> list[FeatureSpace]:
    """The spec's feature spaces that can be had for the shape of the images alone."""
    config, found = spec.evaluate, []
    for name in config.features:
        try:
            more: dict[str, Any] = {"weights": config.inception_weights, "precision": config.precision}
            found.append(feature_space(name, image_shape(spec.data), **more))
        except OverganError:  # it needs labels, or weights that are not there
            continue
    return found


def _evaluation(spec: GanSpec, shape: tuple[int, int, int]) -> dict[str, float]:
    """What does not depend on the width: the features of a sample, distances, an update of NND's critic."""
    runs, random = spec.runs_a_width, np.random.default_rng(0)
    images = random.integers(256, size=(SAMPLED, *shape), dtype=np.uint8)
    sample = distance = critic = 0.0
    for space in available_spaces(spec):
        sample += _seconds(partial(space.embed, images)) / SAMPLED
        whole = space.facts["dimension"]
        part = min(whole, PROBE_FEATURES)
        once = _seconds(partial(_distances, random.normal(size=(2 * part, part))))
        distance += once * (whole / part) ** 3
    if "nnd" in spec.evaluate.all_metrics:
        config = spec.evaluate.nnd.model_copy(update={"iterations": 2, "evaluation_batches": 2})
        ends: list[float] = []
        neural_net_divergence(images, images, config=config, progress=lambda *_: ends.append(time.perf_counter()))
        critic = ends[1] - ends[0]
    sets = runs * _sets(spec)
    return {SAMPLE: sample * sets, DISTANCE: distance * sets, CRITIC: critic * runs}


def _sets(spec: GanSpec) -> int:
    """Sets of images that a run has at an evaluation: those of an average, and of the last weights."""
    return 2 if spec.train.average else 1


def _distances(features: Float[np.ndarray, "images features"]) -> None:
    """Those of samples from training and from held-out images, whose Gaussians are known."""
    gaussian = fit_gaussian(features)
    for _ in range(2):
        gaussian_distance(gaussian, gaussian)


def _products(spec: GanSpec, width: int, shape: tuple[int, int, int]) -> int:
    """To which an iteration's time is in proportion, where networks are wide; of the user's own, the parameters."""
    if spec.model.own:
        return sum(parameter_counts(spec.model, width, shape).values())
    return products_an_iteration(spec.model, spec.train, width, shape)


def _iteration(replicas: Replicas, shape: tuple[int, int, int]) -> float:
    images = torch.randint(256, (replicas.config.batch, *shape), dtype=torch.uint8)
    return _seconds(lambda: replicas.iterate(images))


def _sample(replicas: Replicas) -> float:
    return _seconds(lambda: replicas.sample(SAMPLED)) / SAMPLED


def _seconds(work: Callable[[], object]) -> float:
    """The median of up to three times, if they are short, after one that is not timed."""
    work()
    found: list[float] = []
    while len(found) < REPEATS and sum(found) < BRIEF:
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return statistics.median(found)
