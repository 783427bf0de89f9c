import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from sklearn.neighbors import NearestNeighbors

from overgan.metrics import nearest_neighbours
from overgan.metrics.distances import _tiles
from overgan.metrics.distances._tiles import tiles


@pytest.fixture
def small_blocks():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_tiles, "ROWS", 3)
        patch.setattr(_tiles, "COLUMNS", 4)
        patch.setattr(_tiles, "PAIRS", 16)
        yield


def brute_force(queries, references, count):
    difference = queries[:, None].astype(np.float64) - references
    distances = np.sqrt((difference**2).sum(2))
    indices = np.argsort(distances, axis=1, kind="stable")[:, :count]
    return np.take_along_axis(distances, indices, 1), indices


class TestSmallBlocks:
    pytestmark = pytest.mark.usefixtures("small_blocks")

    @given(st.data())
    def test_ties_go_to_the_lowest_index(self, data):
        """Values from 0 to 2 in 1 to 3 dimensions: most distances occur often, and most references more than once."""
        n, m, d = (data.draw(st.integers(1, high)) for high in (8, 15, 3))
        random = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
        queries, references = (random.integers(3, size=(rows, d)) for rows in (n, m))
        count = data.draw(st.integers(1, m))
        dtype, factor = data.draw(st.sampled_from([(np.uint8, 1), (np.uint8, 127), (np.float32, 0.1)]))
        queries, references = (factor * queries).astype(dtype), (factor * references).astype(dtype)
        distances, indices = nearest_neighbours(queries, references, count)
        expected_distances, expected_indices = brute_force(queries, references, count)
        np.testing.assert_array_equal(indices, expected_indices)
        np.testing.assert_allclose(distances, expected_distances, rtol=1e-14)

    @settings(max_examples=30)
    @given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 1e3, 1e6]), st.sampled_from([1e-9, 1.0, 1e6]))
    def test_rounding_does_not_change_the_order(self, seed, offset, scale):
        """Far from the origin, where ‖a‖² + ‖b‖² − 2a·b cancels; 30 of the points lie close to 3 of them."""
        random = np.random.default_rng(seed)
        points = offset + scale * random.standard_normal((40, 20))
        points[10:] = points[:3].repeat(10, 0) + 1e-4 * scale * random.standard_normal((30, 20))
        points = points.astype(np.float32)
        distances, indices = nearest_neighbours(points[::3], points, 5)
        expected_distances, expected_indices = brute_force(points[::3], points, 5)
        np.testing.assert_allclose(distances, expected_distances, rtol=1e-14)
        np.testing.assert_array_equal(indices, expected_indices)


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([1, 7, 300]),
    st.sampled_from([0.0, 1e4, 1e14]),
    st.sampled_from([1e-30, 1e-3, 1.0, 1e14]),
    st.booleans(),
)
def test_the_error_of_every_approximate_distance_is_below_its_bound(seed, dimensions, offset, scale, outliers):
    random = np.random.default_rng(seed)
    queries, references = random.standard_normal((2, 10, dimensions))
    if outliers:
        queries[0] *= 100
        references[0, 0] *= 1e6 if scale * 1e6 < 1e14 else 1
    queries, references = ((offset + scale * points).astype(np.float32) for points in (queries, references))
    exact = ((queries[:, None].astype(np.float64) - references) ** 2).sum(2)
    (tile,) = tiles(queries, references)
    assert (np.abs(tile.squared - exact) <= tile.slack[:, None].astype(np.float64)).all()


def test_features_agree_with_scikit_learn():
    random = np.random.default_rng(0)
    queries, references = (random.standard_normal((n, 64)) for n in (300, 9_000))  # three blocks of references
    search = NearestNeighbors(n_neighbors=6, algorithm="kd_tree").fit(references.astype(np.float32))
    expected_distances, expected_indices = search.kneighbors(queries.astype(np.float32))
    distances, indices = nearest_neighbours(queries.astype(np.float32), references.astype(np.float32), 6)
    np.testing.assert_array_equal(indices, expected_indices)
    np.testing.assert_allclose(distances, expected_distances, rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_every_image_is_its_own_neighbour_at_distance_0_among_near_copies(dtype):
    """The copies differ in one value by the least possible amount."""
    random = np.random.default_rng(0)
    images = random.integers(200, 254, size=(100, 3_072)).astype(dtype)
    if dtype == np.float32:
        images += np.float32(1e4)
    copies = images.copy()
    copies[:, 5] += np.spacing(copies[:, 5]) if dtype == np.float32 else 1
    distances, indices = nearest_neighbours(images, np.concatenate([copies, images]), 2)
    step = np.spacing(images[:, 5]).astype(np.float64) if dtype == np.float32 else 1.0
    np.testing.assert_array_equal(indices, np.arange(100)[:, None] + [100, 0])
    np.testing.assert_array_equal(distances, np.stack([np.zeros(100), np.broadcast_to(step, 100)], 1))


def test_of_constant_images_the_first_are_the_nearest():
    images = np.full((1_500, 64), 0.3, np.float32)
    distances, indices = nearest_neighbours(images, images, 3)
    assert not distances.any()
    np.testing.assert_array_equal(indices, np.broadcast_to([0, 1, 2], (1_500, 3)))


def test_pixels_are_converted_a_block_at_a_time():
    """As float32 the references would take 168 MB; a block of them takes 34 MB, and no more than two are there."""
    references = np.random.default_rng(0).integers(256, size=(20_480, 2_048), dtype=np.uint8)
    tracemalloc.start()
    try:
        _, indices = nearest_neighbours(references[-8:], references)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert indices[:, 0].tolist() == list(range(20_472, 20_480))
    assert peak < 75e6


POINTS = np.zeros((3, 2), np.float32)


@pytest.mark.parametrize(
    ("queries", "references", "count", "message"),
    [
        (POINTS, POINTS[:, :1], 1, "references has 1 dimensions but queries has 2"),
        (POINTS[:0], POINTS, 1, r"queries has shape \(0, 2\); at least one row"),
        (POINTS, POINTS[:0], 1, r"references has shape \(0, 2\); at least one row"),
        (POINTS[:, :0], POINTS[:, :0], 1, r"queries has shape \(3, 0\)"),
        (POINTS, POINTS + np.float32(np.nan), 1, "references has the value nan; all values must be finite"),
        (POINTS - np.float32(np.inf), POINTS, 1, "queries has the value -inf; all values must be finite"),
        (POINTS, POINTS + np.float32(1e20), 1, r"references has the value 1\S+e\+20; .* at most 1e\+15"),
        (POINTS, POINTS.astype(np.float64), 1, "references has dtype float64; float32 features or uint8 pixels"),
        (POINTS, POINTS, 4, "count is 4; it must be from 1 to the number of references, 3"),
        (POINTS, POINTS, 0, "count is 0"),
    ],
)
def test_a_bad_argument_is_named_with_its_value_and_what_is_needed(queries, references, count, message):
    with pytest.raises(ValueError, match=message):
        nearest_neighbours(queries, references, count)
