import numpy as np
import pytest
from PIL import Image
from torchvision.transforms.v2 import functional

from overgan.data import DataConfig, load_images
from overgan.errors import OverganError

PARTS = {"000001.jpg": 0, "000002.jpg": 0, "000003.jpg": 1, "000004.jpg": 2, "000005.jpg": 2, "000006.jpg": 0}


@pytest.fixture
def tree(tmp_path):
    """The published layout: JPEG images of 178 × 218 pixels, and the official partition."""
    random = np.random.default_rng(0)
    folder = tmp_path / "celeba" / "img_align_celeba"
    folder.mkdir(parents=True)
    for name in PARTS:
        coarse = random.integers(256, size=(12, 10, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((178, 218)).save(folder / name, quality=95)
    lines = "".join(f"{name} {part}\n" for name, part in PARTS.items())
    (tmp_path / "celeba" / "list_eval_partition.txt").write_text(lines)
    return tmp_path


def load(root):
    return load_images(DataConfig(name="celeba", root=str(root)))


@pytest.mark.parametrize("inside", ["", "celeba"])
def test_images_are_cropped_and_resized_as_torchvision_does(tree, inside):
    images = load(tree / inside)
    for part, numbers in ((images.train, (1, 2, 6)), (images.test, (4, 5))):
        assert part.shape == (len(numbers), 64, 64, 3)
        for ours, number in zip(part, numbers, strict=True):
            with Image.open(tree / "celeba" / "img_align_celeba" / f"{number:06d}.jpg") as image:
                cropped = functional.center_crop(image, [140, 140])
                theirs = functional.resize(cropped, [64, 64], antialias=True)
            np.testing.assert_array_equal(ours, np.asarray(theirs))
    assert images.train_labels is None


def test_faces_are_resized_to_the_size_of_the_form_in_one_step(tree):
    images = load_images(DataConfig(name="celeba", root=str(tree), size=32, mode="grey"))
    with Image.open(tree / "celeba" / "img_align_celeba" / "000001.jpg") as image:
        face = functional.resize(functional.center_crop(image, [140, 140]), [32, 32], antialias=True)
    np.testing.assert_array_equal(images.train[0, ..., 0], np.asarray(face.convert("L")))


def test_what_is_missing_or_damaged_is_named(tree):
    folder = tree / "celeba"
    with pytest.raises(OverganError, match=r"data\.root: .*nowhere does not hold list_eval_partition\.txt"):
        load(tree / "nowhere")
    image = folder / "img_align_celeba" / "000002.jpg"
    content = image.read_bytes()
    image.write_bytes(content[: len(content) // 2])
    with pytest.raises(OverganError, match=r"000002\.jpg cannot be read as an image"):
        load(tree)
    image.unlink()
    with pytest.raises(OverganError, match=r"000002\.jpg cannot be read as an image"):
        load(tree)
    Image.new("RGB", (100, 218)).save(image)
    with pytest.raises(OverganError, match=r"000002\.jpg has 100 × 218 pixels; at least 140"):
        load(tree)
    (folder / "list_eval_partition.txt").write_text("000001.jpg\n")
    with pytest.raises(OverganError, match=r"list_eval_partition\.txt is damaged"):
        load(tree)
