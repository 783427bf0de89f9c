"""Costly widths that have fewer seeds than the others."""

import json

import pandas as pd
import pytest
import torch

import overgan
from overgan.errors import OverganError
from overgan.report import write_report
from overgan.study import KINDS, load_spec, spec_yaml
from overgan.study.gan._work import facts
from tests.study.test_runner import HERE

SMALL = {
    "name": "small",
    "data": {"name": "digits"},
    "model": {"name": "mlp", "latent": 5},
    "widths": [2, 4],
    "seeds": [0, 1, 2],
    "fewer_seeds": {4: 2},
    "train": {"iterations": 4, "evaluate_every": 2, "log_every": 2, "batch": 8},
    "evaluate": {"features": ["pixels"], "draws": 0, "samples": 20},
}


def run(folder, **changes):
    return overgan.run(SMALL | changes, folder, **HERE, threads=1)


def test_a_spec_says_how_many_and_survives_yaml_and_json(tmp_path):
    spec = load_spec(SMALL)
    assert [spec.seeds_at(k) for k in (2, 4, 8)] == [3, 2, 3]
    assert spec.of_a_width == "2 to 3 seeds"
    (tmp_path / "spec.yaml").write_text(spec_yaml(spec))
    assert load_spec(tmp_path / "spec.yaml") == spec
    assert load_spec(json.loads(spec.model_dump_json())) == spec
    assert load_spec(SMALL, ["fewer_seeds={2: 1}"]).fewer_seeds == {2: 1, 4: 2}
    assert load_spec(SMALL, ["fewer_seeds=null"]).of_a_width == "3 seeds"
    assert load_spec(SMALL, ["seeds=[0]"]).of_a_width == "1 seed"  # at most as many as there are


@pytest.mark.parametrize(
    ("given", "message"), [("3", "should be an object"), ("{x: 3}", "valid integer"), ("{4: 0}", "1")]
)
def test_what_is_no_number_of_seeds_is_one_line(given, message):
    with pytest.raises(OverganError, match=f"fewer_seeds.*{message}"):
        load_spec("quickstart", [f"fewer_seeds={given}"])


def test_a_plan_has_less_to_do_and_to_keep():
    fewer, every = load_spec(SMALL), load_spec(SMALL, ["fewer_seeds=null"])
    cost = KINDS["gan"].cost
    less, more = cost.paces(fewer, 1), cost.paces(every, 1)
    assert {*less[4]} == {*more[4]}
    assert cost.storage(fewer)["rows"] * 6 == cost.storage(every)["rows"] * 5


def test_a_costly_width_needs_memory_for_its_own_seeds_alone(monkeypatch):
    asked = {}
    monkeypatch.setattr("overgan.study.gan._work.check_memory", lambda size, _key, width: asked.update({width: size}))
    facts(load_spec(SMALL))
    fewer = asked[4]
    facts(load_spec(SMALL, ["fewer_seeds=null"]))
    assert fewer * 3 == asked[4] * 2


@pytest.mark.slow
def test_seeds_that_come_next_are_the_smallest_ones_where_others_were_first(tmp_path):
    first = run(tmp_path / "study", seeds=[3, 4], fewer_seeds=None).frame()
    with pytest.raises(OverganError, match=r"holds a study with seeds=\[3, 4\], now it is \[3, 4, 1\]"):
        run(tmp_path / "study", seeds=[1, 3, 4], fewer_seeds=None)
    assert run(tmp_path / "study", seeds=[4, 3], fewer_seeds=None).spec.seeds == [3, 4]  # in the order that it has
    study = run(tmp_path / "study", seeds=[0, 4, 3], fewer_seeds=None)
    assert study.spec.seeds == [3, 4, 0]
    alone = run(tmp_path / "alone", seeds=[0], fewer_seeds=None).frame()
    columns = ["k", "seed", "iteration"]
    expected = pd.concat([first, alone]).sort_values(columns).reset_index(drop=True)
    found = study.frame().sort_values(columns).reset_index(drop=True)
    pd.testing.assert_frame_equal(found, expected, rtol=1e-3)  # up to rounding
    latents = torch.zeros(1, 5)
    of_zero = overgan.load(tmp_path / "alone").generator(4, 0)(latents)
    torch.testing.assert_close(study.generator(4, 0)(latents), of_zero, rtol=1e-3, atol=1e-4)


@pytest.mark.slow
def test_a_study_trains_them_and_adds_the_others_when_asked(tmp_path):
    study = run(tmp_path / "study")
    assert study.frame().groupby("k").seed.nunique().to_dict() == {2: 3, 4: 2}
    assert [study.runs(k) for k in (2, 4)] == [3, 2]
    assert study.group_status(4).finished == 2
    page = write_report(study.folder, figures=False).read_text()
    assert "2 widths, 2 to 3 seeds each" in page
    whole = run(tmp_path / "study", fewer_seeds=None)
    assert whole.frame().groupby("k").seed.nunique().to_dict() == {2: 3, 4: 3}
    with pytest.raises(OverganError, match=r"holds a study with fewer_seeds=None, now it is {'4': 2}"):
        run(tmp_path / "study")
    at_once = run(tmp_path / "at-once", fewer_seeds=None)
    columns = ["k", "seed", "iteration"]
    frames = [of.frame().sort_values(columns).reset_index(drop=True) for of in (whole, at_once)]
    pd.testing.assert_frame_equal(*frames, rtol=1e-3)  # up to rounding
