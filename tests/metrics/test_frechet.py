import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings, strategies as st

from overgan.metrics import fit_gaussian, frechet_distance, gaussian_distance


def gaussian(random, features, rank):
    factor = random.standard_normal((features, rank))
    return random.standard_normal(features), factor @ factor.T


@given(st.integers(0, 2**32 - 1), st.integers(1, 30))
def test_diagonal_covariances_have_a_closed_form(seed, features):
    random = np.random.default_rng(seed)
    mean1, mean2 = random.standard_normal((2, features))
    sd1, sd2 = random.exponential(size=(2, features))
    sd1[random.random(features) < 0.2] = 0
    expected = ((mean1 - mean2) ** 2).sum() + ((sd1 - sd2) ** 2).sum()
    distance = frechet_distance(mean1, np.diag(sd1**2), mean2, np.diag(sd2**2))
    assert distance == pytest.approx(expected, rel=1e-10, abs=1e-10)


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(2, 30))
def test_full_covariances_agree_with_scipys_square_root(seed, features):
    random = np.random.default_rng(seed)
    mean1, cov1 = gaussian(random, features, 2 * features)
    mean2, cov2 = gaussian(random, features, 2 * features)
    root = scipy.linalg.sqrtm(cov1 @ cov2)
    expected = ((mean1 - mean2) ** 2).sum() + np.trace(cov1 + cov2 - 2 * root.real)
    assert frechet_distance(mean1, cov1, mean2, cov2) == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize("rank", [0, 1, 5, 19])
def test_singular_covariances_agree_with_the_nuclear_norm(rank):
    """tr (Σ₁Σ₂)^½ is the sum of the singular values of F₁ᵀF₂, with Σ = FFᵀ."""
    random = np.random.default_rng(rank)
    factor1, factor2 = random.standard_normal((20, rank)), random.standard_normal((20, 40))
    cov1, cov2 = factor1 @ factor1.T, factor2 @ factor2.T
    cross = np.linalg.svd(factor1.T @ factor2, compute_uv=False).sum() if rank else 0
    expected = np.trace(cov1) + np.trace(cov2) - 2 * cross
    zero = np.zeros(20)
    # the square root of an eigenvalue that is zero up to rounding is about 1e-8
    assert frechet_distance(zero, cov1, zero, cov2) == pytest.approx(expected, rel=1e-6)
    assert frechet_distance(zero, cov2, zero, cov1) == pytest.approx(expected, rel=1e-6)


def test_a_distribution_has_no_distance_from_itself():
    mean, cov = gaussian(np.random.default_rng(0), 10, 30)
    assert frechet_distance(mean, cov, mean, cov) == pytest.approx(0, abs=1e-10 * np.trace(cov))


@pytest.mark.parametrize("images", [2, 5, 20, 21, 100])
def test_fitted_gaussians_have_numpys_mean_and_covariance(images):
    random = np.random.default_rng(images)
    first, second = random.standard_normal((2, images, 20)).astype(np.float32)
    second[:, 3] = 1.0  # a constant feature: singular however many images
    gaussians, moments = [], []
    for features in (first, second):
        mean, root = fit_gaussian(features)
        exact = features.astype(np.float64)
        moments += [exact.mean(0), np.cov(exact.T)]
        np.testing.assert_allclose(mean, moments[-2])
        np.testing.assert_allclose(root @ root.T, moments[-1], atol=1e-12)
        gaussians.append((mean, root))
    assert gaussian_distance(*gaussians) == pytest.approx(frechet_distance(*moments), rel=1e-6)


def test_one_feature():
    mean, root = fit_gaussian(np.array([[1.0], [3.0]], np.float32))
    assert (mean.item(), abs(root.item())) == (2.0, pytest.approx(2**0.5))
