"""What a study recommends, how probable that is, and what would settle it; expected by hand."""

import json
import math
import re
import shutil

import numpy as np
import pytest
from typer.testing import CliRunner

import overgan
from overgan.cli import app
from overgan.errors import OverganError
from overgan.study import write_description
from overgan.study._rounds import read_rounds, write_rounds
from overgan.study.analysis import needed, probabilities
from overgan.study.gan import Hours, hours
from tests.racing import begun, write_study

CLOSE = {4: [9.0, 9.1, 9.2, 8.9], 8: [5.0, 5.5, 4.8, 5.2], 16: [5.2, 4.9, 5.1, 5.3]}
FIRST = begun({4: 3, 8: 3, 16: 3})


def more(count):
    return begun({4: count, 8: count, 16: count}, "Not sure yet.", "seeds")


def sure(count=10):
    """So many runs of each width that nothing is open: their spread is a thousandth of what separates them."""
    return {
        k: [mean + 0.001 * mean * (-1) ** s for s in range(count)] for k, mean in {4: 9.0, 8: 5.0, 16: 4.98}.items()
    }


def test_a_study_that_is_sure_names_the_width_of_its_race_and_what_it_cost_beside_a_grid(tmp_path):
    study = write_study(tmp_path, {**sure(), 4: sure()[4][:6]}, [FIRST, more(6)], seconds=1800.0)
    found = study.recommend()
    assert (found.recommended, found.not_excluded, found.more_seeds, found.core_hours) == (8, (8,), {}, 0)
    assert study.headlines() == [
        "Recommended: k = 8 (at 95% confidence, whenever it was stopped): mean test pixels Fréchet distance 5 over 10 "
        "runs, shown to be within 5% of every other width, as no narrower one is",
        "By these runs k = 8 is the right width with a probability above 99%",
        "It took 26 seeds and 13 core-hours; a grid of 10 seeds at every width takes about 15",
    ]


def test_the_confidence_is_the_one_that_the_study_was_asked_for(tmp_path):
    study = write_study(tmp_path, sure(), [FIRST, more(10)], confidence=0.9)
    assert (study.recommend().confidence, study.recommend(confidence=0.8).confidence) == (0.9, 0.8)
    assert study.headlines()[0].startswith("Recommended: k = 8 (at 90% confidence, whenever it was stopped)")
    printed = CliRunner().invoke(app, ["recommend", str(study.folder)]).output.splitlines()
    assert printed[:3] == study.headlines()


def test_a_study_that_is_not_sure_yet_says_what_is_known_and_what_more_it_takes(tmp_path):
    study = write_study(tmp_path, CLOSE, [FIRST, more(4)], seconds=1800.0)
    found = study.recommend()
    seeds = needed(CLOSE, 0.05, 0.95, {4: 400.0, 8: 800.0, 16: 1600.0}, initial=3)
    assert seeds.keys() == {8, 16}
    assert (found.recommended, found.more_seeds, found.core_hours) == (None, seeds, sum(seeds.values()) / 2)
    chance = probabilities(CLOSE, 0.05)[8]
    most = 4 + max(seeds.values())
    first, odds, cost = study.headlines()
    assert first == (
        "No recommendation yet; it takes more seeds. Of what there is, k = 8: mean test pixels Fréchet distance 5.12 "
        "over 4 runs; k = 8 and 16 are not excluded yet"
    )
    assert odds.startswith(f"By these runs k = 8 is the right width with a probability of {100 * chance:.0f}%; about ")
    assert odds.endswith(f" would settle it, {sum(seeds.values()) / 2:g} core-hours at the pace so far, on a processor")
    assert cost.startswith("So far it took 12 seeds and 6 core-hours; with those, ")
    assert f"where a grid of {most} seeds at every width takes about " in cost


