"""Claims about training images: the gap between test and train against the width, and copies."""

import itertools
import math

import numpy as np
import pytest
import scipy

from overgan.study.analysis import Draws, copied, gap_growth, growth_verdict, interval, means_of, why_no_growth
from tests.claiming import claim_of, write_claimed

WIDTHS = (2, 4, 8, 16, 32)
RUNS = np.array([-1.0, -0.5, 0.0, 0.5, 1.0])


def distances(gaps, means=(8, 4, 2, 1, 1), spread=0.01):
    """Train and test distances whose gaps have the same deviation over their distance at all widths."""
    train = {k: m * (1 + 0.1 * RUNS) for k, m in zip(WIDTHS, means, strict=True)}
    return train, {
        k: of + g + spread * (m + g) * RUNS for (k, of), g, m in zip(train.items(), gaps, means, strict=True)
    }


def test_the_growth_is_that_of_a_weighted_line_over_the_logarithm_of_the_width():
    gaps, means = np.array([0.4, -0.1, 0.2, 0.1, 0.3]), np.array([8, 4, 2, 1, 1])
    train, test = distances(gaps, means)
    found = gap_growth(train, test, None, 0.05)
    distance = test[32].mean()
    slope, _ = np.polyfit(np.log(WIDTHS), gaps / distance, 1, w=1 / (means + gaps))  # by the test distance
    assert found.value == pytest.approx(slope * math.log(16), rel=1e-6)
    assert found.gaps[2][0] == pytest.approx(0.4 / distance)


def test_what_does_not_depend_on_the_width_does_not_count():
    plain, shifted = (
        gap_growth(*distances(np.array([0.0, 0.1, 0.2, 0.3, 0.4]) + offset, [1] * 5), None, 0.05) for offset in (0, 2)
    )
    at_widest = 1.4, 3.4  # by which both are divided
    assert plain.value * at_widest[0] == pytest.approx(shifted.value * at_widest[1])
    assert plain.value == pytest.approx(0.4 / 1.4)


def test_with_one_seed_and_draw_less_widths_the_interval_is_students():
    values = {2: RUNS, 4: 2 + RUNS}
    of = means_of(values)
    found = interval(of, of.at(4, 2), 0.9)
    theirs = scipy.stats.ttest_ind(values[4], values[2]).confidence_interval(0.9)
    np.testing.assert_allclose([found.low, found.high], [theirs.low, theirs.high])


def test_draws_that_all_widths_share_are_covered_however_alike_they_are():
    """Their variance is cᵀ R c with R_ij = ρ e_i e_j: the largest over ρ from 0 to 1 is taken."""
    random = np.random.default_rng(0)
    for _ in range(20):
        errors, contrast = random.uniform(0, 1, 5), random.standard_normal(5)
        of = means_of(dict(zip(WIDTHS, [RUNS] * 5, strict=True)))
        found = interval(of, contrast, 0.95, Draws(dict(zip(WIDTHS, errors, strict=True)), 10)).draws
        by_likeness = [
            contrast @ (errors[:, None] * errors * (rho + (1 - rho) * np.eye(5))) @ contrast
            for rho in np.linspace(0, 1, 11)
        ]
        assert found == pytest.approx(max(by_likeness))


def test_an_interval_of_draws_alone_has_their_degrees_of_freedom():
    of = means_of({2: np.zeros(3), 4: np.ones(3)})
    found = interval(of, of.at(4), 0.95, Draws({2: 0.0, 4: 0.5}, 10))
    assert (found.low, found.high) == pytest.approx(scipy.stats.t.interval(0.95, 10, 1, 0.5))


@pytest.mark.parametrize(("growth", "verdict"), [(0.0, "supports"), (-0.5, "supports"), (0.5, "contradicts")])
def test_only_a_gap_that_grows_contradicts(growth, verdict):
    for offset in (-0.3, 0.0, 0.3):
        gaps = offset + growth * np.linspace(0, 1, 5)
        found = gap_growth(*distances(gaps, [1] * 5, 0.005), Draws(dict.fromkeys(WIDTHS, 0.005), 10), 0.05)
        assert growth_verdict(found, 0.05) == verdict
    wide = gap_growth(*distances(gaps, [1] * 5), Draws(dict.fromkeys(WIDTHS, 0.5), 10), 0.05)
    assert (growth_verdict(wide, 0.05), wide.seeds) == ("cannot tell", math.inf)


