"""A set larger than the memory that there is: it is trained on and measured, page by page."""

import os
import subprocess
import sys

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux limits memory without mapped files"),
]
IMAGES, SIZE = 1300, 256  # 244 MiB together
MEMORY = 224 * 2**20  # bytes that may be allocated; 128 MiB are enough
SCRIPT = f"""
import re, resource, sys, threading
from pathlib import Path
import numpy as np
from overgan.data import DataConfig, ImageSet, load_images
from overgan.metrics import FeatureSpace, Reference
from overgan.models import ModelConfig
from overgan.training import Group, TrainConfig, train_group

def train(images, folder):
    corner = FeatureSpace("pixels", lambda batch: batch[:, 0, 0].astype(np.float32), {{"dimension": 3}})
    reference = Reference.of(images, [corner], 20, ["frechet", "memorization"], every=True, cache=folder / "cache")
    config = TrainConfig(iterations=3, batch=4, critic_steps=1, evaluate_every=3)
    model = ModelConfig(name="mlp", latent=2, depth=1)
    train_group(Group(folder, images, reference, ["frechet"], model, config, 1, [0]), lambda: False)

threading.stack_size(2**20)  # else many cores are much memory
root, folder = map(Path, sys.argv[1:])
small = np.random.default_rng(0).integers(256, size=(200, 8, 8, 3), dtype=np.uint8)
train(ImageSet("small", small[:100], small[100:]), folder / "small")  # whatever is loaded late is loaded now
taken = int(re.search(r"VmData:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024
resource.setrlimit(resource.RLIMIT_DATA, (taken + {MEMORY}, taken + {MEMORY}))
try:
    np.empty({IMAGES * SIZE**2 * 3}, np.uint8)
except MemoryError:
    print("it would not fit")
images = load_images(DataConfig(name="folder", root=str(root)))
train(images, folder / "large")
print(len(images.train) + len(images.test), images.shape)
"""


@pytest.fixture
def root(tmp_path):
    """Four pictures by many names: they take no room on the disk, but are decoded one by one."""
    (tmp_path / "set").mkdir()
    for i in range(4):
        with (tmp_path / f"{i}.ppm").open("wb") as file:
            file.write(b"P6 %d %d 255\n" % (SIZE, SIZE) + os.urandom(3 * SIZE**2))
    for i in range(IMAGES):
        (tmp_path / "set" / f"{i}.ppm").hardlink_to(tmp_path / f"{i % 4}.ppm")
    return tmp_path / "set"


def test_a_set_larger_than_memory_is_trained_on_and_measured(root, tmp_path):
    # with a fixed threshold a freed array is memory again at once; else it depends on how the heap lies
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache"), "MALLOC_MMAP_THRESHOLD_": str(2**22)}
    command = [sys.executable, "-c", SCRIPT, str(root), str(tmp_path / "k")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout == f"it would not fit\n{IMAGES} ({SIZE}, {SIZE}, 3)\n", done.stderr
    assert (tmp_path / "k" / "large" / "evaluations.jsonl").read_text().count("frechet_test") == 1
