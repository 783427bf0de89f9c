"""What `overgan run` and `overgan status` show of a study that decides what to train next."""

import io
import json
import re
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from typer.testing import CliRunner

from overgan.cli import _watch, app
from overgan.cli._opening import print_heading, print_opening
from overgan.cli._rounds import with_rounds
from overgan.study import GroupStatus, load_spec
from overgan.study._opening import Opening
from overgan.study._rounds import read_rounds, write_rounds
from tests.racing import begun, write_study

FIRST = begun({4: 3, 8: 3, 16: 3}, "Every width begins with 3 seeds.")
MORE = begun({4: 3, 8: 5, 16: 6}, "k = 8 and 16 cannot be told apart yet.", "seeds")
WIDER = begun({4: 3, 8: 5, 16: 6, 32: 3}, "k = 16 may still be better.", "wider")
VALUES = {4: [9.0, 9.1, 9.2], 8: [5.0, 5.1, 5.2], 16: [5.1, 5.0, 4.9]}


def group(width, done, total=1000, runs=3, before=0.0):
    return GroupStatus(width, "iteration", done, total, 10.0, "", 0, done == total, runs=runs, before=before)


def test_each_round_is_a_line_with_its_reason_and_what_the_study_has_cost(tmp_path, capsys):
    write_study(tmp_path, VALUES | {32: []}, [FIRST], seconds=1200.0)
    watch = with_rounds(tmp_path, lambda _groups: print("seen"))
    rounds = read_rounds(tmp_path)

    def said():
        watch([])
        return capsys.readouterr().out.splitlines()

    first = "round 1: 3 seeds at k = 4, 8 and 16. Every width begins with 3 seeds."
    cost = "3 core-hours so far; 3 seeds at every width would be about 3."  # 9 runs of a third of an hour
    assert said() == [f"{first} {cost}", "seen"]
    assert said() == ["seen"]
    write_rounds(tmp_path, rounds.model_copy(update={"rounds": [FIRST, MORE, WIDER]}))
    assert said() == [
        "round 2: 3 more seeds at k = 16, 2 at k = 8. k = 8 and 16 cannot be told apart yet. 3 core-hours so far; 6 "
        "seeds at every width would be about 6.",
        "round 3: wider, 3 seeds at k = 32. k = 16 may still be better. 3 core-hours so far; 6 seeds at every "
        "width would be about 8.",
        "seen",
    ]


def test_a_study_that_goes_on_says_its_newest_round_and_what_cannot_be_read_stops_nothing(tmp_path, capsys):
    write_study(tmp_path, VALUES, [FIRST, MORE])
    with_rounds(tmp_path, lambda _groups: None)([])
    assert capsys.readouterr().out.startswith("round 2: ")
    (tmp_path / "rounds.json").write_text("{}")
    with_rounds(tmp_path, lambda _groups: print("seen"))([])
    assert capsys.readouterr().out == "seen\n"


def test_a_study_without_rounds_says_nothing_of_them(tmp_path, capsys):
    write_study(tmp_path, VALUES)
    with_rounds(tmp_path, lambda _groups: print("seen"))([])
    assert capsys.readouterr().out == "seen\n"
    assert "round" not in CliRunner().invoke(app, ["status", str(tmp_path)]).output
    assert json.loads(CliRunner().invoke(app, ["status", str(tmp_path), "--json"]).output)["round"] is None


def test_status_says_the_round_and_why(tmp_path):
    write_study(tmp_path, VALUES, [FIRST, MORE])
    printed = CliRunner().invoke(app, ["status", str(tmp_path)]).output.splitlines()
    said = "round 2: 3 more seeds at k = 16, 2 at k = 8. k = 8 and 16 cannot be told apart yet."
    assert printed[printed.index("9 of 14 runs finished, 0 diverged") + 1] == said
    assert printed[-1].startswith("time left of this round, after which others may come: at most about ")
    found = json.loads(CliRunner().invoke(app, ["status", str(tmp_path), "--json"]).output)
    assert found["round"] == {"number": 2, "move": "seeds", "why": MORE.why}
    assert (found["runs"], found["finished"]) == (14, 9)


def test_the_cost_of_a_run_is_that_of_those_that_were_trained_however_many_are_to_come(tmp_path):
    write_study(tmp_path, VALUES, [begun({4: 3, 8: 300, 16: 3})], seconds=10.0)
    printed = CliRunner().invoke(app, ["recommend", str(tmp_path), "--json"]).output
    assert json.loads(printed)["width"] == 8
    assert json.loads(printed)["cost"]["seconds_per_run"] == 10.0


def test_without_a_terminal_a_width_that_gets_more_runs_is_said_to_be_finished_again(capsys):
    watch = _watch.lines(workers=1, clock=lambda: 0.0)
    narrow = group(4, 1000)
    states = [
        [narrow, group(8, 1000)],
        [narrow, group(8, 200, runs=5, before=10.0)],
        [narrow, group(8, 1000, runs=5)],
        [narrow, group(8, 1000, runs=5), group(16, 0)],
        [narrow, group(8, 1000, runs=5), group(16, 1000)],
        [group(4, 1000, 2000), group(8, 1000, 2000, runs=5)],
        [group(4, 2000, 2000), group(8, 1000, 2000, runs=5)],
    ]
    said = []
    for groups in states:
        watch(groups)
        said.append([line.partition(":")[0] for line in capsys.readouterr().out.splitlines()])
    again = ["k = 4 × 3 runs"]
    assert said == [["k = 4", "k = 8"], [], ["k = 8 × 5 runs"], [], ["k = 16 × 3 runs"], [], again]