def test_what_a_gap_lacks_is_said():
    assert why_no_growth({}).endswith("there are none")
    assert why_no_growth({2: RUNS}).endswith("there is one")
    assert why_no_growth({2: RUNS[:1], 4: RUNS[:1]}) == "an interval takes two seeds of a width at least"
    assert why_no_growth({2: RUNS, 4: RUNS}) == "the distance at k = 4 is not told from 0"


def columns(growth=0.0, *, without=(), kernel=0.0):
    """Of `write_claimed`: FID∞ whose gap grows by so much in each doubling, and KID's, and what a draw changes."""

    def of(k, place):
        gap, of_kernel = (x * math.log2(k) + 0.001 * place for x in (growth, kernel))
        row = {"frechet_gap": gap, "frechet_gap_error": 0.002, "frechet_gap_draws": 10}
        row |= {"frechet_inf_train": 1 + 0.01 * place, "frechet_inf_test": 1 + 0.01 * place + gap}
        row |= {"kernel_train": 1 + 0.01 * place, "kernel_test": 1 + 0.01 * place + of_kernel}
        row |= {"kernel_train_error": 0.001, "kernel_test_error": 0.001}
        return {key: value for key, value in row.items() if not key.startswith(tuple(without))}

    return of


VALUES = {k: (1 + 0.01 * RUNS).tolist() for k in WIDTHS}


@pytest.mark.parametrize(
    ("measured", "verdict", "says"),
    [
        (columns(), "supports", "Fréchet distance of infinitely many images"),
        (columns(0.1, kernel=0.1), "contradicts", "so it grows by more than 5%"),
        (columns(0.1), "cannot tell", "kernel distance disagree"),  # FID∞ grows, and KID does not
        (columns(without=["frechet_inf", "kernel"]), "supports", "pixels Fréchet distance"),
        (columns(without=["frechet_inf"]), "supports", "pixels kernel distance"),
        (columns(without=["frechet_gap", "kernel"]), "cannot tell", "of seeds alone"),
        (columns(without=["frechet_gap"]), "supports", "pixels kernel distance"),  # whose draws are known
        (
            lambda k, place: columns(without=["frechet_inf"])(k, place) | {"kernel_test": (-1) ** place / 100},
            "supports",
            "test less train pixels Fréchet distance changes",
        ),
    ],
)
def test_the_gap_is_that_of_the_best_metrics_there_are(tmp_path, measured, verdict, says):
    claim = claim_of(write_claimed(tmp_path / "study", VALUES, measured), "generalization")
    assert claim.verdict == verdict, claim
    assert says in " ".join([claim.because, claim.needed])


def test_what_a_gap_lacks_is_said_of_its_own_metric(tmp_path):
    one = write_claimed(tmp_path / "study", {2: [1.0], 4: [1.0]}, columns(without=["frechet_inf"]))
    because = claim_of(one, "generalization").because
    assert because.startswith("Nothing is known of how test less train pixels kernel distance grows: an interval takes")


def test_a_share_of_one_half_is_no_copies_and_one_of_many_images_shows_it():
    half = dict.fromkeys(WIDTHS, 0.5 + 0.01 * RUNS)
    assert copied(half, 10_000).verdict == "supports"
    few = copied(half, 100)
    assert (few.verdict, few.seeds) == ("cannot tell", math.inf)
    more = half | {32: 0.7 + 0.01 * RUNS}
    assert copied(more, 10_000).verdict == "contradicts"
    other_kind = dict.fromkeys(WIDTHS, 0.7 + 0.01 * RUNS)
    assert copied(other_kind, 10_000).verdict == "cannot tell"  # no more at the widest than at the narrowest


@pytest.mark.parametrize("dimension", [2, 8])
def test_another_draw_of_real_images_changes_the_share_by_no_more_than_is_taken(dimension):
    """Real images split at random: 1/√n is taken for the deviation over splits, of all runs together."""
    random, n = np.random.default_rng(dimension), 300
    real, generated = (random.standard_normal((of, dimension)) for of in (2 * n, 5 * n))
    nearest = scipy.spatial.cKDTree(real).query(generated)[1]
    cells = np.bincount(nearest, minlength=2 * n) / len(nearest)
    shares = [cells[random.permutation(2 * n)[:n]].sum() for _ in range(300)]
    assert 0.15 / math.sqrt(n) < np.std(shares) < 0.85 / math.sqrt(n)


