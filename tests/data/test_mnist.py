import gzip
import hashlib
import struct

import numpy as np
import pytest
from torchvision.datasets import MNIST

from overgan.data import DataConfig, load_images
from overgan.errors import OverganError
from tests.conftest import SHARED_DATA


def write_idx(path, array):
    header = struct.pack(">BBBB", 0, 0, 8, array.ndim) + struct.pack(f">{array.ndim}i", *array.shape)
    path.write_bytes((gzip.compress if path.suffix == ".gz" else bytes)(header + array.tobytes()))


@pytest.fixture
def small_mnist(tmp_path):
    random = np.random.default_rng(0)
    arrays = {}
    for part, n, ending in (("train", 6, ""), ("t10k", 4, ".gz")):
        images, labels = random.integers(256, size=(n, 28, 28)), random.integers(10, size=n)
        arrays[part] = images, labels
        write_idx(tmp_path / f"{part}-images-idx3-ubyte{ending}", images.astype(np.uint8))
        write_idx(tmp_path / f"{part}-labels-idx1-ubyte{ending}", labels.astype(np.uint8))
    return tmp_path, arrays


def load(root):
    return load_images(DataConfig(name="mnist", root=str(root)))


def test_plain_and_gzipped_files_are_read(small_mnist):
    root, arrays = small_mnist
    images = load(root)
    np.testing.assert_array_equal(images.train[..., 0], arrays["train"][0])
    np.testing.assert_array_equal(images.test[..., 0], arrays["t10k"][0])
    np.testing.assert_array_equal(images.train_labels, arrays["train"][1])
    np.testing.assert_array_equal(images.test_labels, arrays["t10k"][1])


def test_torchvisions_folder_is_read_as_torchvision_reads_it(small_mnist, tmp_path_factory):
    source, _ = small_mnist
    root = tmp_path_factory.mktemp("torchvision")
    raw = root / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for path in source.iterdir():
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        (raw / path.name.removesuffix(".gz")).write_bytes(content)
    theirs, ours = MNIST(str(root), train=False), load(root)
    np.testing.assert_array_equal(ours.test[..., 0], theirs.data.numpy())
    np.testing.assert_array_equal(ours.test_labels, theirs.targets.numpy())


@pytest.mark.skipif(not (SHARED_DATA / "mnist").exists(), reason="MNIST's files are not beside this checkout")
def test_the_published_files():
    images = load(SHARED_DATA / "mnist")
    assert images.train.shape == (60000, 28, 28, 1)
    assert images.test.shape == (10000, 28, 28, 1)
    header = struct.pack(">BBBBiii", 0, 0, 8, 3, 60000, 28, 28)
    md5 = hashlib.md5(header + images.train.tobytes()).hexdigest()  # noqa: S324 - the published checksum
    assert md5.startswith("6bbc9ace")
    assert np.bincount(images.test_labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_a_missing_file_is_named(small_mnist):
    root, _ = small_mnist
    (root / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(OverganError, match=r"data\.root: .* has no file t10k-labels-idx1-ubyte"):
        load(root)


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-5], lambda b: b[:20], lambda b: b"x" + b[1:], lambda b: b[:6], lambda b: b""]
)
@pytest.mark.parametrize("name", ["train-images-idx3-ubyte", "t10k-images-idx3-ubyte.gz"])
def test_a_damaged_file_is_named(small_mnist, damage, name):
    root, _ = small_mnist
    path = root / name
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(OverganError, match=f"{name} .*download it again"):
        load(root)


def test_more_images_than_labels_is_refused(small_mnist):
    root, _ = small_mnist
    write_idx(root / "train-labels-idx1-ubyte", np.zeros(5, np.uint8))
    with pytest.raises(OverganError, match="6 images but 5 labels in train"):
        load(root)


def test_a_download_that_fails_says_how_to_go_on(monkeypatch):
    def no_internet(*_args, **_kwargs):
        raise RuntimeError("no\ninternet")

    monkeypatch.setattr("torchvision.datasets.MNIST", no_internet)
    with pytest.raises(OverganError, match=r"could not be downloaded to .* \(no internet\); name .* data\.root"):
        load_images(DataConfig(name="mnist"))