def test_on_a_terminal_bars_are_added_and_a_finished_one_goes_back():
    with Progress(console=Console(file=io.StringIO())) as progress:
        watch = _watch.bars(progress, lambda: None, workers=1)

        def shown(*groups):
            watch(list(groups))
            return [(task.description, task.completed, task.total) for task in progress.tasks]

        assert shown(group(4, 1000), group(8, 1000)) == [("k = 4", 1000, 1000), ("k = 8", 1000, 1000), ("in all", 1, 1)]
        (_, *later, in_all) = shown(group(4, 1000), group(8, 200, runs=5, before=10.0), group(16, 0))
        assert later == [("k = 8 × 5 runs", 200, 1000), ("k = 16 × 3 runs", 0, 1000)]
        assert in_all[0] == "in all"
        assert in_all[1] < 1
        done = [group(k, 2000, 2000) for k in (4, 8, 16)]
        assert shown(*done) == [(f"k = {k}", 2000, 2000) for k in (4, 8, 16)] + [("in all", 1, 1)]


def test_before_it_begins_a_study_until_sure_promises_no_number_of_seeds_and_no_time(capsys, monkeypatch):
    monkeypatch.setattr("overgan.study._opening.study_seconds", lambda _spec, _workers: 83.0)
    spec = load_spec("quickstart")
    print_heading(spec, until_sure=True)
    for groups in ([], [group(2, 500)]):
        print_opening(Opening(spec, Path("runs/quickstart"), ["cpu"], 1, 1, groups), until_sure=True)
    said = re.sub(r"\n {10}", " ", capsys.readouterr().out)
    assert said.startswith("quickstart: mlp on digits, 1,000 iterations, 8 widths (k = 2 … 256), until it is sure\n")
    times = [line for line in said.splitlines() if line.startswith("time")]
    assert times == [
        "time      until it is sure, or the budget is spent; the whole grid would take about 1 min 23 s",
        "time      until it is sure, or the budget is spent; what is under way would take about 10 s",
    ]


def test_a_study_whose_budget_is_spent_says_what_it_knows_and_what_more_it_takes(tmp_path, monkeypatch):
    first = FIRST.model_copy(update={"seeds": {4: 3, 8: 3, 16: 4}})  # k = 16 is under way
    study = write_study(tmp_path / "study", VALUES, [first], until=1.0)
    monkeypatch.setattr("overgan.run", lambda *_, **__: study)
    monkeypatch.setattr("overgan.write_report", lambda folder, **_: folder / "report.html")
    words = ["run", "quickstart", "--until-sure", "--budget", "1s", "--out", str(tmp_path / "study"), "--quiet"]
    printed = CliRunner().invoke(app, words).output.splitlines()
    assert printed == [
        f"report: {tmp_path / 'study' / 'report.html'}",
        *study.headlines(),
        "the time is up; the same command, with a new budget or without, goes on",
    ]
    assert printed[1].startswith(
        "No recommendation yet; it takes more seeds; the runs of k = 16 that are not finished yet"
    )


def test_a_study_whose_next_round_would_take_longer_than_the_time_left_says_so(tmp_path, monkeypatch):
    values = {k: [mean, mean + 1, mean - 1] for k, mean in {4: 9.0, 8: 5.0, 16: 5.1}.items()}
    study = write_study(tmp_path, values, [FIRST], seconds=100.0, until=1.0)
    monkeypatch.setattr("overgan.run", lambda *_, **__: study)
    monkeypatch.setattr("overgan.write_report", lambda folder, **_: folder / "report.html")
    *_, last = CliRunner().invoke(app, ["run", "quickstart", "--until-sure", "--quiet"]).output.splitlines()
    assert last == (  # 3 seeds of a width took 300 s, and it gets one or three more
        "the next round takes at least about 1 min 40 s, for which the time left was too short; the same command, with "
        "a longer budget or without, goes on"
    )


def test_a_study_that_is_sure_and_whose_time_is_up_does_not_ask_for_more(tmp_path, monkeypatch):
    values = {k: [mean + 0.01 * (-1) ** s for s in range(12)] for k, mean in {4: 9.0, 8: 5.0, 16: 4.98}.items()}
    study = write_study(tmp_path, values, [begun(dict.fromkeys(values, 12))], until=1.0)
    monkeypatch.setattr("overgan.run", lambda *_, **__: study)
    monkeypatch.setattr("overgan.write_report", lambda folder, **_: folder / "report.html")
    assert "time is up" not in CliRunner().invoke(app, ["run", "quickstart", "--until-sure", "--quiet"]).output


def test_a_study_that_is_sure_says_no_more_than_what_it_found(tmp_path, monkeypatch):
    values = {k: [mean + 0.01 * (-1) ** s for s in range(12)] for k, mean in {4: 9.0, 8: 5.0, 16: 4.98}.items()}
    study = write_study(tmp_path, values, [begun(dict.fromkeys(values, 12))])
    monkeypatch.setattr("overgan.run", lambda *_, **__: study)
    monkeypatch.setattr("overgan.write_report", lambda folder, **_: folder / "report.html")
    report, first, *_, last = (
        CliRunner().invoke(app, ["run", "quickstart", "--until-sure", "--quiet"]).output.splitlines()
    )
    assert report == f"report: {tmp_path / 'report.html'}"
    assert first.startswith("Recommended: k = 8 (at 95% confidence, whenever it was stopped)")
    assert last.startswith("It took 36 seeds and ")
