"""The coordinate check of the rules: slopes, in log k, of how far 1, 5 and 20 updates move every layer's outputs.

python benchmarks/coordinates.py [FOLDER] [CASE …]    an hour or two of a free core; a second call goes on

A line for each layer, rule and number of updates: the least-squares slope of log RMS, the mean over seeds, with its
standard error. By mup it should be within ±0.1 of 0, by constant not. The mlp learns scikit-learn's digits, the
convolutional networks 32-pixel patches of its two photographs. FOLDER takes what is trained, a file a width and part.
"""

import json
import sys
from itertools import product
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_sample_images

from overgan.data import DataConfig, load_images
from overgan.models import ModelConfig
from overgan.training import Change, TrainConfig, changes, slopes

BOUND = 0.1
MLP, CONVOLUTIONAL = [32, 64, 128, 256, 512, 1024, 2048], [8, 16, 32, 64, 128]
CASES = {  # model, widths, base width, learning rate at it
    "mlp": ("mlp", MLP, 1, 4e-3),
    "dcgan": ("dcgan", CONVOLUTIONAL, 1, 1e-3),
    "resnet": ("resnet", CONVOLUTIONAL, 1, 1e-3),
    "mlp-base-32": ("mlp", MLP, 32, 1e-3),
    "dcgan-base-8": ("dcgan", CONVOLUTIONAL, 8, 1e-3),
    "resnet-base-8": ("resnet", CONVOLUTIONAL, 8, 1e-3),
}
SEEDS = {"mup": [range(4), range(4, 8)], "constant": [range(4)]}  # trained together


def images(model: str) -> np.ndarray:
    if model == "mlp":
        return load_images(DataConfig(name="digits")).train
    photographs = load_sample_images().images
    random = np.random.default_rng(0)
    corners = [(random.integers(2), *random.integers((427 - 32, 640 - 32))) for _ in range(2000)]
    return np.stack([photographs[i][y : y + 32, x : x + 32] for i, y, x in corners])


def measured(case: str, rule: str, folder: Path) -> list[Change]:
    """The changes of a case by a rule; what is in the folder is not trained again."""
    model, widths, base, rate = CASES[case]
    config = TrainConfig(batch=16, learning_rate=rate, learning_rate_rule=rule, base_width=base)
    found = []
    for seeds, width in product(SEEDS[rule], widths):
        path = folder / f"{case}-{rule}-{width}-{seeds[0]}.json"
        if not path.exists():
            of_width = changes(ModelConfig(name=model, latent=32), config, [width], images(model), seeds)
            path.write_text(json.dumps(list(of_width)))
        found += [Change(*values) for values in json.loads(path.read_text())]
    return found


def main() -> None:
    torch.set_num_threads(1)
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "runs/coordinates-benchmark")
    folder.mkdir(parents=True, exist_ok=True)
    for case, rule in product(sys.argv[2:] or CASES, SEEDS):
        found = slopes(measured(case, rule, folder))
        _, widths, base, _ = CASES[case]
        within = sum(abs(one.slope) <= BOUND for one in found)
        print(f"{case}, k = {widths[0]} … {widths[-1]}, base {base}, {rule}: {within} of {len(found)} within ±{BOUND}")
        for network, layer in dict.fromkeys((one.network, one.layer) for one in found):
            of = [one for one in found if (one.network, one.layer) == (network, layer)]
            print(
                f"    {network} {layer:18}", "   ".join(f"{one.slope:+.2f} ± {one.error:.2f}" for one in of), flush=True
            )


if __name__ == "__main__":
    main()
