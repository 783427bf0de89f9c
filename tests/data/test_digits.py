import numpy as np
from sklearn.datasets import load_digits


def test_every_scan_is_there_once(digits):
    images = np.concatenate([digits.train, digits.test])
    assert images.shape == (1797, 8, 8, 1)
    assert (len(digits.train), len(digits.test)) == (1437, 360)
    grey_levels = np.rint(images[..., 0] / 255 * 16).astype(int).reshape(1797, -1)
    original = load_digits().data.astype(int)
    assert sorted(map(tuple, grey_levels)) == sorted(map(tuple, original))


def test_classes_have_the_same_share_in_both_parts(digits):
    train, test = np.bincount(digits.train_labels), np.bincount(digits.test_labels)
    assert np.abs(train / 1437 - test / 360).max() < 1 / 360


def test_reference_images_are_distinct_training_images(digits):
    assert len(set(digits.reference.tolist())) == 360
    assert digits.reference.max() < 1437
