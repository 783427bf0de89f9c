"""Features of a convolutional network with random weights, for images that have neither labels nor Inception."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import nn

from overgan.disk import sha256
from overgan.metrics.spaces._space import Embedding, Space, Wanted
from overgan.models import to_network

CHANNELS = (64, 128, 256)
BATCH = 256


def random_features(wanted: Wanted) -> tuple[Embedding, dict[str, Any]]:
    """The embedding into 256 features, and facts: the weights' SHA-256.

    Three 3 × 3 convolutions of stride 2 with He-normal weights, drawn from the seed, and LeakyReLU 0.2; each feature
    is a channel's mean over the pixels. Nothing is trained.
    """
    generator = torch.Generator().manual_seed(wanted.seed)
    layers: list[nn.Module] = []
    for inputs, outputs in zip((wanted.shape[2], *CHANNELS), CHANNELS, strict=False):
        convolution = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False)
        nn.init.kaiming_normal_(convolution.weight, 0.2, generator=generator)
        layers += [convolution, nn.LeakyReLU(0.2)]
    network = nn.Sequential(*layers).requires_grad_(False)
    weights = b"".join(p.numpy().tobytes() for p in network.parameters())
    network.to(wanted.device)

    def embed(images: UInt8[np.ndarray, "images h w c"]) -> Float[np.ndarray, "images features"]:
        batches = torch.split(torch.from_numpy(np.ascontiguousarray(images)), wanted.batch or BATCH)
        return torch.cat([network(to_network(b.to(wanted.device))).mean((2, 3)) for b in batches]).cpu().numpy()

    return embed, {"dimension": CHANNELS[-1], "sha256": sha256(weights)}


SPACE = Space(random_features)
