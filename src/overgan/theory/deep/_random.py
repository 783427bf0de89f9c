"""Networks with Gaussian weights, from streams that are handed in."""

from itertools import pairwise

import numpy as np
import torch
from torch import nn


def gaussian_network(sizes: list[int], random: np.random.Generator) -> nn.Sequential:
    """Linear layers of these sizes with ReLU between them, weights N(0, 2/inputs) (He et al., 2015) and biases 0."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layer = nn.Linear(inputs, outputs, device="meta", dtype=torch.float64).to_empty(device="cpu")  # draws nothing
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(random.standard_normal((outputs, inputs)) * np.sqrt(2 / inputs)))
            layer.bias.zero_()
        layers += [layer, nn.ReLU()]
    return nn.Sequential(*layers[:-1])
