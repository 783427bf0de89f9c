"""The neural net divergence as a metric: of generated images, and of training images in their place."""

from collections.abc import Mapping
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
from filelock import FileLock

from overgan.disk import sha256
from overgan.metrics._metric import Column, Estimate, Metric, Setting
from overgan.metrics._sample import Images
from overgan.metrics.nnd._divergence import neural_net_divergence

CRITIC = "critic"  # the features of its row


def _nnd(generated: Images, real: Mapping[str, Images], setting: Setting) -> dict[str, Estimate]:
    def divergence(images: Images, name: str, folder: Path | None) -> Estimate:
        result = neural_net_divergence(
            np.asarray(real["test"][:]),
            np.asarray(images[:]),
            config=setting.nnd,
            device=setting.device,
            folder=folder,
            stopping=setting.stopping,
            progress=partial(setting.progress, f"NND of {name} images"),
        )
        return Estimate(result.value, result.standard_error)

    values = {"nnd": divergence(generated, "generated", setting.folder)}
    if "train" not in real:
        return values
    # that of the training images is computed once: its last state stays in the cache
    config = setting.nnd.model_dump_json(exclude={"checkpoint_seconds"})
    key = sha256(f"{sorted(setting.checksums.items())} {config} {version('torch')}".encode())[:32]
    shared = setting.cache / f"nnd-{key}"
    shared.mkdir(parents=True, exist_ok=True)
    with FileLock(shared / ".lock"):
        return values | {"nnd_train": divergence(real["train"], "train", shared)}


METRIC = Metric(
    "nnd",
    _nnd,
    (
        Column("nnd", "NND", less_is_better=True, sides=("test",)),
        Column("nnd_train", "NND of training images", note="as if memorized", sides=("test",)),
    ),
    needs="images",
    sides=("test",),
    row=CRITIC,
)
