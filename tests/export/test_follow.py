"""Rows sent to a tracker once each, while the study goes on, goes back, or the process is killed."""

import json
import shutil
from pathlib import Path

import pytest
from filelock import FileLock

import overgan
from overgan.errors import OverganError
from overgan.export import Tracker
from overgan.study import read_rounds
from overgan.study._rounds import write_rounds
from overgan.study.gan import _planner
from tests.export.by_hand import ITERATIONS, SEEDS, WIDTHS, gan_study, go_to, theory_study
from tests.racing import begun, write_study

THERE = {}  # what the tracker has: run -> table of (iteration, name) -> value
LOG = []  # what it was asked for
FAIL = {"after": None}  # writes


class Memory(Tracker):
    """A tracker of one's own, which refuses what it has already."""

    def __init__(self, study, out, of):
        self.place, self.state = f"memory {of}", out / "memory.json"

    def begin(self, run, facts, times):
        LOG.append(("begin", run, times))
        THERE[run] = {}
        assert facts["k"] in WIDTHS

    def write(self, run, times, points):
        LOG.append(("write", run, times))
        if FAIL["after"] is not None:
            FAIL["after"] -= 1
        for iteration, values in points:
            for name, value in values.items():
                assert (iteration, name) not in THERE[run], "twice"
                THERE[run][iteration, name] = value
                if FAIL["after"] == 0:
                    raise FAIL["with"]

    def end(self):
        LOG.append(("end",))


class Beginning(Memory):
    """One that cannot go on with what another process began, and is sure only in the end."""

    goes_on, sure = False, False


@pytest.fixture(autouse=True)
def empty():
    THERE.clear()
    LOG.clear()
    FAIL.update(after=None)


def send(study, tracker=Memory, **options):
    LOG.clear()
    return overgan.export_study(study.folder, f"{__name__}:{tracker.__name__}:place", **options)


def expected(study):
    """Of the frame and the losses, by hand."""
    found = {}
    for _, row in study.frame().iterrows():
        run = found.setdefault(f"k{row.k:04d}/seed-{row.seed}", {})
        for name in ("frechet_train", "frechet_test", "memorized"):
            if name in row and row[name] == row[name]:
                run[row.iteration, f"{row.features}/{name}"] = row[name]
    for _, row in study.losses().iterrows():
        for name in ("wasserstein", "moved_generator", "moved_critic"):
            found[f"k{row.k:04.0f}/seed-{row.seed:.0f}"][row.iteration, name] = row[name]
    return found


def test_all_rows_arrive_once(tmp_path):
    study = gan_study(tmp_path / "study")
    (exported,) = send(study)
    assert exported == (f"{__name__}:Memory", "memory place")
    assert expected(study) == THERE
    assert len(THERE) == len(WIDTHS) * len(SEEDS)
    send(study)
    assert LOG == [("end",)]


def test_only_new_rows_follow(tmp_path):
    study = gan_study(tmp_path / "study", iteration=10)
    send(study)
    go_to(study.folder, 4, ITERATIONS)
    send(study)
    assert expected(study) == THERE
    assert {of[1] for of in LOG[:-1]} == {f"k0004/seed-{seed}" for seed in SEEDS}
    assert "begin" not in {of[0] for of in LOG}


def test_rows_that_no_checkpoint_counts_on_do_not_count(tmp_path):
    study = gan_study(tmp_path / "study", iteration=10)
    with (study.group(2) / "evaluations.jsonl").open("a") as file:
        file.write(json.dumps({"seed": 0, "iteration": 20, "features": "pixels", "frechet_train": 1.0}) + "\n")
    send(study)
    assert not any(iteration == 20 for iteration, _ in THERE["k0002/seed-0"])


def test_a_study_that_went_back_and_on_otherwise_begins_those_runs_anew(tmp_path):
    study = gan_study(tmp_path / "study")
    send(study)
    go_to(study.folder, 2, 10)
    send(study)
    assert [of for of in LOG if of[0] == "begin"] == [("begin", f"k0002/seed-{seed}", 1) for seed in sorted(SEEDS)]
    go_to(study.folder, 2, ITERATIONS, changed=0.25)
    send(study)
    assert expected(study) == THERE
    assert all(times == 2 for what, _, times in LOG[:-1] if what == "begin")


@pytest.mark.parametrize("tracker", [Memory, Beginning])
@pytest.mark.parametrize("after", [1, 2, 4])
def test_what_was_sent_when_a_process_died_is_sent_anew(tmp_path, tracker, after):
    study = gan_study(tmp_path / "study")
    FAIL.update({"after": after, "with": KeyboardInterrupt()})
    with pytest.raises(KeyboardInterrupt):
        send(study, tracker)
    assert LOG[-1] == ("end",)
    FAIL.update(after=None)
    send(study, tracker)
    assert expected(study) == THERE


