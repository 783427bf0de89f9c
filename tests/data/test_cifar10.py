import hashlib
import pickle

import numpy as np
import pytest
from torchvision.datasets import CIFAR10

from overgan.data import DataConfig, load_images
from overgan.errors import OverganError


@pytest.fixture
def published(tmp_path, monkeypatch):
    """A small copy in the published layout, its checksums given to torchvision."""
    random = np.random.default_rng(0)
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    arrays, checksums = {}, {}
    for name in [f"data_batch_{i}" for i in range(1, 6)] + ["test_batch", "batches.meta"]:
        arrays[name] = random.integers(256, size=(4, 3, 32, 32), dtype=np.uint8), random.integers(10, size=4)
        content = {"data": arrays[name][0].reshape(4, -1), "labels": arrays[name][1].tolist()}
        (folder / name).write_bytes(pickle.dumps({"label_names": list("abcdefghij")} if "meta" in name else content))
        checksums[name] = hashlib.md5((folder / name).read_bytes()).hexdigest()  # noqa: S324 - torchvision's choice
    names = [[n, checksums[n]] for n in checksums]
    monkeypatch.setattr(CIFAR10, "train_list", names[:5])
    monkeypatch.setattr(CIFAR10, "test_list", names[5:6])
    monkeypatch.setattr(CIFAR10, "meta", {**CIFAR10.meta, "md5": checksums["batches.meta"]})
    return tmp_path, arrays


def load(root):
    return load_images(DataConfig(name="cifar10", root=str(root)))


def test_images_and_labels_are_those_of_the_files(published):
    root, arrays = published
    images = load(root)
    train = [arrays[f"data_batch_{i}"] for i in range(1, 6)]
    np.testing.assert_array_equal(images.train, np.concatenate([a for a, _ in train]).transpose(0, 2, 3, 1))
    np.testing.assert_array_equal(images.train_labels, np.concatenate([b for _, b in train]))
    np.testing.assert_array_equal(images.test, arrays["test_batch"][0].transpose(0, 2, 3, 1))
    np.testing.assert_array_equal(images.test_labels, arrays["test_batch"][1])


def test_other_files_are_refused_before_they_are_read(published, tmp_path):
    root, _ = published
    with pytest.raises(OverganError, match=r"data\.root: .*nowhere holds no published copy of cifar-10-batches-py"):
        load(tmp_path / "nowhere")
    path = root / "cifar-10-batches-py" / "data_batch_2"
    path.write_bytes(path.read_bytes() + b"?")
    with pytest.raises(OverganError, match=r"holds no published copy .*data\.name=folder"):
        load(root)


def test_without_a_network_the_line_says_where_to_put_it(monkeypatch, tmp_path):
    def no_network(*_, **__):
        raise RuntimeError("no network")

    monkeypatch.setattr("torchvision.datasets.CIFAR10.download", no_network)
    monkeypatch.setattr("torchvision.datasets.CelebA.download", no_network)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name, folder in (("cifar10", "cifar-10-batches-py"), ("celeba", "img_align_celeba")):
        with pytest.raises(OverganError, match=rf"could not be downloaded to .*no network.*{folder}.*data\.root"):
            load_images(DataConfig(name=name))
