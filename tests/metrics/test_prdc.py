import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch_fidelity.metric_prc import calculate_precision_recall_full

from overgan.metrics import PRDC, Manifold, fit_manifold, prdc
from overgan.metrics.distances import _tiles


def gaussian(seed, n, d, offset=0.0):
    return (offset + np.random.default_rng(seed).standard_normal((n, d))).astype(np.float32)


def by_definition(real, generated, k):
    """Equations 1 to 3 of Kynkäänniemi et al. and 3 to 5 of Naeem et al., read one point at a time."""

    def distance(a, b):
        return float(((a.astype(np.float64) - b.astype(np.float64)) ** 2).sum() ** 0.5)

    def radii(points):
        others = [[distance(a, b) for j, b in enumerate(points) if i != j] for i, a in enumerate(points)]
        return [sorted(distances)[k - 1] for distances in others]

    def in_manifold(x, points, radii):
        return any(distance(x, p) <= r for p, r in zip(points, radii, strict=True))

    real_radii, generated_radii = radii(real), radii(generated)
    balls = list(zip(real, real_radii, strict=True))
    return PRDC(
        precision=float(np.mean([in_manifold(y, real, real_radii) for y in generated])),
        recall=float(np.mean([in_manifold(x, generated, generated_radii) for x in real])),
        density=sum(distance(x, y) <= r for y in generated for x, r in balls) / (k * len(generated)),
        coverage=float(np.mean([any(distance(x, y) <= r for y in generated) for x, r in balls])),
    )


@settings(max_examples=60)
@given(st.data())
def test_the_papers_definitions_hold_for_points_with_many_equal_distances(data):
    k = data.draw(st.integers(1, 4))
    n, m = (data.draw(st.integers(k + 1, 12)) for _ in range(2))
    d = data.draw(st.integers(1, 4))
    random = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    dtype, factor = data.draw(st.sampled_from([(np.uint8, 60), (np.float32, 0.1)]))
    real, generated = ((factor * random.integers(4, size=(rows, d))).astype(dtype) for rows in (n, m))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_tiles, "ROWS", data.draw(st.sampled_from([3, 2048])))
        patch.setattr(_tiles, "COLUMNS", data.draw(st.sampled_from([5, 4096])))
        result = prdc(fit_manifold(real, k), fit_manifold(generated, k))
    expected = by_definition(real, generated, k)
    assert vars(result) == pytest.approx(vars(expected), rel=1e-12)


def test_precision_and_recall_are_torch_fidelitys():
    real, generated = gaussian(0, 800, 16), 0.8 * gaussian(1, 600, 16)
    ours = prdc(fit_manifold(real, 3), fit_manifold(generated, 3))
    theirs = calculate_precision_recall_full(
        *(torch.from_numpy(points.astype(np.float64)) for points in (generated, real)), 3
    )
    # shares of 600 and 800 that theirs rounds to float32
    assert (ours.precision, ours.recall) == pytest.approx(theirs, rel=1e-6)
    assert 0 < ours.recall < ours.precision < 1


@pytest.mark.parametrize("offset", [0.0, 1e4])
def test_identical_sets_have_everything_in_common(offset):
    """Each ball has its centre, k − 1 others inside and one on its surface, which only an exact comparison finds."""
    manifold = fit_manifold(gaussian(0, 400, 300, offset))
    assert prdc(manifold, manifold) == PRDC(1.0, 1.0, 6 / 5, 1.0)


def test_a_fresh_sample_has_density_1_and_the_expected_coverage():
    """Expected coverage 1 − Π (n − i)/(m + n − i) over i = 1 … k (Naeem et al., Lemma 2), density 1."""
    n, m, k = 2_000, 1_000, 5
    result = prdc(fit_manifold(gaussian(0, n, 8), k), fit_manifold(gaussian(1, m, 8), k))
    missed = np.prod([(n - i) / (m + n - i) for i in range(1, k + 1)])
    # 5 standard deviations of a share of n independent balls, and as measured by a share of m points
    assert result.coverage == pytest.approx(1 - missed, abs=5 * np.sqrt(missed / n))
    assert result.density == pytest.approx(1, abs=5 / np.sqrt(m))


def test_distant_sets_have_nothing_in_common():
    assert prdc(fit_manifold(gaussian(0, 50, 4)), fit_manifold(gaussian(1, 60, 4, 100.0))) == PRDC(0, 0, 0, 0)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_constant_images_are_balls_of_radius_0(dtype):
    real, same, other = (fit_manifold(np.full((n, 300), value, dtype)) for n, value in ((20, 7), (30, 7), (30, 8)))
    assert not real.radii.any()
    assert prdc(real, same) == PRDC(1.0, 1.0, 20 / 5, 1.0)  # every generated image is in all 20 balls
    assert prdc(real, other) == PRDC(0, 0, 0, 0)


def test_a_kept_real_side_is_as_good_as_a_new_one():
    points, generated = gaussian(0, 50, 4), fit_manifold(gaussian(1, 40, 4))
    fitted = fit_manifold(points)
    kept = Manifold(points, np.frombuffer(fitted.radii.tobytes()), 5)
    assert prdc(kept, generated) == prdc(fitted, generated)


@pytest.mark.parametrize("n", [1, 5])
def test_too_few_images_are_refused(n):
    with pytest.raises(ValueError, match=f"points has {n} rows; nearest_k = 5 needs at least 6"):
        fit_manifold(gaussian(0, n, 3))


def test_a_bad_argument_is_named_with_its_value_and_what_is_needed():
    manifold = fit_manifold(gaussian(0, 10, 3))
    with pytest.raises(ValueError, match="nearest_k is 0; it must be at least 1"):
        fit_manifold(gaussian(0, 10, 3), 0)
    with pytest.raises(ValueError, match="points has the value nan"):
        fit_manifold(np.full((10, 3), np.nan, np.float32))
    with pytest.raises(ValueError, match="real has nearest_k = 5 but generated has 4"):
        prdc(manifold, fit_manifold(gaussian(0, 10, 3), 4))
    with pytest.raises(ValueError, match="generated has 2 dimensions but real has 3"):
        prdc(manifold, fit_manifold(gaussian(0, 10, 2)))
