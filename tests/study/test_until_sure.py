"""Studies that decide what to train next: their seeds, their rounds, and what becomes of them when they are stopped."""

import json

import numpy as np
import pytest

import overgan
from overgan.errors import OverganError
from overgan.study._rounds import Round, read_rounds, seeds_in_order
from tests.study.test_runner import HERE

SURE = {**HERE, "threads": 1, "until_sure": True}
BRIEF = ["train.iterations=10", "train.evaluate_every=10", "evaluate.draws=0"]


@pytest.fixture
def scripted(monkeypatch):
    """scripted(*rounds): what the planner decides, whatever the runs say, one round after another."""

    def script(*rounds):
        def next_round(_folder, _description, known):
            at = len(known.rounds) - 1
            return rounds[at] if at < len(rounds) else None

        monkeypatch.setattr("overgan.study.gan._planner.next_round", next_round)

    return script


def round_(move, seeds, iterations=60):
    return Round(move=move, why=f"{move}.", seeds=seeds, iterations=iterations)


def runs_of(study):
    """The seeds that have come to the end, by width."""
    return study.final().groupby("k").seed.apply(sorted).to_dict()


@pytest.mark.slow
def test_a_study_does_what_its_rounds_say_and_its_runs_are_those_of_a_grid(scripted, small_spec, tmp_path):
    scripted(
        round_("seeds", {2: 2, 4: 4, 8: 2}, 10),
        round_("wider", {2: 2, 4: 4, 8: 2, 16: 3}, 10),
        round_("longer", {2: 2, 4: 4, 8: 2, 16: 3}, 20),
    )
    study = overgan.run(small_spec, tmp_path / "sure", BRIEF, **SURE)
    assert [of.move for of in read_rounds(study.folder).rounds] == ["begin", "seeds", "wider", "longer"]
    assert (study.spec.widths, study.spec.train.iterations) == ([2, 4, 8, 16], 20)
    assert set(study.description.parameters) == {2, 4, 8, 16}
    assert runs_of(study) == {2: [0, 1], 4: [0, 1, 2, 3], 8: [0, 1], 16: [0, 1, 2]}
    assert [(g.width, g.complete, g.done, g.runs) for g in study.status()] == [
        (2, True, 20, 2),
        (4, True, 20, 4),
        (8, True, 20, 2),
        (16, True, 20, 3),
    ]
    changes = [*BRIEF, "train.iterations=20", "widths=[4]", "seeds=[0,1,2,3]"]
    grid = overgan.run(small_spec, tmp_path / "grid", changes, **HERE)
    column = ["seed", "iteration", "frechet_test"]
    ours = study.frame()[study.frame().k == 4][column].sort_values(column[:2])
    # sums are rounded otherwise where fewer are trained together, which iterations make larger
    np.testing.assert_allclose(ours, grid.frame()[column].sort_values(column[:2]), rtol=1e-3)


@pytest.mark.slow
def test_a_study_that_was_begun_without_goes_on_until_sure_and_back(scripted, small_spec, small_study, tmp_path):
    import shutil

    folder = tmp_path / "study"
    shutil.copytree(small_study / "study", folder)
    before = overgan.load(folder).frame()
    scripted(round_("seeds", {2: 2, 4: 2, 8: 5}))
    study = overgan.run(small_spec, folder, **SURE)
    first = read_rounds(folder).rounds[0]
    assert (first.move, first.seeds) == ("begin", {2: 2, 4: 2, 8: 2})
    assert runs_of(study) == {2: [0, 1], 4: [0, 1], 8: [0, 1, 2, 3, 4]}
    kept = study.frame().merge(before, how="inner")
    assert len(kept) == len(before)  # to the last bit
    study = overgan.run(small_spec, folder, ["seeds=[0,1,2]"], **HERE)
    assert read_rounds(folder).newest.move == "grid"
    assert runs_of(study) == {2: [0, 1, 2], 4: [0, 1, 2], 8: [0, 1, 2, 3, 4]}


@pytest.mark.slow
def test_the_time_that_is_up_ends_a_study_that_goes_on_later(scripted, small_spec, tmp_path):
    scripted(round_("seeds", {2: 2, 4: 2, 8: 3}, 10))
    study = overgan.run(small_spec, tmp_path / "study", BRIEF, budget="0.01s", **SURE)
    assert not all(group.complete for group in study.status())
    study = overgan.run(small_spec, tmp_path / "study", BRIEF, **SURE)
    assert runs_of(study) == {2: [0, 1], 4: [0, 1], 8: [0, 1, 2]}


def test_bad_values_are_refused_in_a_line_before_anything_is_written(small_spec, tmp_path):
    for changes, more, message in (
        ([], {"confidence": 0.0}, "confidence is 0.0; it must be above 0, and at most 0.999"),
        ([], {"confidence": 1.0}, "confidence is 1.0; it must be above 0, and at most 0.999"),
        ([], {"confidence": float("nan")}, "confidence is nan"),
        ([], {"budget": ""}, "budget is empty; write a time"),
        ([], {"budget": "0h"}, "budget is 0h; it must be more than 0"),
        ([], {"budget": "soon"}, "budget is soon; write a time, such as 90s"),
        (["widths=[8]"], {}, r"until_sure compares widths, and the study has k = 8 alone; .* widths=\[8,16,32\]"),
        (["seeds=[3]"], {}, r"until_sure tells widths apart by how much seeds differ, and the study has one seed"),
    ):
        with pytest.raises(OverganError, match=message):
            overgan.run(small_spec, tmp_path / "study", changes, **SURE | more)
    with pytest.raises(OverganError, match="until_sure is for width studies of GANs, and this study is of the kind"):
        overgan.run("shallow-gaussian", tmp_path / "study", until_sure=True)
    for name, value in (("confidence", 0.9), ("budget", "2h")):
        for changes in ([], ["model.critic_widths=[2,4]"]):  # of one study, and of several
            with pytest.raises(OverganError, match=f"{name} is for a study that goes on until it is sure; give until_"):
                overgan.run(small_spec, tmp_path / "study", changes, **{name: value})
    assert not (tmp_path / "study").exists()


def test_rounds_that_are_damaged_are_refused_with_what_mends_them(tmp_path):
    mend = "restore it, or remove it: then the command, with the widths .* that study.json has, trains the whole grid"
    for content in ("", "{", "[]", json.dumps({"planner": "sure", "confidence": 0.95, "rounds": []})):
        (tmp_path / "rounds.json").write_text(content)
        with pytest.raises(OverganError, match=rf"rounds.json .*; {mend}"):
            read_rounds(tmp_path)


def test_seeds_come_in_one_order_at_all_widths(small_spec):
    from overgan.study import load_spec

    spec = load_spec(small_spec, ["seeds=[2,5]"])
    assert [seeds_in_order(spec, n) for n in (1, 2, 4, 6)] == [[2], [2, 5], [2, 5, 0, 1], [2, 5, 0, 1, 3, 4]]
