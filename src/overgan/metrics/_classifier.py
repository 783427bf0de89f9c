"""Features of a small classifier that is trained on the image set's own labels."""

import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from overgan.data import ImageSet
from overgan.disk import read_json, sha256, write_atomic, write_json
from overgan.errors import OverganError
from overgan.metrics._embedding import Embedding

FEATURES = 64
BATCH = 64
STEPS = 1_000  # at least, and at least EPOCHS passes over the training images
EPOCHS = 3
LEARNING_RATE = 5e-3


class Classifier(nn.Module):
    """3 × 3 convolutions with batch norm that halve the image to 4 or 5 pixels; their mean is the features."""

    def __init__(self, shape: tuple[int, int, int], classes: int):
        super().__init__()
        halvings = max(1, round(math.log2(min(shape[:2]) / 4)))
        strides = [1, 2, 1] if halvings == 1 else [*[2] * halvings, 1]
        channels = [shape[2], 32, *[FEATURES] * (len(strides) - 1)]
        blocks = [
            nn.Sequential(
                nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False),
                nn.BatchNorm2d(outputs),
                nn.ReLU(),
            )
            for (inputs, outputs), stride in zip(pairwise(channels), strides, strict=True)
        ]
        self.features = nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.head = nn.Linear(FEATURES, classes)

    def forward(self, x: Float[Tensor, "batch c h w"]) -> Float[Tensor, "batch classes"]:
        """Class scores."""
        scores: Tensor = self.head(self.features(x))
        return scores


def classifier_features(images: ImageSet, cache: Path) -> tuple[Embedding, dict[str, Any]]:
    """The embedding into 64 features, and facts: its held-out accuracy, its classes, its weights' checksum.

    The network is a function of the images, the recipe and the version of PyTorch; it is kept in the folder `cache`
    and trained again if it is not there or damaged.

    Raises OverganError if the set has no labels.
    """
    if images.train_labels is None or images.test_labels is None:
        raise OverganError(
            f"{images.name} has no labels, which classifier features need; "
            "sort the images into class sub-folders, or use other features, such as pixels (evaluate.features=[pixels])"
        )
    classes = int(max(images.train_labels.max(), images.test_labels.max())) + 1
    network = Classifier(images.shape, classes)
    recipe = sha256(Path(__file__).read_bytes())  # this file: a network of an older recipe is never taken for this one
    key = sha256(f"{images.fingerprint} {recipe} {torch.__version__}".encode())[:16]
    weights, facts_file = cache / f"classifier-{key}.safetensors", cache / f"classifier-{key}.json"
    facts = read_json(facts_file) if facts_file.exists() else None
    content = weights.read_bytes() if weights.exists() else b""
    if facts is None or sha256(content) != facts["sha256"]:
        network = _train(images, classes)
        content = safetensors.torch.save(network.state_dict())
        predictions = _in_batches(network, images.test).argmax(1)
        facts = {
            "accuracy": float((predictions == images.test_labels).mean()),
            "classes": classes,
            "dimension": FEATURES,
            "sha256": sha256(content),
        }
        write_atomic(weights, content)
        write_json(facts_file, facts)
    network.load_state_dict(safetensors.torch.load(content))
    network.eval()
    return lambda batch: _in_batches(network.features, batch), facts


def _train(images: ImageSet, classes: int) -> Classifier:
    """Adam with a one-cycle learning rate on all training images but `images.reference`.

    One thread and fixed seeds: the same weights on however many cores.
    """
    assert images.train_labels is not None  # noqa: S101 - checked by the caller
    seen = np.setdiff1d(np.arange(len(images.train)), images.reference)
    steps = max(STEPS, EPOCHS * math.ceil(len(seen) / BATCH))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            network = Classifier(images.shape, classes).to(memory_format=torch.channels_last)
        adam = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE)
        schedule = torch.optim.lr_scheduler.OneCycleLR(adam, max_lr=LEARNING_RATE, total_steps=steps)
        order = np.random.default_rng(0)
        for _ in range(steps):
            chosen = seen[order.integers(len(seen), size=BATCH)]
            scores = network(_pixels(images.train[chosen]))
            loss = nn.functional.cross_entropy(scores, torch.from_numpy(images.train_labels[chosen]))
            adam.zero_grad()
            torch.autograd.backward(loss)
            adam.step()
            schedule.step()
        return network.to(memory_format=torch.contiguous_format).eval()
    finally:
        torch.set_num_threads(threads)


def _pixels(images: UInt8[np.ndarray, "batch h w c"]) -> Float[Tensor, "batch c h w"]:
    return (torch.from_numpy(images).float() / 127.5 - 1).movedim(-1, 1)


@torch.no_grad()
def _in_batches(network: nn.Module, images: UInt8[np.ndarray, "images h w c"]) -> Float[np.ndarray, "images features"]:
    outputs = [network(_pixels(batch)).numpy() for batch in np.array_split(images, math.ceil(len(images) / 500))]
    return np.concatenate(outputs)
