"""What a headline says: a recommendation where the runs allow one, else what is missing; expected by hand."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

import overgan
from overgan import recommend
from overgan.cli import app
from overgan.report import report_content
from overgan.study import Description, parse_spec, write_description
from overgan.study.analysis import disagreement
from tests.racing import write_study

THREE = {2: [9.0, 9.1, 8.9], 4: [5.0, 5.1, 4.9], 8: [6.0, 6.1, 5.9]}


@pytest.mark.parametrize(
    ("values", "headline"),
    [
        (
            THREE,
            "Recommended: k = 4 (95% interval: 4 alone): mean distance 5, the best of all widths; no narrower one "
            "comes within 5%",
        ),
        (
            {2: [9.0], 4: [5.1], 8: [5.0]},
            "No recommendation yet; it takes at least three seeds, such as seeds=[0,1,2]: k = 2, 4 and 8 have 1. "
            "Of what there is, k = 4: mean distance 5.1, within 5% of the best, 5 at k = 8",
        ),
        (
            {2: [9.0, 9.0], 4: [5.0, 5.0], 8: [6.0, 6.0]},  # k = 2 is told apart already, and so is k = 8
            "No recommendation yet; it takes at least three seeds, such as seeds=[0,1,2]: k = 4 has 2. "
            "Of what there is, k = 4: mean distance 5, the best of all widths; no narrower one comes within 5%",
        ),
        (
            {4: [5.0, 5.0, 5.0]},
            "No recommendation yet; it takes at least three widths, such as widths=[2,4,8]: there is 1. "
            "Of what there is, k = 4: mean distance 5",
        ),
        (
            {2: [9.0, 9.0, 9.0], 4: [5.0, 5.0, 5.0]},
            "No recommendation yet; it takes at least three widths, such as widths=[2,4,8]: there are 2. Of what there "
            "is, k = 4: mean distance 5, the best so far, and still improving by more than 5%: try wider",
        ),
        (
            {4: [5.0]},
            "No recommendation yet; it takes at least three seeds, such as seeds=[0,1,2]: k = 4 has 1; at least three "
            "widths, such as widths=[2,4,8]: there is 1. Of what there is, k = 4: mean distance 5",
        ),
        (
            {2: [9.0, 9.0, 9.0], 4: [5.0, 5.0], 8: [6.0, 6.0, 6.0]},  # a run of k = 4 diverged
            "No recommendation yet; it takes more seeds: k = 4 has 2 of three. "
            "Of what there is, k = 4: mean distance 5, the best of all widths; no narrower one comes within 5%",
        ),
        (
            {2: [9.0, 9.0], 4: [5.0, 5.0, 5.0], 8: [6.0, 6.0, 6.0]},  # two runs are enough to tell it apart
            "Recommended: k = 4 (95% interval: 4 alone): mean distance 5, the best of all widths; no narrower one "
            "comes within 5%",
        ),
        (
            {2: [5.0, 5.0, 5.0], 4: [6.0, 6.0, 6.0], 8: [7.0, 7.0, 7.0]},
            "Recommended: k = 2 (95% interval: 2 alone): mean distance 5, the best of all widths; it is the narrowest "
            "that was tried: try narrower",
        ),
        (
            {2: [5.1, 5.1, 5.1], 4: [5.0, 5.0, 5.0], 8: [7.0, 7.0, 7.0]},
            "Recommended: k = 2 (95% interval: 2 alone): mean distance 5.1, within 5% of the best, 5 at k = 4; it is "
            "the narrowest that was tried: try narrower",
        ),
        (
            {1: [5.0, 5.0, 5.0], 2: [6.0, 6.0, 6.0], 4: [7.0, 7.0, 7.0]},  # no GAN is narrower
            "Recommended: k = 1 (95% interval: 1 alone): mean distance 5, the best of all widths",
        ),
        (
            {4: [True], 8: [True], 16: [True]},
            "No recommendation yet; it takes at least three seeds, such as seeds=[0,1,2]: k = 4, 8 and 16 have 1. Of "
            "what there is, k = 4: 1 of 1 run distance, which is at least 95%, but too few to show it with 95% "
            "confidence: that takes 59 without a failure; it is the narrowest that was tried: try narrower",
        ),
    ],
)
def test_a_width_is_recommended_only_by_three_seeds_and_three_widths(values, headline):
    found = recommend(values, quantity="distance")
    assert str(found) == headline
    assert bool(found.missing) == headline.startswith("No recommendation yet")
    assert found.try_narrower == headline.endswith("try narrower")
    assert found.width in values


ITERATIONS = list(range(100, 1001, 100))


def level(t, _seed):
    return np.ones(len(t))


def falling(t, _seed):
    return (t / 1000) ** np.log2(0.8)  # by a fifth for each doubling


@pytest.fixture
def make_study(tmp_path):
    """A study's folder with the distances of its spaces by hand: those of the end by width, times a curve, ± 1 %."""

    def make(
        ends,
        curve=level,
        iterations=ITERATIONS,
        unfinished=(),
        seeds=(0, 1, 2),
        scale=1.0,
        images=1000,
        test=400,
        **train,
    ):
        (first, *_) = ends.values()
        train = {"iterations": iterations[-1], "evaluate_every": iterations[0], **train}
        values = {"name": "by-hand", "data": {"name": "digits"}, "model": {"name": "mlp"}, "widths": list(first)}
        values |= {"seeds": list(seeds), "train": train, "evaluate": {"features": list(ends)}, "scale": scale}
        description = Description(
            spec=parse_spec(values, "test"),
            command="overgan run by-hand.yaml",
            data={"name": "digits", "train": images, "test": test, "compared": test, "unseen": test, "shape": [8, 8, 1]}
            | {"fingerprint": "f00"},
            features={name: {"dimension": 64} for name in ends},
            parameters={k: {"generator": 100 * k, "critic": 10 * k} for k in first},
            versions={},
            machine={"workers": 1, "processor": "a processor"},
        )
        write_description(tmp_path, description)
        for k in first:
            reached = iterations[:-1] if k in unfinished else iterations
            rows = [
                {"seed": seed, "iteration": t, "features": name, "frechet_train": value, "frechet_test": value}
                for name, of in ends.items()
                for seed in seeds
                for t, factor in zip(reached, curve(np.array(iterations), seed), strict=False)
                for value in [of[k] * float(factor) * (1 + 0.01 * (seed - 1))]
            ]
            group = tmp_path / f"k{k:04d}"
            group.mkdir()
            (group / "evaluations.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
            log = [{"seed": seed, "iteration": reached[-1], "moved_generator": 1, "moved_critic": 1} for seed in seeds]
            (group / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in log))
            (group / "progress.json").write_text(json.dumps({"iteration": reached[-1], "seconds": 3.0}))
            index = {"file": "x", "sha256": "x", "iteration": reached[-1], "seeds": list(seeds), "seconds": 3.0}
            index |= {"diverged": {}, "complete": k not in unfinished}
            (group / "checkpoint.json").write_text(json.dumps(index))
        return overgan.load(tmp_path)

    return make


