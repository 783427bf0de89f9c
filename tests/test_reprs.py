"""What a session shows of a value: one short line, never its arrays."""

from dataclasses import replace

import numpy as np
import pytest

import overgan
from overgan import theory
from overgan.data import ImageSet
from overgan.metrics import Sample, evaluate, fit_gaussian, fit_manifold


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(256, size=(60, 8, 8, 1), dtype=np.uint8)


@pytest.fixture(scope="module")
def gan():
    return theory.ShallowGAN.gaussian(50, 3, 2, 200)


def is_short(value):
    return len(repr(value)) <= 100 and "\n" not in repr(value) and "array" not in repr(value)


def test_a_trajectory_says_how_it_ended(gan):
    run = theory.simulate(gan, steps=200, record=range(200))
    assert is_short(run)
    last = f"last_residual={run.residual_norm[-1]:.4g}"
    assert repr(run) == f"Trajectory(method='gda', steps=200, {last}, converged={run.converged}, …)"


def test_certificates_and_claims_say_whether_they_hold(gan):
    run = theory.simulate(gan, steps=20, record=range(21))
    certificate = theory.certify(gan, eta=run.eta, trajectory=run)
    optimal = theory.certify(gan, method="optimal")
    for value in (certificate, optimal, *certificate.claims):
        assert is_short(value)
        assert f"holds={np.all(value.holds)}, " in repr(value)
    assert repr(certificate).startswith("Certificate(holds=False, basis='measured', rate=")
    assert repr(optimal).startswith("OptimalCertificate(holds=False, basis='proven', rate=")
    assert repr(certificate.claims[0]).endswith(" steps=21, …)")


def test_what_is_behind_the_theorems(gan):
    lemma, *_ = theory.lemmas(20, 2, 2, 30, draws=3)
    assert repr(lemma) == f"Lemma(number='A.6 lower', frequency={lemma.frequency:.4g}, draws=3, …)"
    linear = theory.linearize(gan)
    assert repr(linear) == f"Linearization(m=2, mu=1, eta={linear.eta:.4g}, …)"
    bound = theory.ball_bound(gan, 1.0)
    assert repr(bound) == f"BallBound(reach=1, prices={len(bound.prices)}, …)"


def test_a_recommendation_is_a_width_with_an_interval():
    found = overgan.recommend({2000: [3.0, 4.0], 4000: [1e99, 2e99]}, quantity="a long name " * 10)
    low, high = found.interval
    assert is_short(found)
    shown = f"width=2000, interval=({low}, {high}), value=3.5, confidence=0.95"
    assert repr(found) == f"Recommendation({shown}, recommended=None, …)"  # by two widths and two seeds
    assert repr(replace(found, missing=())) == f"Recommendation({shown}, …)"
    assert found.quantity in str(found)  # which has all in words


def test_images_and_what_was_compared_are_counted(images):
    found = evaluate(images[:30], images[30:], features="pixels", metrics=["frechet", "kernel", "prdc"])
    assert repr(found) == "Evaluation(metrics=['frechet', 'kernel', 'prdc'], generated=30, train=30, …)"
    assert repr(ImageSet("faces", images[:50], images[50:])) == (
        "ImageSet(name='faces', train=(50, 8, 8, 1), test=(10, 8, 8, 1), …)"
    )
    points = images.reshape(60, -1).astype(np.float32)
    assert repr(Sample(fit_gaussian(points), points)) == "Sample(features=(60, 64), …)"
    assert repr(fit_manifold(points)) == "Manifold(points=(60, 64), nearest_k=5, …)"


@pytest.mark.slow
def test_a_study_is_its_folder_and_its_description_a_line(small_study):
    study = overgan.load(small_study / "study")
    assert repr(study) == f"GanStudy('{small_study}/study')"
    assert repr(study.description) == "Description(kind='gan', name='small', widths=3, …)"
