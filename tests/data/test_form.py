"""`data.size` and `data.mode`, for images in files and for sets in memory."""

import numpy as np
import pytest
import torch
from PIL import Image

from overgan.data import DataConfig, DataSet, ImageSet, image_shape, load_images
from overgan.errors import OverganError

RANDOM = np.random.default_rng(0)
# (images, height, width, channels); levels from which interpolation does not overshoot 0 … 255
WIDE = RANDOM.integers(64, 192, size=(4, 21, 34, 3), dtype=np.uint8)
TALL = RANDOM.integers(64, 192, size=(4, 33, 20, 1), dtype=np.uint8)

wide = DataSet(lambda _: ImageSet("wide", WIDE[:2], WIDE[2:]))
tall = DataSet(lambda _: ImageSet("tall", TALL[:2], TALL[2:]))
deep = DataSet(lambda _: ImageSet("deep", WIDE.repeat(2, 3), WIDE.repeat(2, 3)))


def own(name, **form):
    return DataConfig(name=f"tests.data.test_form:{name}", **form)


@pytest.mark.parametrize(("name", "middle"), [("wide", WIDE[:2, :, 6:27]), ("tall", TALL[:2, 6:26])])
@pytest.mark.parametrize("size", [8, 40])
def test_the_middle_square_is_resized_as_by_pytorch(name, middle, size):
    images = load_images(own(name, size=size))
    square = torch.tensor(middle).permute(0, 3, 1, 2).float()
    theirs = torch.nn.functional.interpolate(square, size=(size, size), mode="bicubic", antialias=True)
    expected = theirs.permute(0, 2, 3, 1).numpy()
    # Pillow rounds after each of the two axes, PyTorch never: 0.5 for the second, for the first 0.5 times the sum of
    # the second's |weights|, which is at most 1.25 here
    np.testing.assert_allclose(images.train, expected, atol=1.13)
    assert images.notes == (f"cropped to the middle square and resized to {size} × {size} pixels, with antialiasing",)
    assert image_shape(own(name, size=size)) == images.shape


def test_an_image_of_that_size_is_left_as_it_is(digits):
    images = load_images(DataConfig(name="digits", size=8))
    assert images.fingerprint == digits.fingerprint


def test_colours_become_their_luma_and_grey_three_equal_channels():
    grey = load_images(own("wide", mode="grey"))
    # Rec. 601, which Pillow computes in whole numbers
    np.testing.assert_allclose(grey.train[..., 0], WIDE[:2] @ [0.299, 0.587, 0.114], atol=1)
    assert grey.notes == ("converted to grey",)
    colour = load_images(own("tall", mode="colour"))
    np.testing.assert_array_equal(colour.train, TALL[:2].repeat(3, axis=3))
    assert image_shape(own("tall", mode="colour")) == (33, 20, 3)


def test_files_of_many_sizes_and_colours_give_what_arrays_of_theirs_give(tmp_path):
    for part in ("train", "val"):
        (tmp_path / part).mkdir()
        for i in range(2):
            Image.fromarray(WIDE[i]).save(tmp_path / part / f"{i}.png")
            Image.fromarray(TALL[i, ..., 0]).save(tmp_path / part / f"{i + 2}.png")
    form = {"size": 8, "mode": "grey"}
    images = load_images(DataConfig(name="folder", root=str(tmp_path), **form))
    together = [load_images(own(name, **form)).train for name in ("wide", "tall")]
    np.testing.assert_array_equal(images.train, np.concatenate(together))
    assert {"converted to grey", "trained on: train (4 images); held out: val (4 images)"} <= set(images.notes)


def test_a_known_shape_is_that_of_the_form_without_reading():
    assert image_shape(DataConfig(name="mnist", size=32, mode="colour", root="nowhere")) == (32, 32, 3)


def test_images_of_other_channels_have_no_form():
    with pytest.raises(OverganError, match=r"deep: .*6 channels, but data\.size and data\.mode are for 1 or 3"):
        load_images(own("deep", size=8))
