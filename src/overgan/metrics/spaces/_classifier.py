"""Features of a small classifier that is trained on the image set's own labels."""

import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor, nn

from overgan.data import ImageSet
from overgan.disk import SavedTensors, kept_tensors, sha256
from overgan.errors import OverganError
from overgan.metrics.spaces._space import Embedding, Space, Wanted
from overgan.models import to_network

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
                nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
            )
            for (inputs, outputs), stride in zip(pairwise(channels), strides, strict=True)
        ]
        self.features = nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.head = nn.Linear(FEATURES, classes)

    def forward(self, x: Float[Tensor, "batch c h w"]) -> Float[Tensor, "batch classes"]:
        """Class scores."""
        scores: Tensor = self.head(self.features(x))
        return scores


def classifier_features(wanted: Wanted) -> tuple[Embedding, dict[str, Any]]:
    """The embedding into 64 features, and facts: its held-out accuracy, its classes, its weights' checksum.

    The network is a function of the images, the recipe and the version of PyTorch; it is kept in the folder `cache`
    and trained again if it is not there or damaged.
    """
    images = wanted.images
    assert images is not None  # noqa: S101 - this space needs labels, and so a set
    labels, test_labels = np.asarray(images.train_labels), np.asarray(images.test_labels)
    classes = int(max(labels.max(), test_labels.max())) + 1
    recipe = sha256(Path(__file__).read_bytes())  # this file: a network of an older recipe is never taken for this one
    key = sha256(f"{images.fingerprint} {recipe} {torch.__version__}".encode())[:16]

    def train() -> tuple[dict[str, Tensor], str]:
        network = _train(images, labels, classes, wanted.device)
        right = _in_batches(network, images.test, wanted.device).argmax(1) == test_labels
        facts = {"accuracy": float(right.mean()), "classes": classes, "dimension": FEATURES}
        text = json.dumps(facts)
        return network.state_dict(), f"{text} {sha256(text.encode())}"

    path = wanted.cache / f"classifier-{key}.safetensors"

    def whole(saved: SavedTensors) -> bool:
        text, _, checksum = saved.identity.rpartition(" ")
        if sha256(text.encode()) != checksum:
            raise OverganError(f"{path} is damaged: the checksum of its facts is wrong; it is computed again")
        return True

    saved = kept_tensors(path, train, whole)
    network = Classifier(images.shape, classes)
    network.load_state_dict(saved.tensors)
    network.eval().to(wanted.device)
    facts = json.loads(saved.identity.rpartition(" ")[0]) | {"sha256": saved.checksum}
    return lambda batch: _in_batches(network.features, batch, wanted.device), facts


def _train(images: ImageSet, labels: Int64[np.ndarray, " _"], classes: int, device: str) -> Classifier:
    """Adam with a one-cycle learning rate on all training images but `images.reference`.

    On the CPU one thread and fixed seeds: the same weights on however many cores.
    """
    seen = np.setdiff1d(np.arange(len(images.train)), images.reference)
    steps = max(STEPS, EPOCHS * math.ceil(len(seen) / BATCH))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            network = Classifier(images.shape, classes).to(device).to(memory_format=torch.channels_last)
        adam = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE)
        schedule = torch.optim.lr_scheduler.OneCycleLR(adam, max_lr=LEARNING_RATE, total_steps=steps)
        order = np.random.default_rng(0)
        for _ in range(steps):
            chosen = seen[order.integers(len(seen), size=BATCH)]
            batch, wanted = (torch.from_numpy(part[chosen]).to(device) for part in (images.train, labels))
            loss = nn.functional.cross_entropy(network(to_network(batch)), wanted)
            adam.zero_grad()
            torch.autograd.backward(loss)
            adam.step()
            schedule.step()
        return network.to(memory_format=torch.contiguous_format).eval()
    finally:
        torch.set_num_threads(threads)


@torch.no_grad()
def _in_batches(network: nn.Module, images: UInt8[np.ndarray, "n h w c"], device: str) -> Float[np.ndarray, "n _"]:
    batches = np.array_split(images, math.ceil(len(images) / 500))
    return np.concatenate([network(to_network(torch.tensor(b, device=device))).cpu().numpy() for b in batches])


SPACE = Space(classifier_features, labels=True)