ENDS = {2: 90.0, 4: 50.0, 8: 20.0, 16: 20.0}
BY = "mean test pixels Fréchet distance"
BEST = f"k = 8: {BY} 20, the best of all widths; no narrower one comes within 5%"


def noisy(t, seed):
    """Up and down by a fifth, some seeds when others are down, until the last evaluation."""
    return np.where(t < t[-1], 1 + 0.2 * (-1.0) ** (np.arange(len(t)) + seed), 1)


@pytest.mark.parametrize(
    ("settings", "missing"),
    [
        ({}, ""),
        ({"curve": noisy}, ""),
        (
            {"curve": falling},
            f"longer runs, such as train.iterations=2000: the {BY} still falls: at k = 8 by 20% in the last doubling "
            "and by its curve on to 16 (",  # 0.8 × 20
        ),
        ({"curve": falling, "schedule": "linear"}, ""),
        ({"iterations": [600, 1000]}, "three evaluations, such as by train.evaluate_every=333, to see whether training "
         "settles: there are 2"),
        ({"iterations": [1000]}, "three evaluations, such as by train.evaluate_every=333, to see whether training "
         "settles: there is 1"),
        ({"iterations": [600, 1000], "schedule": "linear"}, ""),
        (
            {"iterations": [1, 2, 3, 4], "schedule": "linear"},
            "longer runs, train.iterations=100 at least: 4 are too few to have begun to learn",
        ),
        ({"iterations": [4]}, "longer runs, train.iterations=100 at least: 4 are too few to have begun to learn"),
        (  # 64 images a step, 5 steps of the critic an iteration: 320 for each of 1,000
            {"images": 320_001},
            "longer runs, train.iterations=1001 at least: 1,000 are too few to have seen as many images as there are, "
            "320,001",
        ),
        ({"images": 320_000}, ""),
        ({"unfinished": [2, 4]}, "the runs of k = 2 and 4 that are not finished yet"),
    ],
)  # fmt: skip
def test_a_gan_is_recommended_a_width_only_by_whole_runs_that_have_settled(make_study, settings, missing):
    study = make_study({"pixels": ENDS}, **settings)
    found = study.recommend()
    few = len(ENDS) - len(settings.get("unfinished", ()))
    expected = [missing] if missing else []
    assert [said[: len(begin)] for said, begin in zip(found.missing, expected, strict=True)] == expected
    headline, *odds = study.headlines()
    begin = "By these runs k = 8 is the right width with a probability "
    assert [said[: len(begin)] for said in odds] == ([] if few < len(ENDS) else [begin])
    assert headline.startswith(
        "Recommended: k = 8 (95% interval: " if not missing else "No recommendation yet; it takes"
    )
    findings = report_content(study).findings
    assert findings[: 1 + len(odds)] == [f"{said}." for said in study.headlines()]
    longer = "whether another width would be enough in longer ones does not show"
    assert (longer in findings[1 + len(odds)]) == ("schedule" in settings)


