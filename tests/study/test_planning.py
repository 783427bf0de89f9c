"""The next round of a study, which several processes may want to plan at once."""

import math
import shutil
import time
from functools import partial

import pytest

import overgan
from overgan.errors import OverganError
from overgan.study import _finish, load, read_rounds, write_description
from overgan.study._planning import _threads, advance, next_seconds
from overgan.study._rounds import Round, Rounds, on_machine, write_rounds
from overgan.study.execute import Job
from overgan.study.gan import _planner
from tests.forked import Forked
from tests.racing import begun, write_study

VALUES = {2: [9.0, 4.0, 6.5], 4: [6.2, 3.0, 4.4], 8: [3.1, 5.9, 4.6]}
ENDS = ["work", "wait", "end"]


def undecided(folder):
    """A study whose first round is done, after which seeds are wanted."""
    return write_study(folder, VALUES, [begun({2: 3, 4: 3, 8: 3})]).folder


def test_of_processes_that_plan_at_once_one_writes_the_round(tmp_path, monkeypatch):
    folder, plan = undecided(tmp_path / "study"), _planner.next_round
    assert advance(shutil.copytree(folder, tmp_path / "alone")) == "work"

    def slowly(*given):
        with (tmp_path / "planned").open("a") as told:
            told.write("x")
        time.sleep(0.3)
        return plan(*given)

    monkeypatch.setattr(_planner, "next_round", slowly)
    processes = [Forked(lambda: ENDS.index(advance(folder))) for _ in range(4)]
    assert sorted(process.wait() for process in processes) == [0, 1, 1, 1]
    assert (tmp_path / "planned").read_text() == "x"
    rounds = read_rounds(folder)
    assert [of.move for of in rounds.rounds] == ["begin", "seeds"]
    assert rounds == read_rounds(tmp_path / "alone")
    assert advance(folder) == "wait"  # until its runs are finished


def test_a_plan_that_is_killed_on_its_way_is_made_again(tmp_path, monkeypatch):
    """Between rounds.json and study.json, which a longer round changes, too."""
    longer = begun({2: 3, 4: 3, 8: 3}, move="longer").model_copy(update={"iterations": 2000})
    folder = undecided(tmp_path / "study")
    monkeypatch.setattr(_planner, "next_round", lambda *_: longer)
    whole = shutil.copytree(folder, tmp_path / "whole")
    assert advance(whole) == "work"

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("overgan.study._planning.write_description", killed)
        ended = Forked(partial(advance, folder)).wait()
    assert ended != 0
    assert len(read_rounds(folder).rounds) == 2
    assert advance(folder) == "wait"
    for name in ("rounds.json", "study.json"):
        assert (folder / name).read_bytes() == (whole / name).read_bytes()


def test_where_all_runs_diverge_no_wider_network_is_tried(tmp_path):
    """At a learning rate that is too high it would diverge, too, and so on without an end."""
    lost = [math.inf] * 6
    folder = write_study(tmp_path / "study", {2: lost, 4: lost, 8: lost[:3]}, [begun({2: 6, 4: 6, 8: 3})]).folder
    assert advance(folder) == "end"
    folder = write_study(tmp_path / "few", dict.fromkeys([2, 4, 8], lost[:3]), [begun({2: 3, 4: 3, 8: 3})]).folder
    assert advance(folder) == "work"
    why = "All runs of k = 2 diverged, but these are too few to say that most would."
    assert (read_rounds(folder).newest.move, read_rounds(folder).newest.why) == ("seeds", why)


def test_a_run_does_not_undo_what_a_job_has_planned_meanwhile(small_spec, tmp_path):
    """Jobs of a cluster go on while the command that submits what is left reads the images."""
    folder, how = tmp_path / "study", {"executor": "tests.study.sleeper:Submitted", "until_sure": True}
    overgan.run(small_spec, folder, **how)
    first = read_rounds(folder)
    more = first.newest.model_copy(update={"move": "longer", "iterations": 120})
    planned = first.model_copy(update={"rounds": [first.newest, more]})
    with pytest.raises(OverganError, match="went on to another round a moment ago; start this one again"):
        overgan.run(small_spec, folder, **how, opened=lambda _: write_rounds(folder, planned))
    assert read_rounds(folder) == planned
    assert overgan.run(small_spec, folder, **how).spec.train.iterations == 120
    assert read_rounds(folder) == planned


def test_when_what_is_left_of_the_time_is_too_short_for_the_next_round_it_is_up(tmp_path):
    for budget, seconds, ends in ((3600.0, 1.0, "work"), (3600.0, 1e6, "end")):
        first, until = begun({2: 3, 4: 3, 8: 3}), time.time() + budget
        folder = write_study(tmp_path / ends, VALUES, [first], seconds=seconds, until=until).folder
        assert advance(folder) == ends
        assert (read_rounds(folder).is_over, len(read_rounds(folder).rounds)) == (
            (False, 2) if ends == "work" else (True, 1)
        )


def test_a_round_takes_less_where_its_workers_have_the_threads_of_others(tmp_path, monkeypatch):
    study = write_study(tmp_path, VALUES, [begun({2: 3, 4: 3, 8: 3})])
    monkeypatch.setattr(_planner, "next_round", lambda *_: begun({2: 3, 4: 3, 8: 6}, move="seeds"))
    usual = next_seconds(tmp_path)
    machine = study.description.machine | {"workers": 8, "threads": 2, "executor": "local", "devices": ["cpu"]}
    write_description(tmp_path, study.description.model_copy(update={"machine": machine}))
    assert next_seconds(tmp_path) == pytest.approx(usual / 8)  # of 16 threads, not of 2


