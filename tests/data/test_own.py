"""Image sets of the user's own."""

import numpy as np
import pytest
from jaxtyping import config
from pydantic import ValidationError

from overgan.data import DATASETS, DataConfig, DataSet, ImageSet, image_shape, load_images
from overgan.errors import OverganError


def load(root):
    images = np.full((6, 4, 5, 1), len(str(root)), np.uint8)
    return ImageSet("stripes", images, images[:3])


stripes = DataSet(load)
sized = DataSet(load, (7, 7, 3))
broken = DataSet(lambda _: 1 / 0)
nothing = DataSet(lambda _: None)


GREY = np.zeros((4, 5, 6, 1), np.uint8)
LABELS = np.zeros(4, np.int64)
floats = DataSet(lambda _: ImageSet("floats", GREY / 255, GREY))
flat = DataSet(lambda _: ImageSet("flat", GREY, GREY[..., 0]))
few_labels = DataSet(lambda _: ImageSet("few", GREY, GREY, LABELS, LABELS[:3]))


def factory():
    return stripes


@pytest.mark.parametrize("name", ["stripes", "factory"])
def test_a_set_of_the_users_own_is_loaded_from_its_root(name):
    config = DataConfig(name=f"tests.data.test_own:{name}", root="12345")
    assert (load_images(config).train == 5).all()
    assert image_shape(config) == (4, 5, 1)


def test_a_shape_that_is_known_is_not_loaded():
    assert image_shape(DataConfig(name="tests.data.test_own:sized")) == (7, 7, 3)
    assert [DATASETS[name].shape for name in DATASETS] == [(8, 8, 1), (28, 28, 1), (32, 32, 3), (64, 64, 3), None]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("broken", r"data\.name: .*:broken fails \(ZeroDivisionError"),
        ("nothing", r"data\.name: .*:nothing gives a NoneType; an ImageSet is needed"),
        ("floats", r"floats: training images are float64 of shape \(4, 5, 6, 1\); uint8 of \(images, height, width, c"),
        ("flat", r"flat: held-out images are uint8 of shape \(4, 5, 6\); uint8 of \(images, height, width, channels\)"),
        ("few_labels", r"few: 4 held-out images have labels of shape \(3,\); one for each image is needed, or None"),
        ("missing", "data set: .*:missing cannot be imported"),
        ("load", r"data set: .*:load fails \(TypeError: load\(\) missing 1 required positional argument"),
    ],
)
def test_mistakes_of_the_users_own_are_named(name, message, monkeypatch):
    monkeypatch.setattr(config, "jaxtyping_disable", True)  # as at a user's, where nobody else checks arrays
    with pytest.raises(OverganError, match=message):
        load_images(DataConfig(name=f"tests.data.test_own:{name}"))


def test_an_unknown_set_is_named_with_the_nearest():
    with pytest.raises(ValidationError, match=r"no data set minst; did you mean mnist\?"):
        DataConfig(name="minst")
