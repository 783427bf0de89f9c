"""Large studies: their files are read once, their status without PyTorch, and their figures stay legible."""

import shutil
import subprocess
import sys

import pandas as pd
import pytest

import overgan
from overgan.disk import append_jsonl, read_jsonl
from overgan.metrics import METRICS, frechet_label
from overgan.report import _write
from overgan.report._plot import MAX_CURVES, each_width, of_widths
from overgan.study import read_status


def test_rows_are_read_again_only_once_a_file_has_changed(small_study, tmp_path, monkeypatch):
    study = overgan.load(shutil.copytree(small_study / "study", tmp_path / "study"))
    read = []
    whole = type(study)._group_rows
    monkeypatch.setattr(type(study), "_group_rows", lambda *about: read.append(about[1:]) or whole(*about))
    before = study.frame()
    before.loc[:, "frechet_test"] = 0.0  # the caller's own
    again = study.frame()
    assert len(read) == len(set(read))
    assert (again.frechet_test > 0).all()
    read.clear()
    path = study.group(4) / "evaluations.jsonl"
    append_jsonl(path, read_jsonl(path)[:1])
    assert len(study.frame()) == len(again)  # a row without a checkpoint that counts on it
    assert (4, "evaluations.jsonl") in read
    read.clear()
    (study.group(4) / "checkpoint.json").unlink()
    assert len(study.frame()) == len(again) - 2  # those of the last iteration, which the checkpoint before has not
    assert (4, "evaluations.jsonl") in read


def test_of_many_widths_twelve_have_curves_and_the_title_says_so():
    frame = pd.DataFrame({"k": range(1, 61), "value": 0.0})
    names = [name for name, _, _ in each_width(frame)]
    assert (len(names), names[0], names[-1]) == (MAX_CURVES, "1", "60")
    assert of_widths(frame) == " (12 of 60 widths)"
    few = frame[frame.k <= MAX_CURVES]
    assert len(each_width(few)) == MAX_CURVES
    assert of_widths(few) == ""


@pytest.mark.parametrize("features", ["inception", "classifier"])
def test_the_deciding_distance_has_the_name_that_its_metric_gives_it(features):
    metric = METRICS["frechet"]
    assert frechet_label(features) == metric.heading(metric.columns[0], features)


def test_the_status_of_a_gan_study_is_read_without_pytorch_pandas_and_scipy(small_study):
    code = (
        "import sys\nfrom overgan.study import read_status\n_, groups = read_status(sys.argv[1])\n"
        "assert all(group.complete and group.value for group in groups)\n"
        "assert not sys.modules.keys() & {'torch', 'pandas', 'scipy', 'matplotlib'}"
    )
    subprocess.run([sys.executable, "-c", code, small_study / "study"], check=True)
    assert read_status(small_study / "study")[1] == overgan.load(small_study / "study").status()


def test_a_report_does_not_bring_a_folder_back_that_was_removed_while_it_was_made(small_study, tmp_path, monkeypatch):
    folder = shutil.copytree(small_study / "study", tmp_path / "study")
    made = _write.report_content
    monkeypatch.setattr(_write, "report_content", lambda study: (made(study), shutil.rmtree(folder))[0])
    for figures in (False, True):
        with pytest.raises(overgan.OverganError, match="cannot be written"):
            overgan.write_report(folder, figures=figures)
        assert not folder.exists()
        shutil.copytree(small_study / "study", folder)
