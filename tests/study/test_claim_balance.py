"""Whether balanced widths are best: the statistics by brute force, verdicts on studies whose truth is known."""

import json
import math

import numpy as np
import pytest
import scipy

from overgan.study import load_spec
from overgan.study.analysis import at_equal_cost, balance, may_be_best
from overgan.study.analysis._equal_cost import comparable
from overgan.study.gan import Pair
from overgan.study.gan.claims import CLAIMS, surface_claim
from tests.racing import write_study

HELD, WIDTHS = 16, np.array([2, 4, 8, 16, 32, 64])
NEAR, NARROW = (WIDTHS > 4) & (WIDTHS < 32), WIDTHS <= 4
TRUTHS = {  # mean by log2 of the ratio, and what can be said of it
    "balanced is best": (lambda r: 10 + np.where(r < 0, 3 * r * r, r), "supports"),
    "wider brings nothing": (lambda r: 10 + np.where(r < 0, 3 * r * r, 0 * r), "supports"),
    "wider goes on to bring more": (lambda r: 10 * 2.0 ** (-0.4 * r), "contradicts"),
    "narrower is as good": (lambda r: 10 + np.where(r > 0, r, 0 * r), "contradicts"),
}


def drawn(random, mean, runs=8, spread=0.01):
    return [m * (1 + spread * random.standard_normal(runs)) for m in mean(np.log2(WIDTHS / HELD))]


@pytest.mark.parametrize("name", TRUTHS)
def test_with_little_noise_the_verdict_is_the_truth(name):
    mean, verdict = TRUTHS[name]
    random = np.random.default_rng(0)
    found = [balance(drawn(random, mean), NEAR, NARROW, 0.05) for _ in range(30)]
    assert found.count(verdict) >= 27
    assert set(found) <= {verdict, "cannot tell"}


def test_with_much_noise_it_cannot_be_told():
    random = np.random.default_rng(0)
    found = [balance(drawn(random, lambda r: 10 + 0 * r, 3, 0.5), NEAR, NARROW, 0.05) for _ in range(100)]
    assert found.count("cannot tell") >= 95


def test_at_the_border_a_wrong_verdict_is_rare():
    """Wider ones better by just the tolerance: neither may be said, but with a probability of 5 % each."""
    random = np.random.default_rng(1)

    def border(r):
        return np.where(r > 0, 10 / 1.05, 10.0) + np.where(r < 0, 5 * r * r, 0)

    found = [balance(drawn(random, border, 4, 0.02), NEAR, NARROW, 0.05) for _ in range(300)]
    for wrong in ("supports", "contradicts"):
        assert found.count(wrong) / 300 <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 300)


def test_the_best_is_left_out_as_rarely_as_it_should_be():
    random = np.random.default_rng(2)
    kept = [may_be_best([random.normal(10, 1, 4) for _ in range(6)])[0] for _ in range(400)]
    assert np.mean(kept) >= 0.95 - 2 * math.sqrt(0.05 * 0.95 / 400)
    assert np.mean([may_be_best([random.normal(m, 0.2, 4) for m in (10, 12)])[1] for _ in range(50)]) < 0.1


def test_what_may_be_best_is_by_students_test_of_each_pair():
    """Spreads that are even relative to the means are pooled: the test by hand is of that variance."""
    unit = np.array([-1.0, 0.0, 1.0])
    sets = [m * (1 + 0.1 * unit) for m in (10.0, 11.5, 20.0)]
    level, kept = 0.05 / 2, []
    for i, mine in enumerate(sets):
        worse = False
        for other in sets[:i] + sets[i + 1 :]:
            a, b = other.var(ddof=1) / 3, mine.var(ddof=1) / 3
            freedom = (a + b) ** 2 / (a**2 / 6 + b**2 / 6)
            worse |= (mine.mean() - other.mean()) / math.sqrt(a + b) > scipy.stats.t.isf(level, freedom)
        kept.append(not worse)
    assert may_be_best(sets).tolist() == kept == [True, True, False]


def test_of_one_run_each_nothing_is_left_out_and_nothing_told():
    sets = [np.array([m]) for m in (10.0, 11.0, 12.0)]
    assert may_be_best(sets).all()
    near = np.array([True, False, False])
    assert balance(sets, near, near & False, 0.05) == "cannot tell"


def test_what_all_diverged_is_never_best():
    assert may_be_best([np.array([math.inf, math.inf]), np.array([1.0, 2.0])]).tolist() == [False, True]


def surface(mean, widths=(4, 8, 16, 32, 64), runs=6, spread=0.01, seed=0):
    """Pairs whose cost is the product of the widths, and whose mean is a function of size and log-ratio."""
    random = np.random.default_rng(seed)
    return [
        Pair(g, c, mean(math.log2(g * c) / 2, math.log2(g / c)) * (1 + spread * random.standard_normal(runs)), g * c)
        for g in widths
        for c in widths
    ]


def test_at_equal_cost_a_run_that_diverged_is_worse_below_0_too():
    """That of −3 counts as 0, so that its pair's mean is −1.5."""
    pairs = [np.array([-2.0, -2.1]), np.array([-3.0, np.inf])]
    assert [of.best for of in at_equal_cost(pairs, np.ones(2), np.array([1.0, 8.0]), 0.05)] == [0]


def test_at_equal_cost_the_best_ratio_is_found():
    pairs = surface(lambda size, r: 100 * 2.0**-size + 5 * r * r)
    claim, found = surface_claim(pairs, "parameters of both networks", "pixels", 0.05, 0.95)
    assert claim.verdict == "supports"
    assert all(pairs[of.best].ratio == 1 for of in found)
    assert claim.numbers[0].value == 0
    assert claim.numbers[0].low <= 0 <= claim.numbers[0].high
    assert all(pairs[of.best].cost <= of.cost for of in found)