def test_one_that_cannot_go_on_begins_anew_in_another_process(tmp_path):
    study = gan_study(tmp_path / "study", iteration=10)
    send(study, Beginning)
    go_to(study.folder, 2, ITERATIONS)
    send(study, Beginning)
    assert [of[0] for of in LOG].count("begin") == len(SEEDS)
    assert expected(study) == THERE
    send(study, Beginning)
    assert LOG == [("end",)]


def test_one_that_is_sure_in_the_end_has_what_was_killed_before_it_sent_anew(tmp_path, monkeypatch):
    study = gan_study(tmp_path / "study")
    monkeypatch.setattr(Beginning, "end", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        send(study, Beginning)
    monkeypatch.undo()
    send(study, Beginning)
    assert [of[0] for of in LOG].count("begin") == len(WIDTHS) * len(SEEDS)


def stepping(monkeypatch, *steps):
    """While the follower waits, these are done; then nothing may be left to wait for."""
    left = list(steps)
    monkeypatch.setattr("overgan.export._follow.time.sleep", lambda _: left.pop(0)())
    return left


@pytest.mark.parametrize("tracker", [Memory, Beginning])
def test_following_ends_when_the_study_is_finished(tmp_path, monkeypatch, tracker):
    study = gan_study(tmp_path / "study", iteration=10)
    left = stepping(
        monkeypatch,
        lambda: go_to(study.folder, 4, ITERATIONS),
        lambda: None,
        lambda: go_to(study.folder, 2, ITERATIONS),
    )
    send(study, tracker, follow=True)
    assert not left
    assert expected(study) == THERE
    assert [of[0] for of in LOG].count("begin") == len(WIDTHS) * len(SEEDS)


def test_following_goes_on_between_two_rounds_and_ends_with_the_last(tmp_path, monkeypatch):
    more = begun({2: 4, 4: 3}, move="seeds")
    monkeypatch.setattr(_planner, "next_round", lambda *_: more)
    study = write_study(tmp_path / "study", {2: [9.0, 4.0, 6.5], 4: [6.2, 3.0, 4.4]}, [begun({2: 3, 4: 3})])
    left = stepping(monkeypatch, lambda: monkeypatch.setattr(_planner, "next_round", lambda *_: None))
    send(study, follow=True)
    assert not left
    monkeypatch.setattr(_planner, "next_round", lambda *_: more)
    write_rounds(study.folder, read_rounds(study.folder).model_copy(update={"until": 1.0}))
    send(study, follow=True)


def test_widths_that_are_added_meanwhile_are_followed(tmp_path, monkeypatch):
    study = gan_study(tmp_path / "study", iteration=10)
    whole = gan_study(tmp_path / "whole")
    shutil.move(study.group(4), tmp_path / "later")
    description = json.loads((study.folder / "study.json").read_text())
    description.pop("checksum")
    description["spec"]["widths"] = [2]
    content = (study.folder / "study.json").read_bytes()
    (study.folder / "study.json").write_text(json.dumps(description))

    def add():
        (study.folder / "study.json").write_bytes(content)
        for k in WIDTHS:
            shutil.copytree(whole.group(k), study.group(k), dirs_exist_ok=True)
            (study.group(k) / "checkpoint-00000010.safetensors").unlink(missing_ok=True)

    stepping(monkeypatch, lambda: None, add)
    send(study, follow=True)
    assert expected(whole) == THERE


def test_interrupted_following_is_clean_and_goes_on(tmp_path, monkeypatch):
    study = gan_study(tmp_path / "study", iteration=10)

    def interrupt():
        raise KeyboardInterrupt

    stepping(monkeypatch, interrupt)
    with pytest.raises(KeyboardInterrupt):
        send(study, follow=True)
    assert LOG[-1] == ("end",)
    for k in WIDTHS:
        go_to(study.folder, k, ITERATIONS)
    send(study, follow=True)
    assert "begin" not in {of[0] for of in LOG}
    assert expected(study) == THERE


def test_a_tool_that_fails_is_one_line_or_tried_again(tmp_path, monkeypatch, caplog):
    study = gan_study(tmp_path / "study", iteration=10)
    FAIL.update({"after": 3, "with": ConnectionError("no\nserver")})
    with pytest.raises(OverganError, match=r"memory place takes no rows \(ConnectionError: no server\); mend that"):
        send(study)
    FAIL.update(after=2)

    def finish():
        for k in WIDTHS:
            go_to(study.folder, k, ITERATIONS)

    stepping(monkeypatch, finish)
    send(study, follow=True)
    assert "memory place takes no rows (ConnectionError: no server); it is tried again" in caplog.text
    assert expected(study) == THERE


def test_following_needs_something_that_takes_rows(tmp_path):
    study = gan_study(tmp_path / "study")
    with pytest.raises(OverganError, match="follow is for what takes rows as they come: tensorboard, mlflow and wandb"):
        overgan.export_study(study.folder, "csv", follow=True)


def test_rows_of_another_study_are_not_mixed_in(tmp_path):
    one, two = gan_study(tmp_path / "one"), gan_study(tmp_path / "two")
    send(one, out=tmp_path / "out")
    with pytest.raises(OverganError, match=r"memory place has 6 runs of another study, .*one; name another place"):
        send(two, out=tmp_path / "out")


def test_a_study_is_known_however_its_folder_is_named_and_where_it_is_moved_with_its_exports(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    study = gan_study(tmp_path / "study")
    overgan.export_study("study", f"{__name__}:Memory:place")
    send(study)
    assert LOG == [("end",)]
    shutil.move("study", "moved")
    send(overgan.load("moved"))
    assert LOG == [("end",)]


def test_a_copy_of_a_study_is_another_until_the_original_is_gone(tmp_path):
    one = gan_study(tmp_path / "one", iteration=10)
    send(one)
    two = overgan.load(shutil.copytree(one.folder, tmp_path / "two"))
    with pytest.raises(OverganError, match=rf"memory place has 6 runs of another study, {one.folder}; name another"):
        send(two)
    assert LOG == []
    shutil.move(one.folder, tmp_path / "kept")
    send(gan_study(tmp_path / "one", iteration=10))  # one that has nothing to do with it
    send(overgan.load(tmp_path / "kept"))
    assert LOG == [("end",)]


def test_what_older_exports_sent_is_known(tmp_path, monkeypatch):
    """They took the place as it was typed for what the study is called there."""
    monkeypatch.chdir(tmp_path)
    study = gan_study(Path("study"), iteration=10)
    send(study)
    path = study.folder / "export/memory.json"
    state = json.loads(path.read_text())
    assert len(state.pop("id")) == 16
    state.pop("checksum")
    path.write_text(json.dumps(state | {"study": "study"}))
    go_to(study.folder, 4, ITERATIONS)
    overgan.export_study(tmp_path / "study", f"{__name__}:Memory:place")
    assert "begin" not in {of[0] for of in LOG[-4:]}
    assert json.loads(path.read_text())["id"] == "study"
    monkeypatch.chdir("/")
    send(overgan.load(tmp_path / "study"))
    assert LOG == [("end",)]


def test_two_processes_do_not_send_the_same(tmp_path):
    study = gan_study(tmp_path / "study")
    (study.folder / "export").mkdir()
    with (
        FileLock(study.folder / "export/memory.lock"),
        pytest.raises(OverganError, match="another process sends rows to memory place; end that first"),
    ):
        send(study)
    send(study)
    assert expected(study) == THERE


def test_a_place_that_cannot_be_written_is_one_line(tmp_path):
    study = gan_study(tmp_path / "study")
    (tmp_path / "file").write_text("")
    with pytest.raises(OverganError, match=r"file/out cannot be written .*name another folder"):
        send(study, out=tmp_path / "file/out")


@pytest.mark.parametrize("content", ["{", '{"runs": 1}'])
def test_a_damaged_state_is_one_line(tmp_path, content):
    study = gan_study(tmp_path / "study")
    send(study)
    (study.folder / "export/memory.json").write_text(content)
    with pytest.raises(OverganError, match=r"memory\.json is (damaged|not overgan's).*remove it"):
        send(study)


def test_a_study_is_only_read(tmp_path):
    study = gan_study(tmp_path / "study", iteration=10)
    files = {path: path.read_bytes() for path in study.folder.rglob("*") if path.is_file()}
    for path in study.folder.rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    send(study, out=tmp_path / "out")
    overgan.export_study(study.folder, ["csv", "generator"], tmp_path / "out", width=2)
    assert files == {path: path.read_bytes() for path in study.folder.rglob("*") if path.is_file()}
    for path in study.folder.rglob("*"):
        path.chmod(0o755)


def test_runs_of_a_theory_study_have_one_point_each(tmp_path, monkeypatch):
    study = theory_study(tmp_path / "study")
    monkeypatch.setattr(Memory, "begin", lambda _self, run, _facts, _times: THERE.setdefault(run, {}))
    send(study)
    assert set(THERE) == {f"k{k:04d}/seed-{seed}" for k in WIDTHS for seed in (0, 1)}
    frame = study.frame()
    row = frame[(frame.k == 4) & (frame.seed == 1)].iloc[0]
    assert THERE["k0004/seed-1"][0, "GDA/mse"] == row.mse
    assert THERE["k0004/seed-1"][0, "GDA/converged"] == 1.0


def test_several_learning_rates_are_several_runs(tmp_path):
    study = gan_study(tmp_path / "study", learning_rates=[1e-3, 1e-2])
    for k in WIDTHS:
        path: Path = study.group(k) / "evaluations.jsonl"
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        many = [
            row | {"learning_rate_rule": "constant", "learning_rate": rate} for rate in (1e-3, 1e-2) for row in rows
        ]
        path.write_text("".join(json.dumps(row) + "\n" for row in many))
        index = json.loads((study.group(k) / "checkpoint.json").read_text())
        index.pop("checksum")
        (study.group(k) / "checkpoint.json").write_text(json.dumps(index | {"rows": {}}))
    send(study)
    assert {"k0002/seed-0-constant-0.001", "k0002/seed-0-constant-0.01"} <= set(THERE)
