"""Large studies: their files are read once, and their figures stay legible."""

import pandas as pd

import overgan
from overgan.disk import append_jsonl
from overgan.report._plot import MAX_CURVES, each_width, of_widths


def test_rows_are_read_again_only_once_a_file_has_changed(small_study, monkeypatch):
    study = overgan.load(small_study / "study")
    read = []
    whole = type(study)._group_rows
    monkeypatch.setattr(type(study), "_group_rows", lambda *about: read.append(about[1:]) or whole(*about))
    before = study.frame()
    before.loc[:, "frechet_test"] = 0.0  # the caller's own
    again = study.frame()
    assert len(read) == len(set(read))
    assert (again.frechet_test > 0).all()
    read.clear()
    append_jsonl(study.group(4) / "evaluations.jsonl", [again.iloc[0].drop("k").to_dict()])
    assert len(study.frame()) == len(again) + 1
    assert (4, "evaluations.jsonl") in read


def test_of_many_widths_twelve_have_curves_and_the_title_says_so():
    frame = pd.DataFrame({"k": range(1, 61), "value": 0.0})
    names = [name for name, _, _ in each_width(frame)]
    assert (len(names), names[0], names[-1]) == (MAX_CURVES, "1", "60")
    assert of_widths(frame) == ", 12 of 60 widths"
    few = frame[frame.k <= MAX_CURVES]
    assert len(each_width(few)) == MAX_CURVES
    assert of_widths(few) == ""