def test_a_study_of_one_network_says_whose_width_it_names(tmp_path):
    values = {4: [9.0, 9.1, 9.2], 8: [5.0, 5.1, 4.9], 16: [6.0, 6.1, 5.9]}
    for held, said in (
        ("generator", "k is the critic's width; the generator's is 12 at every k"),
        ("critic", "k is the generator's width; the critic's is 12 at every k"),
    ):
        study = write_study(tmp_path / held, values, model={"name": "mlp", f"{held}_width": 12})
        assert said in study.headlines()
        assert f"{said}." in report_content(study).findings
    assert not any("k is the" in said for said in write_study(tmp_path / "both", values).headlines())


def test_one_seed_of_four_iterations_of_one_width_is_no_recommendation(make_study):
    study = make_study({"pixels": {4: 50.0}}, iterations=[4], seeds=[0])
    assert study.headlines() == [
        "No recommendation yet; it takes at least three seeds, such as seeds=[0,1,2]: k = 4 has 1; at least three "
        "widths, such as widths=[2,4,8]: there is 1; longer runs, train.iterations=100 at least: 4 are too few to have "
        f"begun to learn. Of what there is, k = 4: {BY} 49.5"
    ]


def test_what_evaluate_measured_later_does_not_look_like_a_fall(make_study):
    study = make_study({"pixels": ENDS})
    for k in ENDS:  # fewer images, a larger distance
        rows = [
            {"seed": seed, "iteration": 1000, "features": "pixels", "frechet_test": 0.5 * ENDS[k] + 0.1 * seed}
            for seed in (0, 1, 2)
        ]
        (study.group(k) / "later.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = study.recommend()
    assert found.value == pytest.approx(10.1)
    assert found.missing == ()


PIXELS = {2: 9.0, 4: 5.0, 8: 5.0, 16: 5.0}


def test_feature_spaces_that_disagree_are_named_side_by_side_with_the_difference(make_study):
    study = make_study({"classifier": ENDS, "pixels": PIXELS})
    assert {name: found.width for name, found in study.recommendations().items()} == {"classifier": 8, "pixels": 4}
    headline, odds, difference = study.headlines()
    assert headline == str(study.recommend()) == str(study.recommendations()["classifier"])
    assert difference == (
        "The feature spaces disagree: classifier says k = 8 (20, 95% interval: 8 alone) and pixels k = 4 (5, 95% "
        "interval: 4 alone). At k = 4 the mean test classifier Fréchet distance is 50, 150% more than at k = 8. No "
        "width is in all intervals: which one is enough depends on what is compared"
    )
    assert report_content(study).findings[:3] == [f"{headline}.", f"{odds}.", f"{difference}."]
    printed = CliRunner().invoke(app, ["recommend", str(study.folder)]).output.splitlines()
    assert printed[:3] == [headline, odds, difference]
    assert printed[3].startswith("cost: 800 generator")


@pytest.mark.parametrize(("test", "few"), [(249, True), (250, False)])
def test_a_recommendation_that_rests_on_few_images_says_so(make_study, test, few):
    study = make_study({"pixels": ENDS}, test=test)
    note = f"Only {test} images on each side of a comparison, so small differences are chance"
    assert study.headlines()[2:] == ([note] if few else [])
    assert (f"{note}." in report_content(study).findings) == few


def test_no_recommendation_says_first_what_it_takes(make_study):
    study = make_study({"pixels": ENDS}, test=20, seeds=(0,))
    assert study.headlines() == [str(study.recommend())]


def test_feature_spaces_that_agree_are_said_to(make_study):
    study = make_study({"classifier": ENDS, "pixels": ENDS})
    assert study.headlines()[2] == "The feature spaces classifier and pixels agree on k = 8"


def test_feature_spaces_whose_intervals_overlap_may_not_differ():
    first = recommend({2: [9.0, 9.1, 8.9], 4: [5.1, 5.6, 5.3], 8: [5.0, 4.6, 5.1]}, quantity="a")
    second = recommend({2: [9.0, 9.1, 8.9], 4: [5.0, 5.6, 5.0], 8: [5.0, 5.5, 5.2]}, quantity="b")
    assert (first.width, first.not_excluded, second.width, second.not_excluded) == (8, (4, 8), 4, (4, 8))
    text = disagreement({"a": first, "b": second}, {4: 5.333, 8: 4.9})
    assert text.endswith("All intervals hold k = 4 and 8, so these runs do not show that the spaces differ")
    assert "At k = 4 the mean a is 5.33, 8.8% more than at k = 8" in text  # 5.333 / 4.9 − 1
    assert disagreement({"a": first}, {4: 5.333, 8: 4.9}) == ""
    assert disagreement({"a": first, "b": first}, {8: 4.9}) == ""  # one width has nothing to agree on


def test_the_terminal_says_at_what_scale_a_study_was_run(make_study):
    study = make_study({"pixels": ENDS}, scale=0.01)
    said = (
        "Run at 0.01 of full scale: 1% of the iterations and samples, but for what was set and the least that metrics "
        "take, so this is not the full study's result."
    )
    for command in ("status", "recommend"):
        assert said in CliRunner().invoke(app, [command, str(study.folder)]).output
