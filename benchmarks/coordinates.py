"""The coordinate check of the rules: slopes, in log k, of how far 1, 5 and 20 updates move every layer's outputs.

python benchmarks/coordinates.py [FOLDER] [MODEL …]    about half an hour of a free core; a second call goes on

A line for each layer, rule and number of updates: the least-squares slope of log RMS, the mean over seeds, with its
standard error. mup should have it within ±0.1 of 0, constant should not. The mlp learns scikit-learn's digits, the
convolutional networks 32-pixel patches of its two photographs. FOLDER takes what is trained, a file a width.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_sample_images

from overgan.data import DataConfig, load_images
from overgan.models import ModelConfig
from overgan.training import RULES, UPDATES, Change, TrainConfig, changes, slopes

BOUND = 0.1
MLP, CONVOLUTIONAL = [32, 64, 128, 256, 512, 1024, 2048], [8, 16, 32, 64, 128]
CASES = {  # model, widths, base width, learning rate at it, seeds
    "mlp": ("mlp", MLP, 1, 4e-3, 8),
    "dcgan": ("dcgan", CONVOLUTIONAL, 1, 1e-3, 8),
    "resnet": ("resnet", CONVOLUTIONAL, 1, 1e-3, 8),
    "mlp-base-32": ("mlp", MLP, 32, 1e-3, 8),
    "dcgan-base-8": ("dcgan", CONVOLUTIONAL, 8, 1e-3, 8),
    "resnet-base-8": ("resnet", CONVOLUTIONAL, 8, 1e-3, 8),
}


def images(model: str) -> np.ndarray:
    if model == "mlp":
        return load_images(DataConfig(name="digits")).train
    photographs = load_sample_images().images
    random = np.random.default_rng(0)
    corners = [(random.integers(2), *random.integers((427 - 32, 640 - 32))) for _ in range(2000)]
    return np.stack([photographs[i][y : y + 32, x : x + 32] for i, y, x in corners])


def measured(case: str, folder: Path) -> list[Change]:
    """The changes of a case; what is in the folder is not trained again."""
    model, widths, base, rate, seeds = CASES[case]
    found = []
    for width in widths:
        path = folder / f"{case}-{width}.json"
        if not path.exists():
            config = TrainConfig(
                batch=16, learning_rate=rate, betas=(0.5, 0.999), learning_rate_rules=list(RULES), base_width=base
            )
            of_width = list(changes(ModelConfig(name=model, latent=32), config, [width], images(model), range(seeds)))
            path.write_text(json.dumps(of_width))
        found += [Change(*values) for values in json.loads(path.read_text())]
    return found


def main() -> None:
    torch.set_num_threads(1)
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "runs/coordinates-benchmark")
    folder.mkdir(parents=True, exist_ok=True)
    for case in sys.argv[2:] or CASES:
        found = slopes(measured(case, folder))
        print(f"{case}, k = {CASES[case][1][0]} … {CASES[case][1][-1]}, base {CASES[case][2]}", flush=True)
        for rule in RULES:
            of_rule = [one for one in found if one.rule == rule]
            within = sum(abs(one.slope) <= BOUND for one in of_rule)
            print(f"  {rule}: {within} of {len(of_rule)} slopes within ±{BOUND}")
            for network, layer in dict.fromkeys((one.network, one.layer) for one in of_rule):
                of = {one.updates: one for one in of_rule if (one.network, one.layer) == (network, layer)}
                cells = [f"{of[u].slope:+.2f} ± {of[u].error:.2f}" for u in UPDATES]
                print(f"    {network} {layer:18} {'   '.join(cells)}")


if __name__ == "__main__":
    main()
