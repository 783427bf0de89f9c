"""What `overgan run` and `overgan status` show of a study that decides what to train next."""

import io
import json

from rich.console import Console
from rich.progress import Progress
from typer.testing import CliRunner

from overgan.cli import _watch, app
from overgan.cli._rounds import with_rounds
from overgan.study import GroupStatus
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
    cost = "3 core-hours so far; 3 seeds at every width would be 3."  # 9 runs of a third of an hour
    assert said() == [f"{first} {cost}", "seen"]
    assert said() == ["seen"]
    write_rounds(tmp_path, rounds.model_copy(update={"rounds": [FIRST, MORE, WIDER]}))
    assert said() == [
        "round 2: 3 more seeds at k = 16, 2 at k = 8. k = 8 and 16 cannot be told apart yet. 3 core-hours so far; 6 "
        "seeds at every width would be 6.",
        "round 3: wider, 3 seeds at k = 32. k = 16 may still be better. 3 core-hours so far; 6 seeds at every "
        "width would be 8.",
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
    assert printed[printed.index("3 of 14 runs finished, 0 diverged") + 1] == said  # k = 4 has its runs
    found = json.loads(CliRunner().invoke(app, ["status", str(tmp_path), "--json"]).output)
    assert found["round"] == {"number": 2, "move": "seeds", "why": MORE.why}
    assert (found["runs"], found["finished"]) == (14, 3)


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
