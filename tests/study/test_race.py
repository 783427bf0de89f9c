"""The runs of a study as the race between its widths takes them; expected by hand."""

import json
import math
import shutil

import pytest

import overgan
from overgan.study.gan import _progress
from overgan.study.gan._race import costs, values_in_order
from tests.racing import write_study

VALUES = {2: [9.0, 9.5, 9.2, 8.8], 4: [5.0, math.inf, 5.1], 8: [5.2, 5.0, 5.3]}


def test_runs_are_in_the_order_in_which_every_width_gets_them_and_a_diverged_one_is_infinitely_far(tmp_path):
    study = write_study(tmp_path, VALUES)
    assert values_in_order(study) == VALUES
    assert costs(study) == {2: 200.0, 4: 400.0, 8: 800.0}  # trained numbers


def test_the_recommendation_of_a_study_is_that_of_its_runs_with_those_that_diverged(tmp_path):
    study = write_study(tmp_path, VALUES | {16: [math.inf] * 3})
    found, expected = study.recommend(), overgan.recommend(VALUES | {16: [math.inf] * 3})
    assert (found.width, found.not_excluded, found.value) == (expected.width, expected.not_excluded, expected.value)
    assert found.diverged == {4: 1, 16: 3}
    assert set(study.gaps()) == set()  # of runs that came through
    assert len(study.final()) == 4 + 2 + 3


def test_added_seeds_come_after_those_of_the_spec(tmp_path):
    study = write_study(tmp_path, VALUES)
    study.spec = study.spec.model_copy(update={"seeds": [1, 3]})  # then 0 and 2
    assert values_in_order(study)[2] == [9.5, 8.8, 9.0, 9.2]


def test_runs_that_lack_a_distance_take_none_from_others(tmp_path):
    study = write_study(tmp_path, VALUES)
    rows = study.group(2) / "evaluations.jsonl"
    kept = [row for row in rows.read_text().splitlines() if '"seed": 0' not in row and '"seed": 1' not in row]
    rows.write_text("\n".join(kept) + "\n")
    assert values_in_order(study)[2] == [9.2, 8.8]


def test_a_width_that_is_under_way_or_has_only_diverged_runs(tmp_path):
    study = write_study(tmp_path, VALUES | {16: [math.inf] * 3, 32: [1.0]}, unfinished=[32])
    assert values_in_order(study) == VALUES | {16: [math.inf] * 3}


def test_a_distance_that_is_no_number_counts_as_a_diverged_run(tmp_path):
    study = write_study(tmp_path, VALUES)
    rows = study.group(8) / "evaluations.jsonl"
    rows.write_text(rows.read_text().replace('"frechet_test": 5.2', '"frechet_test": null'))
    assert values_in_order(study)[8] == pytest.approx([math.inf, 5.0, 5.3])


def test_of_several_learning_rates_each_width_has_the_runs_of_its_best(tmp_path):
    study = write_study(tmp_path, {4: [5.0, 6.0, 7.0]}, learning_rates=[1e-4, 1e-3])
    index = study.group(4) / "checkpoint.json"
    names = '{"0-constant-0.0001": 1, "1-constant-0.0001": 1, "2-constant-0.001": 1}'
    index.write_text(index.read_text().replace('"diverged": {}', f'"diverged": {names}'))
    rows = study.group(4) / "evaluations.jsonl"
    kept = [row for row in rows.read_text().splitlines() if '"seed": 2' not in row]
    rows.write_text("\n".join(kept) + "\n")
    assert values_in_order(study) == {4: [5.0, 6.0, math.inf]}


def test_whoever_looks_while_added_seeds_become_runs_of_the_group_sees_the_group(tmp_path, monkeypatch, caplog):
    study = write_study(tmp_path, VALUES)
    before = study.group_status(2)
    adding = tmp_path / "k0002" / "adding"
    for kept in ((), ("checkpoint.json",)):  # by the time that progress.json is read
        adding.mkdir()
        index = json.loads((tmp_path / "k0002" / "checkpoint.json").read_text()) | {"seeds": [3]}
        (adding / "checkpoint.json").write_text(json.dumps(index))
        assert not study.group_status(2).complete
        (adding / "progress.json").unlink()
        caplog.clear()
        read = _progress.read_json

        def removed(path, adding=adding, kept=kept, read=read):
            if path.parent == adding and not kept:
                shutil.rmtree(adding)
            return read(path)

        monkeypatch.setattr(_progress, "read_json", removed)
        found = study.group_status(2)
        monkeypatch.setattr(_progress, "read_json", read)
        assert (found == before, bool(caplog.text)) == ((False, True) if kept else (True, False))
        assert adding.exists() == bool(kept)
