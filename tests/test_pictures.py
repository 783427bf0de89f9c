import numpy as np
import pytest

from overgan.pictures import neighbour_picture


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
        ((2, 8, 8, 2), (2, 1, 8, 8, 2), r"generated has shape \(2, 8, 8, 2\); images \(rows, h, w, 1 or 3\)"),
    ],
)
def test_shapes_that_do_not_fit_are_named(generated, neighbours, message):
    with pytest.raises(ValueError, match=message):
        neighbour_picture(np.zeros(generated, np.uint8), np.zeros(neighbours, np.uint8))