SHARES = {"none": lambda _k: 0.5, "copies": lambda k: 0.5 + 0.1 * (k == 32) * 2, "unclear": lambda _k: 0.53}


@pytest.mark.parametrize(
    ("share", "nnd", "verdict"),
    [
        ("none", None, "supports"),
        ("copies", None, "contradicts"),
        ("copies", 0.5, "contradicts"),  # NND below the memorizer's does not make up for it
        (None, 0.5, "supports"),
        (None, 3.0, "cannot tell"),  # a poor generator has that, too
        ("unclear", 3.0, "cannot tell"),
        ("unclear", 0.5, "supports"),
        (None, None, "cannot tell"),
    ],
)
def test_memorization_is_judged_by_the_share_and_the_line_of_a_memorizer(tmp_path, share, nnd, verdict):
    study = write_claimed(
        tmp_path / "study",
        VALUES,
        (lambda k, place: {"nearer_train": SHARES[share](k) + 0.002 * place}) if share else None,
        critic=(lambda _k, place: {"nnd": nnd + 0.01 * place, "nnd_memorized": 1.0}) if nnd else None,
    )
    study.description.data["compared"] = 5000 if share != "unclear" else 300
    claim = claim_of(study, "memorization")
    assert claim.verdict == verdict, claim
    assert claim.figures == (*(("nearer-train",) if share else ()), *(("nnd",) if nnd else ()))
    if nnd:
        beside = "below" if nnd < 1 else "above"
        assert f"{beside} the line of memorized training images, 1." in claim.because
    if share:
        assert "One half means that nothing is memorized" in claim.because
    missing = [name for name, of in (("memorization", share), ("nnd", nnd)) if of is None]
    assert all((name in claim.needed) == (claim.verdict == "cannot tell") for name in missing)


def test_some_copies_contradict_though_fewer_than_a_tenth(tmp_path):
    """Two deviations of 1/√n are 0.02 at 10,000 images: 0.525 is above 0.5 and below 0.55, and above 0.48 by 0.045."""
    share = {k: 0.525 if k == 32 else 0.48 for k in WIDTHS}
    study = write_claimed(tmp_path / "s", VALUES, lambda k, place: {"nearer_train": share[k] + 1e-4 * place})
    study.description.data["compared"] = 10_000
    claim = claim_of(study, "memorization")
    assert claim.verdict == "contradicts"
    assert claim.because.endswith("55% that 10% of the images are copies: some are, though fewer than 10%.")


def test_nnd_of_a_width_is_less_the_line_by_students_interval(tmp_path):
    nnd = dict(zip(itertools.count(), 0.5 + 0.1 * RUNS, strict=False))
    study = write_claimed(tmp_path / "s", VALUES, critic=lambda _k, place: {"nnd": nnd[place], "nnd_memorized": 1.0})
    number, line = claim_of(study, "memorization").numbers
    error = 0.1 * RUNS.std(ddof=1) / math.sqrt(5)  # pooled over five widths, all alike
    assert (number.low, number.high) == pytest.approx(scipy.stats.t.interval(0.95, 20, 0.5, error))
    assert (line.value, math.isnan(line.low)) == (1.0, True)


@pytest.mark.parametrize(("line", "verdict"), [(0.8, "supports"), (0.6, "cannot tell")])
def test_the_memorizers_line_may_be_off_by_as_much_as_a_run(tmp_path, line, verdict):
    """It is one critic's. The mean is 0.5 ± 0.035 of five runs: 0.6 is above its interval, and not above chance."""
    nnd = 0.5 + 0.1 * RUNS
    study = write_claimed(tmp_path / "s", VALUES, critic=lambda _k, place: {"nnd": nnd[place], "nnd_memorized": line})
    claim = claim_of(study, "memorization")
    assert claim.verdict == verdict
    assert claim.numbers[0].high < 0.6
    assert ("below the line" if verdict == "supports" else "not told apart from the line") in claim.because