def test_when_the_race_and_the_estimate_differ_the_race_counts(tmp_path):
    luck = 1 + 0.3 * np.sin(np.arange(12))  # of a seed, the same at all widths: it hides nothing from pairs
    values = {k: (mean * luck).tolist() for k, mean in {4: 9.0, 8: 5.4, 16: 5.0, 32: 4.98}.items()}
    alone = write_study(tmp_path / "grid", values).recommend()
    rounds = [begun(dict.fromkeys(values, 3)), begun(dict.fromkeys(values, 12), "Not sure yet.", "seeds")]
    found = write_study(tmp_path / "race", values, rounds).recommend()
    assert (alone.width, found.width) == (8, 16)
    assert found.probability == pytest.approx(probabilities(values, 0.05)[16])


def test_a_study_that_goes_back_to_its_grid_is_recommended_what_its_race_does_not_exclude(tmp_path):
    study = write_study(tmp_path, CLOSE, [FIRST, more(4)])
    rounds = read_rounds(tmp_path)
    write_rounds(tmp_path, rounds.model_copy(update={"planner": "grid"}))
    found = study.recommend()
    assert (found.recommended, found.interval, found.anytime) == (8, (8, 16), True)
    assert str(found).startswith(
        "Recommended: k = 8 (95% interval: 8 to 16): mean test pixels Fréchet distance 5.12 over 4"
    )


def test_a_diverged_run_is_named_and_counted_in(tmp_path):
    values = sure(24)
    values[8][5] = math.inf
    values[16] = [1.06 * v for v in values[16]]  # 1/24 of the runs of k = 8 at twice its mean
    study = write_study(tmp_path, values, [FIRST, more(24)])
    found = study.recommend()
    assert found.value == pytest.approx(5 * (1 + 1 / 24), rel=1e-3)
    assert "over 24 runs, of which 1 diverged" in str(found)


def test_when_all_runs_diverged_but_some_nothing_is_made_up(tmp_path):
    lost = [math.inf] * 6
    study = write_study(tmp_path, {4: lost, 8: sure(6)[8], 16: lost}, [FIRST, more(6)])
    found = study.recommend()
    assert (found.width, found.not_excluded) == (8, (8,))
    assert found.reason.endswith(". All runs at k = 4 and 16 diverged")
    once = study.for_budget("1h")
    assert [of.how for of in once.widths if of.width != 8] == ["all runs diverged"] * 2
    assert "All runs at k = 4 and 16 diverged" in str(once)
    assert "Nothing is known" not in str(once)


def test_while_all_runs_are_made_longer_that_is_said(tmp_path):
    longer = begun({4: 3, 8: 3, 16: 3}, move="longer")
    study = write_study(tmp_path, CLOSE, [FIRST, longer], unfinished=[4, 8, 16])
    with pytest.raises(OverganError, match="all runs are made longer, and no width is at its 1,000 iterations yet"):
        study.recommend()


def test_what_a_study_took_is_not_said_of_some_of_its_widths_alone(tmp_path):
    study = write_study(tmp_path, sure(24), [FIRST, more(24)])
    assert any(said.startswith("It took 72 seeds") for said in study.headlines())
    assert not any("took" in said for said in study.narrowed([4, 8]).headlines())


def test_of_a_fixed_grid_the_odds_and_what_would_settle_it_are_said_beside_the_recommendation(tmp_path):
    study = write_study(tmp_path, CLOSE, seconds=1800.0)
    seeds = needed(CLOSE, 0.05, 0.95, {4: 400.0, 8: 800.0, 16: 1600.0})
    first, odds = study.headlines()
    assert "whenever" not in first
    assert f"{4 + max(seeds.values())}" not in odds  # more of them, not all
    printed = json.loads(CliRunner().invoke(app, ["recommend", str(study.folder), "--json"]).output)
    assert printed["probability"] == pytest.approx(probabilities(CLOSE, 0.05)[8])
    assert printed["more_seeds"] == {str(k): n for k, n in seeds.items()}
    assert printed["core_hours"] == sum(seeds.values()) / 2


def test_while_a_width_has_no_run_yet_nothing_is_said_of_odds(tmp_path):
    for place, rounds in (("grid", ()), ("race", [FIRST])):
        study = write_study(tmp_path / place, CLOSE, rounds, unfinished=[16])
        assert (study.recommend().probability, study.recommend().more_seeds) == (None, {})
        (first,) = study.headlines()
        assert "the runs of k = 16 that are not finished yet" in first