def test_who_goes_on_with_other_resources_has_the_threads_that_are_asked_for():
    shared = begun({2: 3}).model_copy(update={"threads": 16})
    rounds = Rounds(planner="sure", confidence=0.9, rounds=[begun({2: 2}), shared])
    machine = {"workers": 8, "threads": 2, "executor": "local", "devices": ["cpu"], "processor": "one"}
    assert on_machine(rounds, machine, machine | {"processor": "same kind"}) == rounds
    for other in ({"workers": 2}, {"threads": 1}, {"executor": "slurm"}, {"devices": ["cuda"]}):
        found = on_machine(rounds, machine, machine | other)
        assert found.newest == shared.model_copy(update={"threads": None})
        assert found.rounds[0] == rounds.rounds[0]


def test_a_run_waits_while_another_process_plans(tmp_path, monkeypatch):
    folder, asked = undecided(tmp_path / "study"), []

    def other(given):
        asked.append(given)
        return "wait" if len(asked) < 3 else advance(given)

    monkeypatch.setattr(_finish, "advance", other)
    monkeypatch.setattr(_finish, "POLL_SECONDS", 0)
    assert _finish._left(folder)
    assert len(asked) == 3


def test_who_looks_between_the_two_files_of_a_round_sees_all_of_it_later(tmp_path, monkeypatch):
    study = write_study(tmp_path, VALUES, [begun({2: 3, 4: 3, 8: 3})])
    longer = begun({2: 3, 4: 3, 8: 3, 16: 3}, move="wider").model_copy(update={"iterations": 2000})
    rounds, seen = read_rounds(tmp_path), []

    class Steps:
        def __init__(self):
            self.steps = iter(
                [
                    lambda: write_rounds(tmp_path, rounds.model_copy(update={"rounds": [*rounds.rounds, longer]})),
                    lambda: write_description(tmp_path, _planner.described(study.description, longer)),
                ]
            )

        def start(self, _job):
            pass

        def working(self):
            step = next(self.steps, None)
            return step is not None and [step()] == [None]

        def stop(self):
            pass

    monkeypatch.setattr(_finish, "POLL_SECONDS", 0)
    job = Job(tmp_path, str(tmp_path), 1, ["cpu"], 1)
    _finish._finish(Steps(), job, lambda groups: seen.append([(of.width, of.total) for of in groups]), lambda _: None)
    assert seen[-1] == [(2, 2000), (4, 2000), (8, 2000), (16, 2000)]


def test_rounds_that_a_run_left_before_it_was_a_study_are_not_those_of_another(small_spec, tmp_path):
    how, others = {"executor": "tests.study.sleeper:Submitted"}, {"planner": "sure", "confidence": 0.9}
    left = Rounds(**others, rounds=[begun({64: 3, 128: 3})])
    for until_sure in (False, True):
        folder = tmp_path / str(until_sure)
        folder.mkdir()
        write_rounds(folder, left)
        overgan.run(small_spec, folder, until_sure=until_sure, **how)
        assert load(folder).spec.widths == [2, 4, 8]
        found = read_rounds(folder)
        assert found is None or [*found.newest.seeds] == [2, 4, 8]
        assert (found is not None) == until_sure


def test_runs_that_whoever_started_the_study_made_longer_are_judged_anew_too():
    lengths = (1000, 1000, 2000, 2000, 4000)
    moves = ("begin", "seeds", "begin", "seeds", "longer")
    rounds = [
        begun({2: 3, 4: 3}, move=move).model_copy(update={"iterations": n})
        for move, n in zip(moves, lengths, strict=True)
    ]
    assert Rounds(planner="sure", confidence=0.95, rounds=rounds).longer == 2


def test_the_command_that_makes_a_study_again_has_its_confidence(small_spec, tmp_path):
    for confidence, ends in ((None, " --until-sure"), (0.9, " --until-sure --confidence 0.9")):
        how = {"executor": "tests.study.sleeper:Submitted", "confidence": confidence, "budget": "1h"}
        study = overgan.run(small_spec, tmp_path / "study", until_sure=True, **how)
        assert study.description.command.endswith(f"study{ends}")


def test_workers_without_work_leave_their_threads_to_others_on_this_machine_alone():
    of = {"seeds": {2: 3, 4: 3, 8: 3}, "iterations": 60, "why": "."}
    before = Round(move="begin", **of)
    one, two, longer = (
        Round(move="seeds", **of | {"seeds": {2: 3, 4: 3, 8: 5}}),
        Round(move="seeds", **of | {"seeds": {2: 3, 4: 5, 8: 5}}),
        Round(move="longer", **of | {"iterations": 120}),
    )
    here = {"workers": 5, "threads": 2, "devices": ["cpu"], "executor": "local"}
    assert [_threads(here, before, following) for following in (one, two, longer)] == [10, 4, None]
    for elsewhere in ({"executor": "ray"}, {"devices": ["cuda:0"]}, {"workers": 1}):
        assert _threads(here | elsewhere, before, one) is None
