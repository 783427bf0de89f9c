"""What a GAN's width study depends on, and the training of its groups."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from overgan.data import ImageSet, load_images
from overgan.errors import OverganError
from overgan.memory import check_memory
from overgan.metrics import (
    FeatureSpace,
    MetricName,
    Progress,
    Reference,
    check_metrics,
    feature_space,
    no_progress,
    too_few,
)
from overgan.models import parameter_counts
from overgan.study._kind import Facts, Stopping, Work
from overgan.study._rounds import read_rounds, seeds_wanted
from overgan.study._store import group_folder
from overgan.study.gan._spec import EvaluateConfig, GanSpec, at_round
from overgan.training import Group, check_loss, train_seeds

STATES = 5  # of each trained number: its first and its present value, its gradient and two means of Adam


def spaces(
    config: EvaluateConfig, images: ImageSet, device: str = "cpu", batch: int | None = None
) -> list[FeatureSpace]:
    """The feature spaces of a spec's evaluate section, on a device. Raises OverganError if one cannot be had."""
    more: dict[str, Any] = {"precision": config.precision, "device": device, "batch": batch}
    try:
        return [feature_space(name, images, weights=config.inception_weights, **more) for name in config.features]
    except OverganError as error:
        if error.argument == "weights":  # a study's are named by its spec
            raise OverganError(error.message, "evaluate.inception_weights") from None
        raise


def real_side(
    config: EvaluateConfig,
    images: ImageSet,
    metrics: Sequence[MetricName],
    device: str,
    progress: Progress = no_progress,
    batch: int | None = None,
) -> Reference:
    """What generated images are compared with. Raises OverganError if features cannot be had or images are too few."""
    more = {"draws": config.draws, "nnd": config.nnd, "device": device, "progress": progress}
    compared_in = spaces(config, images, device, batch)
    return Reference.of(images, compared_in, config.samples, metrics, config.reference == "all", **more)


def prepare(spec: GanSpec, progress: Progress) -> None:
    """Decode the images, if they are in files and not in the cache. Raises OverganError if they cannot be had."""
    load_images(spec.data, progress)


def check_networks(width: int, parameters: Mapping[str, int], runs: int) -> None:
    """Raise OverganError if runs of that width, with so many trained numbers by network, need more memory than is."""
    check_memory(STATES * torch.float32.itemsize * runs * sum(parameters.values()), "widths", width)


def facts(spec: GanSpec) -> Facts:
    """The images, the feature spaces and the networks' sizes. Raises OverganError if something cannot be had.

    Of a metric that has too few images in a feature space it only warns: a study that was begun before must go on.
    """
    images = load_images(spec.data)
    for note in images.notes:
        logging.getLogger(__name__).warning(f"overgan: {images.name}: {note}")
    spec.model.check_batch(images.shape, spec.train.least_batch)
    parameters = {width: parameter_counts(spec.model, width, images.shape) for width in spec.widths}
    for width, counts in parameters.items():
        check_networks(width, counts, spec.seeds_at(width) * spec.runs_a_seed)
    check_loss(spec.model, spec.train, spec.widths[0], images.shape)
    drawn = min(spec.evaluate.samples, len(images.reference))
    check_metrics(spec.evaluate.all_metrics, ["train", "test"], drawn, images.shape)
    compared_in = spaces(spec.evaluate, images)
    for lacking in too_few(spec.evaluate.all_metrics, compared_in, drawn):
        logging.getLogger(__name__).warning(f"overgan: {lacking}; it is left out there")
    return Facts(
        data={
            "name": images.name,
            "train": len(images.train),
            "test": len(images.test),
            "compared": drawn,
            "unseen": len(images.reference),
            "shape": list(images.shape),
            "fingerprint": images.fingerprint,
            "notes": list(images.notes),
        },
        features={space.name: space.facts for space in compared_in},
        parameters=parameters,
    )


def worker(spec: GanSpec, folder: Path, threads: int, device: str) -> Work:
    """What trains the group of a width."""
    torch.set_num_threads(threads)  # of what reads the images
    images = load_images(spec.data)
    config = spec.evaluate
    reference = real_side(config, images, config.all_metrics, device)

    def train(width: int, stopping: Stopping) -> None:
        rounds = read_rounds(folder)
        now = at_round(spec, rounds.newest) if rounds else spec
        of_round = (rounds.newest.threads if rounds else None) or threads
        torch.set_num_threads(of_round)
        group = Group(
            folder=group_folder(folder, width),
            images=images,
            reference=reference,
            metrics=config.metrics,
            model=spec.model,
            config=now.train,
            width=width,
            seeds=seeds_wanted(folder, now, width),
            device=device,
            dither=spec.data.dither,
            share=of_round / threads,
        )
        train_seeds(group, stopping)

    return train
