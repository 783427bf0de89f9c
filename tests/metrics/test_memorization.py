from itertools import combinations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings, strategies as st
from sklearn.cluster import KMeans
from sklearn.neighbors import NearestNeighbors

from overgan.metrics import data_copying, memorized_share
from overgan.metrics.distances._memorization import mann_whitney_z


def gaussian(seed, n, d=4, scale=1.0, offset=0.0):
    return (offset + scale * np.random.default_rng(seed).standard_normal((n, d))).astype(np.float32)


def nearest(x, points):
    return min(float(((x.astype(np.float64) - p.astype(np.float64)) ** 2).sum()) for p in points)


class TestMemorizedShare:
    @settings(max_examples=50)
    @given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(1, 6), st.sampled_from([0.5, 0.95]))
    def test_the_count_is_that_of_the_definition_and_the_interval_clopper_and_pearsons(self, seed, n, m, confidence):
        random = np.random.default_rng(seed)
        generated, train, held_out = (random.integers(3, size=(rows, 2)).astype(np.uint8) for rows in (n, m, m))
        to_train = [nearest(x, train) for x in generated]
        to_held_out = [nearest(x, held_out) for x in generated]
        ties = sum(a == b for a, b in zip(to_train, to_held_out, strict=True))
        nearer = sum(a < b for a, b in zip(to_train, to_held_out, strict=True))
        result = memorized_share(generated, train, held_out, confidence=confidence)
        assert result.share == pytest.approx((nearer + ties / 2) / n)

        # the interval's ends are quantiles of beta distributions (Clopper and Pearson, 1934)
        tail = (1 - confidence) / 2
        fewest, most = nearer + ties // 2, nearer + (ties + 1) // 2
        low = scipy.stats.beta.ppf(tail, fewest, n - fewest + 1) if fewest else 0.0
        high = scipy.stats.beta.ppf(1 - tail, most + 1, n - most) if most < n else 1.0
        assert (result.low, result.high) == pytest.approx((low, high), rel=1e-6)
        assert result.low <= result.share <= result.high

    def test_copies_of_the_training_set_are_all_nearer(self):
        """No image of n elsewhere: the interval is (α/2)^(1/n) to 1."""
        train, held_out = gaussian(0, 100), gaussian(1, 100)
        copies = train[:50] + gaussian(2, 50, scale=1e-3)
        result = memorized_share(copies, train, held_out)
        assert (result.share, result.high) == (1.0, 1.0)
        assert result.low == pytest.approx(0.025 ** (1 / 50), rel=1e-6)

    def test_a_set_compared_with_itself_is_all_ties(self):
        images = gaussian(0, 30)
        assert memorized_share(gaussian(1, 21), images, images).share == 0.5

    def test_exchanging_the_sets_exchanges_the_shares(self):
        generated, train, held_out = gaussian(0, 200), gaussian(1, 100), gaussian(2, 100)
        one, other = memorized_share(generated, train, held_out), memorized_share(generated, held_out, train)
        assert one.share + other.share == pytest.approx(1)
        assert (one.low, one.high) == pytest.approx((1 - other.high, 1 - other.low))

    def test_fresh_samples_are_as_often_nearer_to_either_set(self):
        shares = [
            memorized_share(*(gaussian([r, part], n) for part, n in enumerate((200, 150, 150)))).share
            for r in range(40)
        ]
        # one half is the expectation by symmetry; 4 standard errors of the mean
        assert np.mean(shares) == pytest.approx(0.5, abs=4 * np.std(shares) / np.sqrt(40))

    def test_sets_of_different_sizes_are_refused(self):
        with pytest.raises(ValueError, match=r"train has 4 rows but held_out has 3; .*draw a subset"):
            memorized_share(gaussian(0, 5), gaussian(0, 4), gaussian(0, 3))

    @pytest.mark.parametrize("confidence", [0.0, 1.0, float("nan")])
    def test_a_confidence_that_is_no_probability_is_refused(self, confidence):
        with pytest.raises(ValueError, match=f"confidence is {confidence}; it must be between 0 and 1"):
            memorized_share(gaussian(0, 5), gaussian(0, 4), gaussian(0, 4), confidence=confidence)


class TestMannWhitney:
    @given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(1, 12), st.integers(2, 30))
    def test_u_is_scipys(self, seed, m, n, values):
        random = np.random.default_rng(seed)
        x, y = (random.integers(values, size=size).astype(np.float64) for size in (m, n))
        expected = scipy.stats.mannwhitneyu(x, y).statistic - m * n / 2 + 0.5
        assert mann_whitney_z(x, y) * np.sqrt(m * n * (m + n + 1) / 12) == pytest.approx(expected)

    @pytest.mark.parametrize("m", [1, 3, 6])
    def test_over_all_ways_to_part_values_without_ties_the_variance_is_1_and_the_mean_the_correction(self, m):
        pooled = np.arange(7.0)
        z = [mann_whitney_z(pooled[list(c)], np.delete(pooled, c)) for c in combinations(range(7), m)]
        assert np.mean(z) == pytest.approx(0.5 / np.sqrt(m * (7 - m) * 8 / 12))
        assert np.var(z) == pytest.approx(1)