def test_what_no_number_of_seeds_may_settle_takes_at_least_so_many(tmp_path):
    hair = {4: [9.0, 9.1, 9.2, 8.9], 8: [5.2499, 5.4, 5.1, 5.25], 16: [5.0, 4.9, 5.1, 5.0]}  # 5% apart
    odds = write_study(tmp_path, hair).headlines()[1]
    assert re.search(r"; at least [23],\d{3} more seeds at k = 8 and 16", odds)


def test_one_seed_or_one_width_has_no_odds(tmp_path):
    assert len(write_study(tmp_path / "a", {4: [9.0], 8: [5.0], 16: [5.0]}).headlines()) == 1
    assert len(write_study(tmp_path / "b", {4: [9.0, 9.1, 9.2]}).headlines()) == 1


def test_on_gpus_their_hours_are_counted(tmp_path):
    study = write_study(tmp_path, CLOSE, seconds=1800.0)
    machine = study.description.machine | {"threads": 8, "devices": ["cuda:0", "cuda:1"]}
    write_description(tmp_path, study.description.model_copy(update={"machine": machine}))
    assert " GPU-hours at the pace so far" in overgan.load(study.folder).headlines()[1]
    assert overgan.load(study.folder).recommend().core_hours == study.recommend().core_hours


def test_hours_are_of_all_threads_and_of_what_is_added(tmp_path):
    study = write_study(tmp_path, CLOSE, seconds=1800.0)
    machine = study.description.machine | {"threads": 8}
    adding = tmp_path / "k0008" / "adding"
    shutil.copytree(tmp_path / "k0004", adding)
    found = hours(tmp_path, study.description.model_copy(update={"machine": machine}))
    assert found.each == {4: 4.0, 8: 4.0, 16: 4.0}  # half an hour on 8 cores
    assert found.spent == 16 * 4.0
    assert (found.grid([4, 8, 16], 7), found.of({4: 3})) == (7 * 3 * 4.0, 12.0)


def test_in_a_grid_no_width_is_slower_than_a_wider_one_that_had_more_seeds_at_once():
    found = Hours({4: 3, 8: 3, 16: 40}, each={4: 3.0, 8: 5.0, 16: 4.0}, spent=184.0, unit="core-hours")
    assert found.grid([4, 8, 16], 10) == 10 * (3.0 + 4.0 + 4.0)
    assert found.beside_grid({}) == (
        "It took 46 seeds and 180 core-hours; a grid of 40 seeds at every width takes about 440"
    )


def test_a_grid_that_excludes_all_widths_but_one_is_settled(tmp_path):
    values = {4: [9.0, 9.4, 8.7], 8: [5.0, 5.1, 4.9], 16: [4.98, 4.9, 5.06]}
    found = write_study(tmp_path, values).recommend()
    assert found.not_excluded == (8,)
    assert needed(values, 0.05, 0.95, {4: 4.0, 8: 8.0, 16: 16.0})
    assert (found.more_seeds, found.core_hours) == ({}, 0)


def test_of_two_runs_a_width_there_is_no_recommendation_be_it_of_a_study_that_was_to_go_on_until_sure(tmp_path):
    values = {k: of[:2] for k, of in CLOSE.items()}
    study = write_study(tmp_path, values, [begun(dict.fromkeys(values, 2))])
    write_rounds(tmp_path, read_rounds(tmp_path).model_copy(update={"planner": "grid"}))
    assert study.recommend().missing == ("at least three seeds, such as seeds=[0,1,2]: k = 8 and 16 have 2",)


def test_a_width_of_which_every_run_diverged_so_far_is_not_what_is_named_of_what_there_is(tmp_path):
    values = {2: [math.inf] * 3, 4: [9.0, 9.1, 9.2], 8: [5.0, 5.4, 4.8], 16: [5.2, 4.9, 5.1]}
    study = write_study(tmp_path, values, [begun(dict.fromkeys(values, 3))])
    found = study.recommend()
    assert 2 in found.not_excluded
    assert math.isfinite(found.value)
    assert found.probability is None  # of k = 2 nothing is known, as long as a run may come through
    assert re.match(r"About \d+ more seeds at .* would settle it", study.headlines()[1])
