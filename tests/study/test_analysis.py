import itertools

import numpy as np
import pytest

from overgan.errors import OverganError
from overgan.study import recommend


def fids(**widths):
    return {int(k[1:]): np.array(v, float) for k, v in widths.items()}


def test_the_smallest_width_within_the_tolerance_of_the_best():
    final = fids(k2=[100, 100], k4=[10.4, 10.4], k8=[10, 10], k16=[11, 11])
    result = recommend(final, 0.05, "test classifier FID")
    assert (result.width, result.best_width, result.value, result.best_value) == (4, 8, 10.4, 10)
    assert result.interval == (4, 4)  # seeds agree, so there is nothing to resample
    assert not result.try_wider
    assert str(result) == (
        "k = 4 (95 % interval over seeds: 4 to 4): mean test classifier FID 10.4, within 5% of the best, 10 at k = 8"
    )
    assert recommend(final, 0.0, "classifier").width == 8
    assert recommend(final, 0.2, "classifier").width == 4


def test_try_wider_when_the_widest_is_still_improving():
    result = recommend(fids(k2=[100], k4=[10], k8=[5]), 0.05, "test classifier FID")
    assert result.width == 8
    assert result.try_wider
    assert "try wider" in str(result)
    assert not recommend(fids(k2=[1], k4=[1], k8=[0]), 0.05, "share").try_wider  # nothing is better than 0
    assert not recommend(fids(k2=[100], k4=[5.1], k8=[5]), 0.05, "test classifier FID").try_wider


def test_the_interval_is_that_of_all_resamples():
    """Three seeds have 27 equally likely resamples a width: enumerate them all."""
    final = fids(k2=[9, 12, 20], k4=[9, 11, 10], k8=[9.5, 9.4, 10.5])
    counts = dict.fromkeys(final, 0)
    resamples = {k: [np.mean(r) for r in itertools.product(v, repeat=3)] for k, v in final.items()}
    for means in itertools.product(*resamples.values()):
        counts[next(k for k, m in zip(final, means, strict=True) if m <= 1.05 * min(means))] += 1
    share = np.cumsum([counts[k] / 27**3 for k in final])
    low = next(k for k, s in zip(final, share, strict=True) if s >= 0.025)
    high = next(k for k, s in zip(final, share, strict=True) if s >= 0.975)
    # the bounds are not within 10,000 resamples' error of a step of the distribution
    assert np.abs(share[:-1] - 0.025).min() > 0.005
    assert np.abs(share[:-1] - 0.975).min() > 0.005
    assert recommend(final, 0.05, "test classifier FID").interval == (low, high)


def test_widths_whose_runs_all_diverged_are_left_out():
    final = fids(k2=[10, 11], k4=[], k8=[20])
    assert recommend(final, 0.05, "test classifier FID").width == 2
    with pytest.raises(OverganError, match="no width has a finished run"):
        recommend(fids(k2=[], k4=[]), 0.05, "test classifier FID")