def authors_c_t(generated, train, held_out, cells, more_than, seed):
    """C_T as in casey-meehan/data-copying, and the shares of held-out points of the cells it uses."""
    k_means = KMeans(cells, n_init=1, random_state=seed).fit(train)
    z, shares = [], []
    for cell in range(cells):
        q, t, p = (points[k_means.predict(points) == cell] for points in (generated, train, held_out))
        if len(q) > more_than:
            to_train = NearestNeighbors(n_neighbors=1).fit(t)
            u = scipy.stats.mannwhitneyu(to_train.kneighbors(q)[0][:, 0], to_train.kneighbors(p)[0][:, 0]).statistic
            m, n = len(q), len(p)
            z.append((u - (m * n / 2 - 0.5)) / np.sqrt(m * n * (m + n + 1) / 12))
            shares.append(n / len(held_out))
    return np.dot(z, shares) / sum(shares), np.array(shares) / sum(shares)


class TestDataCopying:
    @pytest.mark.parametrize("seed", range(3))
    def test_the_statistic_is_that_of_the_authors_code(self, seed):
        """Six cells, of which some have at most 20 of the generated points."""
        train, held_out, generated = (
            gaussian([seed, 0], 150),
            gaussian([seed, 1], 120),
            gaussian([seed, 2], 120, 4, 0.7),
        )
        result = data_copying(generated, train, held_out, cells=6, seed=seed)
        expected, shares = authors_c_t(generated, train, held_out, 6, 20, seed)
        assert result.c_t == pytest.approx(expected)
        assert result.deviation == pytest.approx(np.sqrt(np.square(shares).sum()))
        assert (result.cells_used, result.cells) == (len(shares), 6)
        assert 0 < result.cells_used < 6

    def test_copies_are_far_below_a_fresh_sample_and_distant_points_far_above(self):
        train, held_out = gaussian(0, 500), gaussian(1, 300)
        copies = train[:300] + gaussian(2, 300, scale=0.05)
        blurred = gaussian(3, 300) + gaussian(4, 300, scale=2.0)
        copied, fresh, far = (data_copying(g, train, held_out, cells=5) for g in (copies, gaussian(5, 300), blurred))
        assert copied.c_t < -5
        assert abs(fresh.c_t) < 4 * fresh.deviation
        assert far.c_t > 5

    def test_of_fresh_samples_the_statistic_has_mean_0_and_the_stated_deviation(self):
        """The correction, 1/2 of some 800 pairs of 80, is far below what 100 repeats can tell."""
        repeats = 100
        standardized = []
        for r in range(repeats):
            parts = (gaussian([r, part], n) for part, n in enumerate((100, 80, 120)))
            result = data_copying(*parts, cells=3, min_generated=10)
            standardized.append(result.c_t / result.deviation)
        # 4 standard errors of a mean and of a variance of standard normal numbers
        assert np.mean(standardized) == pytest.approx(0, abs=4 / np.sqrt(repeats))
        assert np.var(standardized) == pytest.approx(1, abs=4 * np.sqrt(2 / repeats))

    def test_k_means_sees_part_of_a_large_training_set_but_distances_all_of_it(self, monkeypatch):
        train, held_out = gaussian(0, 300), gaussian(1, 200)
        monkeypatch.setattr("overgan.metrics.distances._memorization.CLUSTERED", 100)
        assert data_copying(train[:200], train, held_out, cells=3).c_t < -5  # copies of points most of which it missed

    def test_constant_images_copy_nothing(self):
        """Every pair is a tie: what is left is the correction."""
        same = np.full((40, 5), 7, np.uint8)
        result = data_copying(same, same, same, cells=3)
        assert result.c_t == pytest.approx(0.5 / np.sqrt(40 * 40 * 81 / 12))
        assert result.cells_used == 1

    def test_a_cell_without_held_out_points_is_left_out(self):
        train, near, far = gaussian(0, 60), gaussian(1, 60), gaussian(2, 60, offset=50.0)
        both = np.concatenate([near, far])
        alone = data_copying(near, train, gaussian(3, 60), cells=1)
        result = data_copying(both, np.concatenate([train, far + 1]), gaussian(3, 60), cells=2)
        assert result.cells_used == 1
        assert result.c_t == pytest.approx(alone.c_t)

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"cells": 0}, "cells is 0; it must be from 1 to the number of rows of train, 30"),
            ({"cells": 31}, "cells is 31"),
            ({"min_generated": 0}, "min_generated is 0; it must be at least 1"),
            ({"min_generated": 26}, "generated has 25 rows in 2 cells, and no cell has min_generated = 26"),
            ({"train": np.zeros((30, 3), np.float32)}, "train has 3 dimensions but generated has 4"),
            ({"held_out": np.full((3, 4), np.inf, np.float32)}, "held_out has the value inf"),
            ({"generated": np.zeros((0, 4), np.float32)}, r"generated has shape \(0, 4\)"),
        ],
    )
    def test_a_bad_argument_is_named_with_its_value_and_what_is_needed(self, arguments, message):
        good = {"generated": gaussian(0, 25), "train": gaussian(1, 30), "held_out": gaussian(2, 20), "cells": 2}
        with pytest.raises(ValueError, match=message):
            data_copying(**good | arguments)
