"""The metrics against other tools: seconds of each, and the ratio, in one process with all cores.

python benchmarks/metrics.py frechet                  from given statistics of 2048 features
python benchmarks/metrics.py inception TAR [IMAGES]   FID of 2 × IMAGES (default 10,000) end to end, TAR as data.root
                                                      takes it; then the same again, and in bfloat16

The two alternate and the ratio is the median over the pairs. Inception has its real architecture and random weights.
The nearest neighbours have a benchmark of their own, metrics_neighbours.py.
"""

import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn

from overgan.data import DataConfig, load_images
from overgan.metrics import evaluate, frechet_distance

DIMENSION, SAMPLES, PAIRS = 2048, 10_000, 3


def seconds(call: Callable[[], float]) -> tuple[float, float]:
    start = time.perf_counter()
    value = call()
    return time.perf_counter() - start, value


def compare(name: str, ours: Callable[[], float], theirs: Callable[[], float], pairs: int = PAIRS) -> None:
    times = []
    for _ in range(pairs):
        (our_time, our_value), (their_time, their_value) = seconds(ours), seconds(theirs)
        times.append((our_time, their_time))
    our_median, their_median = (statistics.median(t) for t in zip(*times, strict=True))
    ratio = statistics.median(t / o for o, t in times)
    difference = abs(our_value - their_value) / abs(their_value)
    print(f"{name}: {their_median:.3g} s, overgan {our_median:.3g} s, ratio {ratio:.2f}", end=", ")
    print(f"values differ by {difference:.0e}", flush=True)


def frechet() -> None:
    from pytorch_fid.fid_score import calculate_frechet_distance
    from torch_fidelity.metric_fid import fid_statistics_to_metric

    random = np.random.default_rng(0)
    scale = np.geomspace(1, 1e-2, DIMENSION)  # features have a spectrum that falls
    first, second = (
        (x.mean(0), np.cov(x.T))
        for x in (random.standard_normal((SAMPLES, DIMENSION)) * scale + shift for shift in (0, 0.01))
    )
    dictionaries = [{"mu": mean, "sigma": cov} for mean, cov in (first, second)]

    def ours() -> float:
        return frechet_distance(*first, *second)

    compare("pytorch-fid", ours, lambda: float(calculate_frechet_distance(*first, *second)))
    compare(
        "torch-fidelity",
        ours,
        lambda: fid_statistics_to_metric(*dictionaries, verbose=False)["frechet_inception_distance"],
    )


def random_weights(path: Path) -> Path:
    from torch_fidelity import feature_extractor_inceptionv3 as inception

    class Unloaded(inception.FeatureExtractorInceptionV3):
        def load_state_dict(self, *_: object) -> None: ...

    inception.load_state_dict_from_url = lambda *_, **__: {}
    torch.manual_seed(0)
    network = Unloaded("random", ["2048"])
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight)
    torch.save(network.state_dict(), path)
    return path


def inception(tar: str, count: int) -> None:
    from torch_fidelity import calculate_metrics

    images = load_images(DataConfig(name="folder", root=tar))
    first, second = images.train[:count], images.test[:count]
    with tempfile.TemporaryDirectory() as folder:
        weights = random_weights(Path(folder) / "weights.pth")

        class Images(torch.utils.data.Dataset):
            def __init__(self, array: np.ndarray):
                self.array = array

            def __len__(self) -> int:
                return len(self.array)

            def __getitem__(self, index: int) -> torch.Tensor:
                return torch.from_numpy(self.array[index]).movedim(-1, 0)

        def theirs() -> float:
            return calculate_metrics(
                input1=Images(first),
                input2=Images(second),
                cuda=False,
                fid=True,
                feature_extractor_weights_path=str(weights),
                cache=False,
                verbose=False,
            )["frechet_inception_distance"]

        def ours(cache: str, precision: str = "float32") -> float:
            return evaluate(
                first, test=second, weights=weights, precision=precision, samples="all", cache=Path(folder) / cache
            )["frechet_test"]

        runs = iter(range(100))
        compare("torch-fidelity, end to end", lambda: ours(f"cache-{next(runs)}"), theirs)
        again, _ = seconds(lambda: ours("cache-0"))
        print(f"the same real side again: {again:.3g} s")
        compare(
            "float32 against bf16", lambda: ours(f"cache-{next(runs)}", "bf16"), lambda: ours(f"cache-{next(runs)}"), 1
        )


def main() -> None:
    warnings.simplefilter("ignore")  # of the other tools
    if sys.argv[1:2] == ["frechet"]:
        frechet()
    elif sys.argv[1:2] == ["inception"] and len(sys.argv) > 2:
        inception(sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else SAMPLES)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
