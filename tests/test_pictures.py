import io

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.utils import make_grid

from overgan.pictures import enlarged, image_png, neighbour_picture, square_grid, squared


@pytest.mark.parametrize("channels", [1, 3])
def test_every_image_is_in_its_place_magnified_by_whole_pixels(channels):
    """Of 7 by 9 pixels, magnified 5 times to 35 by 45."""
    random = np.random.default_rng(0)
    generated = random.integers(250, size=(2, 7, 9, channels), dtype=np.uint8)
    neighbours = random.integers(250, size=(2, 3, 7, 9, channels), dtype=np.uint8)
    picture = neighbour_picture(generated, neighbours)
    assert picture.shape == (2 * 35 + 1, 4 * 45 + 6 + 2, channels)
    white = np.ones(picture.shape[:2], np.bool_)
    for row in range(2):
        for column, image in enumerate([generated[row], *neighbours[row]]):
            top, left = 36 * row, 46 * column + (5 if column else 0)
            place = np.s_[top : top + 35, left : left + 45]
            np.testing.assert_array_equal(picture[place], np.kron(image, np.ones((5, 5, 1), np.uint8)))
            white[place] = False
    assert (picture[white] == 255).all()


def test_large_images_keep_their_size():
    picture = neighbour_picture(np.zeros((1, 64, 32, 3), np.uint8), np.zeros((1, 1, 64, 32, 3), np.uint8))
    assert picture.shape == (64, 2 * 32 + 6, 3)


@pytest.mark.parametrize(
    ("generated", "neighbours", "message"),
    [
        ((2, 8, 8, 1), (3, 1, 8, 8, 1), r"neighbours has shape \(3, 1, 8, 8, 1\); .*= \(2, 1, 8, 8, 1\) is needed"),
        ((2, 8, 8, 1), (2, 1, 8, 8, 3), r"= \(2, 1, 8, 8, 1\) is needed"),
        ((2, 8, 8, 1), (2, 0, 8, 8, 1), r"neighbours has shape \(2, 0, 8, 8, 1\)"),
        ((0, 8, 8, 1), (0, 1, 8, 8, 1), r"generated has shape \(0, 8, 8, 1\)"),
    ],
)
def test_shapes_that_do_not_fit_are_named(generated, neighbours, message):
    with pytest.raises(ValueError, match=message):
        neighbour_picture(np.zeros(generated, np.uint8), np.zeros(neighbours, np.uint8))


@pytest.mark.parametrize(
    ("n", "rows", "columns"), [(1, 1, 1), (2, 1, 2), (3, 2, 2), (4, 2, 2), (5, 2, 3), (7, 3, 3), (12, 3, 4), (16, 4, 4)]
)
def test_a_grid_is_as_square_as_its_images_allow(n, rows, columns):
    assert squared(n) == (rows, columns)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_square_grid_is_that_of_torchvision_and_white_where_no_image_is(channels):
    images = np.random.default_rng(0).integers(250, size=(5, 4, 6, channels), dtype=np.uint8)
    places = np.concatenate([images, np.full_like(images[:1], 255)])
    expected = make_grid(torch.from_numpy(places).movedim(-1, 1), nrow=3, padding=1, pad_value=255)
    np.testing.assert_array_equal(square_grid(images), expected.movedim(0, -1).numpy())


@pytest.mark.parametrize(("channels", "shown"), [(2, 1), (4, 3), (5, 3)])
def test_of_other_channels_pictures_show_the_first_one_or_three(channels, shown):
    images = np.random.default_rng(0).integers(256, size=(4, 8, 8, channels), dtype=np.uint8)
    first = images[..., :shown].copy()
    np.testing.assert_array_equal(square_grid(images), square_grid(first))
    pairs = [(of[:2], of[2:].reshape(2, 1, *of.shape[1:])) for of in (images, first)]
    np.testing.assert_array_equal(*(neighbour_picture(*pair) for pair in pairs))
    with Image.open(io.BytesIO(image_png(images[0]))) as picture:
        np.testing.assert_array_equal(np.asarray(picture).reshape(8, 8, shown), first[0])


def test_enlarged_images_have_squares_for_pixels():
    images = np.random.default_rng(0).integers(256, size=(2, 3, 5, 3), dtype=np.uint8)
    expected = [np.kron(image, np.ones((4, 4, 1), np.uint8)) for image in images]
    np.testing.assert_array_equal(enlarged(images, 4), expected)
    np.testing.assert_array_equal(enlarged(images[0], 1), images[0])
