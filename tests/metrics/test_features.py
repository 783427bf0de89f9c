import dataclasses

import numpy as np
import pytest
import torch

from overgan.data import ImageSet
from overgan.errors import OverganError
from overgan.metrics import Reference, feature_space, frechet_distance
from overgan.metrics.spaces._classifier import Classifier


@pytest.fixture(scope="module")
def trained(digits):
    return feature_space("classifier", digits)  # once for all processes of a session


def errors_by_class_means(digits, embed):
    """The share of held-out images that are nearest to the mean of another class in the training set."""
    train, held_out = embed(digits.train), embed(digits.test)
    centres = np.stack([train[digits.train_labels == c].mean(0) for c in range(10)])
    nearest = ((held_out[:, None] - centres) ** 2).sum(2).argmin(1)
    return (nearest != digits.test_labels).mean()


@pytest.mark.slow
def test_the_digits_classifier_makes_at_most_half_the_errors_of_pixels(digits, trained):
    """Of class means in pixels 9 % are wrong; here 1 %, so that weights of another processor have room."""
    space = trained
    assert space.embed(digits.test).shape == (360, 64)
    pixels = errors_by_class_means(digits, feature_space("pixels", digits).embed)
    assert 1 - space.facts["accuracy"] < pixels / 2
    assert errors_by_class_means(digits, space.embed) < pixels / 2  # independent of the stored accuracy


def test_the_classifier_is_taken_from_the_cache_and_trained_again_if_damaged(digits, tmp_path, monkeypatch):
    monkeypatch.setattr("overgan.metrics.spaces._classifier.STEPS", 3)
    monkeypatch.setattr("overgan.metrics.spaces._classifier.EPOCHS", 0)
    space = feature_space("classifier", digits, tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("overgan.metrics.spaces._classifier._train", lambda *_: pytest.fail("trained again"))
        again = feature_space("classifier", digits, tmp_path)
    assert np.array_equal(again.embed(digits.test), space.embed(digits.test))
    assert again.facts == space.facts

    (weights,) = tmp_path.glob("*.safetensors")
    good = weights.read_bytes()
    weights.write_bytes(good[:-1] + b"x")
    threads = torch.get_num_threads()
    feature_space("classifier", digits, tmp_path)
    assert weights.read_bytes() == good  # deterministic
    assert torch.get_num_threads() == threads


def test_a_cached_classifier_with_any_damage_is_computed_again_with_a_notice(digits, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("overgan.metrics.spaces._classifier.STEPS", 3)
    monkeypatch.setattr("overgan.metrics.spaces._classifier.EPOCHS", 0)
    facts = feature_space("classifier", digits, tmp_path).facts
    (weights,) = tmp_path.glob("*.safetensors")
    good = weights.read_bytes()
    network = Classifier(digits.shape, 10)
    monkeypatch.setattr("overgan.metrics.spaces._classifier._train", lambda *_: network.eval())
    monkeypatch.setattr("overgan.metrics.spaces._classifier._in_batches", lambda *_: np.eye(10)[digits.test_labels])
    start, end = good.index(b"accuracy") - 10, good.index(b'"}', good.index(b"accuracy"))
    flipped = (good[:i] + bytes([good[i] ^ 1 << i % 7]) + good[i + 1 :] for i in range(start, end, 3))
    for bad in (*flipped, b"", good[:5], good[:100], good[:-1], b"\x80\x04N.", b"\xff" * 8 + good[8:]):
        weights.write_bytes(bad)
        caplog.clear()
        again = feature_space("classifier", digits, tmp_path).facts
        assert again["accuracy"] == 1 != facts["accuracy"]
        (told,) = caplog.messages
        assert told.startswith(f"overgan: {weights} ")
        assert told.endswith("it is computed again")


def test_images_without_labels_have_no_classifier(digits, tmp_path):
    unlabelled = ImageSet("mine", digits.train, digits.test)
    with pytest.raises(OverganError, match=r"mine has no labels.*evaluate\.features=\[pixels\]"):
        feature_space("classifier", unlabelled, tmp_path)


def test_the_classifier_is_not_trained_on_the_images_it_is_compared_on(digits, tmp_path, monkeypatch):
    """Labels of the reference images do not matter, those of others do."""
    monkeypatch.setattr("overgan.metrics.spaces._classifier.STEPS", 3)
    monkeypatch.setattr("overgan.metrics.spaces._classifier.EPOCHS", 0)

    def features(changed):
        labels = digits.train_labels.copy()
        labels[changed] = (labels[changed] + 1) % 10
        space = feature_space("classifier", dataclasses.replace(digits, train_labels=labels), tmp_path)
        return space.embed(digits.test)

    original = features([])
    others = np.setdiff1d(np.arange(1437), digits.reference)
    assert np.array_equal(features(digits.reference), original)
    assert not np.array_equal(features(others), original)


def test_the_reference_compares_equal_numbers_of_images(digits, tmp_path):
    space = feature_space("pixels", digits, tmp_path)
    for asked, expected in ((10_000, 360), (100, 100)):
        reference = Reference.of(digits, [space], asked, cache=tmp_path)
        assert reference.samples == expected
        generated = digits.test[:expected][:, ::-1].copy()
        (row,) = reference.score(generated)

        def gaussian(images):
            flat = images.reshape(len(images), -1) / 255
            return flat.mean(0), np.cov(flat.T)

        train = digits.train[digits.reference[:expected]]
        distance = frechet_distance(*gaussian(train), *gaussian(generated))
        assert row["features"] == "pixels"
        assert row["frechet_train"] == pytest.approx(distance, rel=1e-4)  # features are float32


def test_real_images_are_nearer_than_noise(digits, tmp_path):
    reference = Reference.of(digits, [feature_space("pixels", digits, tmp_path)], 300, cache=tmp_path)
    unseen = np.setdiff1d(np.arange(1437), digits.reference)[:300]
    (real,) = reference.score(digits.train[unseen])
    (noise,) = reference.score(np.random.default_rng(0).integers(256, size=(300, 8, 8, 1), dtype=np.uint8))
    assert real["frechet_test"] < 0.1 * noise["frechet_test"]
    assert real["frechet_train"] < 0.1 * noise["frechet_train"]