def test_a_surface_that_prefers_wide_critics_contradicts():
    pairs = surface(lambda size, r: 100 * 2.0**-size + 5 * (r + 3) ** 2 + 10)
    claim, found = surface_claim(pairs, "parameters of both networks", "pixels", 0.05, 0.95)
    assert claim.verdict == "contradicts"
    best = pairs[found[-1].best]
    assert claim.numbers[0].value == math.log2(best.ratio) < -1


def test_the_best_at_a_cost_is_that_of_brute_force():
    pairs = surface(lambda size, r: 100 * 2.0**-size + 3 * (r - 1) ** 2, spread=0.1)
    costs, ratios = np.array([float(p.cost) for p in pairs]), np.array([p.ratio for p in pairs])
    for of in at_equal_cost([p.values for p in pairs], costs, ratios, 0.05):
        reached = [place for place, pair in enumerate(pairs) if pair.cost <= of.cost]
        assert of.best == min(reached, key=lambda place: pairs[place].values.mean())
        assert of.best in of.may_be_best
        assert set(of.may_be_best) <= set(reached)


def test_the_interval_of_the_ratio_has_the_truth():
    """The truly best pair of all, of log-ratio 0, is within in 95 % of studies at least."""
    held = []
    for seed in range(40):
        pairs = surface(lambda size, r: 20 * 2.0**-size + r * r / 8 + 1, spread=0.1, runs=3, seed=seed)
        claim, _ = surface_claim(pairs, "parameters", "pixels", 0.05, 0.95)
        held.append(claim.numbers[0].low <= 0 <= claim.numbers[0].high)
    assert np.mean(held) >= 0.93


def test_widths_are_comparable_below_a_factor_of_four():
    assert comparable(np.array([1 / 4, 1 / 2, 1, 2, 4])).tolist() == [False, True, True, True, False]


def test_of_a_few_pairs_or_none_nothing_is_said():
    claim, found = surface_claim([], "parameters", "pixels", 0.05, 0.95)
    assert (claim.verdict, found) == ("cannot tell", [])
    diverged = [Pair(g, 4, np.array([math.inf, math.inf]), g) for g in (4, 64)]
    claim, found = surface_claim(diverged, "parameters", "pixels", 0.05, 0.95)
    assert (claim.verdict, found) == ("cannot tell", [])


def held_study(folder, values, key="critic_width", **settings):
    """`write_study` with a network that is held at 16."""
    study = write_study(folder, values, **settings)
    for name in ("study.json", "study-copy.json"):
        path = folder / name
        content = {k: v for k, v in json.loads(path.read_text()).items() if k != "checksum"}
        content["spec"]["model"][key] = HELD
        path.write_text(json.dumps(content))
    return type(study)(folder, load_of(folder))


def load_of(folder):
    from overgan.study._load import read_description

    return read_description(folder)


def by_width(mean, runs=8):
    random = np.random.default_rng(0)
    return {int(k): of.tolist() for k, of in zip(WIDTHS, drawn(random, mean, runs), strict=True)}


@pytest.mark.parametrize("key", ["critic_width", "generator_width"])
@pytest.mark.parametrize("name", TRUTHS)
def test_a_study_with_a_held_width_says_it(tmp_path, name, key):
    mean, verdict = TRUTHS[name]
    claim = CLAIMS["balance"](held_study(tmp_path / "s", by_width(mean), key), 0.95)
    assert claim.verdict == verdict
    other, varied = ("critic", "generator") if key == "critic_width" else ("generator", "critic")
    assert f"With the {other} held at 16" in claim.because
    assert claim.numbers[0].what.startswith(f"width of the best {varied}")
    assert claim.numbers[0].low <= claim.numbers[0].value <= claim.numbers[0].high


def test_a_study_of_balanced_widths_cannot_tell(tmp_path):
    claim = CLAIMS["balance"](write_study(tmp_path / "s", {2: [3.0, 4.0], 4: [1.0, 2.0]}), 0.95)
    assert claim.verdict == "cannot tell"
    assert "model.critic_width" in claim.needed
    assert not claim.numbers


@pytest.mark.parametrize(
    ("values", "unfinished", "needed"),
    [
        ({16: [1.0, 1.1, 1.2], 32: [1.0, 1.1, 1.3]}, (), "Generators of at most 4 are missing"),
        ({4: [9.0, 9.1, 9.2], 16: [1.0, 1.1, 1.2]}, (), "Generators of 32 or more are missing"),
        ({16: [1.0, 1.1, 1.2]}, (), "Widths of the generator are needed"),
        ({4: [1.0, 2.0], 16: [1.0, 2.0]}, (4, 16), "Widths of the generator are needed"),
        ({4: [math.inf] * 3, 16: [math.inf] * 3}, (), "Widths of the generator are needed"),
        ({4: [1.0], 16: [0.5], 64: [0.6]}, (), "More than one seed is needed"),
    ],
)
def test_what_is_missing_is_said(tmp_path, values, unfinished, needed):
    claim = CLAIMS["balance"](held_study(tmp_path / "s", values, unfinished=unfinished), 0.95)
    assert claim.verdict == "cannot tell"
    assert claim.needed.startswith(needed)
    assert "nan" not in str(claim)


def test_the_preset_has_every_pair_of_widths():
    parts = load_spec("balance").parts
    assert list(parts) == [f"critic-{k}" for k in load_spec("balance").widths]
