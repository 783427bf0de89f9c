"""The tools themselves, and what they read of what was sent to them."""

import json
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import ModuleType
from unittest.mock import MagicMock

import pytest
from typer.testing import CliRunner

import overgan
from overgan.cli import app
from overgan.errors import OverganError
from tests.export.by_hand import ITERATIONS, SEEDS, WIDTHS, gan_study, go_to
from tests.export.test_follow import expected


def of_tensorboard(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = {}
    for run in folder.glob("k*/seed-*"):
        events = EventAccumulator(str(run), size_guidance={"scalars": 0}).Reload()
        rows = [((of.step, name), of.value) for name in events.Tags()["scalars"] for of in events.Scalars(name)]
        assert len(rows) == len(dict(rows)), "twice"
        found[run.relative_to(folder).as_posix()] = dict(rows)
    return found


def close(found, study):
    rows = expected(study)
    assert found.keys() == rows.keys()
    for run, values in rows.items():
        assert found[run] == pytest.approx(values, rel=1e-6)  # TensorBoard has 32 bits of a number
    return True


def test_tensorboard_reads_each_row_once_however_often_it_is_exported(tmp_path):
    study = gan_study(tmp_path / "study", iteration=10)
    out = study.folder / "export/tensorboard"
    (exported,) = overgan.export_study(study.folder, "tensorboard")
    assert exported == ("tensorboard", str(out))
    assert close(of_tensorboard(out), study)
    go_to(study.folder, 4, ITERATIONS)
    for _ in range(2):
        overgan.export_study(study.folder, "tensorboard")
        assert close(of_tensorboard(out), study)
    copy = shutil.copytree(study.folder, tmp_path / "copy")  # with its rows
    for folder in (study.folder, copy):
        go_to(folder, 4, ITERATIONS, changed=0.5)
        overgan.export_study(folder, "tensorboard")
        assert close(of_tensorboard(folder / "export/tensorboard"), overgan.load(folder))


def test_tensorboard_keeps_files_of_others_and_names_its_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    gan_study(tmp_path / "study")
    others = tmp_path / "logs/k0002/seed-0/events.out.tfevents.1.other"
    others.parent.mkdir(parents=True)
    others.write_bytes(b"")
    result = CliRunner().invoke(app, ["export", "study", "--to", "csv,tensorboard:logs"], catch_exceptions=False)
    assert result.output.splitlines()[-1] == f"tensorboard: {tmp_path / 'logs'}"
    assert others.exists()
    other = gan_study(tmp_path / "another")
    with pytest.raises(OverganError, match="logs has 6 runs of another study"):
        overgan.export_study(other.folder, "tensorboard:logs")


def test_the_database_of_mlflow_that_is_moved_with_its_study_is_gone_on_with(tmp_path, monkeypatch):
    for name in ("mlflow.tracking", "mlflow.entities", "sqlalchemy", "alembic"):
        monkeypatch.setitem(sys.modules, name, MagicMock())
    client = sys.modules["mlflow.tracking"].MlflowClient.return_value
    client.get_experiment_by_name.return_value.experiment_id = "7"
    client.create_run.return_value.info.run_id = "run"
    client.search_runs.return_value = []
    monkeypatch.chdir(tmp_path)
    gan_study(Path("study"))
    overgan.export_study("study", "mlflow")
    begun = client.create_run.call_count
    assert begun == len(WIDTHS) * len(SEEDS)
    shutil.copytree("study", "copy")  # with its database
    shutil.move("study", "moved")
    monkeypatch.chdir(tmp_path / "moved")
    for folder in (".", tmp_path / "moved", tmp_path / "copy"):
        overgan.export_study(folder, "mlflow")
    assert client.create_run.call_count == begun


def test_two_places_of_one_tool_are_refused_and_one_that_is_named_twice_is_one(tmp_path):
    study = gan_study(tmp_path / "study")
    with pytest.raises(OverganError, match="to names two places of tensorboard; export to one after the other"):
        overgan.export_study(study.folder, [f"tensorboard:{tmp_path / 'a'}", f"tensorboard:{tmp_path / 'b'}"])
    assert not (tmp_path / "b").exists()
    assert len(overgan.export_study(study.folder, [f"tensorboard:{tmp_path / 'a'}"] * 2)) == 1


@pytest.mark.parametrize("tool", ["tensorboard", "mlflow", "wandb"])
def test_without_its_package_it_is_one_line(tmp_path, monkeypatch, tool):
    for name in [*sys.modules]:
        if name.partition(".")[0] == tool:
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, tool, None)
    study = gan_study(tmp_path / "study")
    with pytest.raises(
        OverganError, match=rf'needs the package {tool}; install it with pip install "overgan\[{tool}\]"'
    ):
        overgan.export_study(study.folder, tool)


@pytest.mark.parametrize("package", ["sqlalchemy", "alembic"])
def test_a_database_of_mlflow_without_its_packages_is_one_line(tmp_path, monkeypatch, package):
    for name in ("mlflow", "mlflow.tracking", "mlflow.entities", "sqlalchemy", "alembic"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name) if name != package else None)
    study = gan_study(tmp_path / "study")
    with pytest.raises(
        OverganError, match=rf'needs the package {package}; install it with pip install "overgan\[mlflow'
    ):
        overgan.export_study(study.folder, "mlflow")


@pytest.mark.parametrize("tool", ["mlflow:http://shared", "wandb"])
def test_studies_of_two_people_that_are_called_the_same_are_two(tmp_path, monkeypatch, tool):
    there = {name: MagicMock() for name in ("mlflow.tracking", "mlflow.entities", "wandb")}
    for name, module in there.items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.delenv("WANDB_MODE", raising=False)
    client = there["mlflow.tracking"].MlflowClient.return_value
    client.get_experiment_by_name.return_value.experiment_id = "7"
    client.create_run.return_value.info.run_id = "run"
    client.search_runs.return_value = []
    for person in ("one", "two"):
        (tmp_path / person).mkdir()
        monkeypatch.chdir(tmp_path / person)
        gan_study(Path("study"))
        overgan.export_study("study", tool)
    ids = [of.kwargs["id"] for of in there["wandb"].init.call_args_list]
    ids += [of.kwargs["tags"]["overgan.id"] for of in client.create_run.call_args_list]
    assert len(set(ids)) == 2 * len(WIDTHS) * len(SEEDS)


@pytest.mark.parametrize("error", [ConnectionError, KeyboardInterrupt])
def test_weights_and_biases_have_no_row_twice_under_one_id_where_sending_failed(tmp_path, monkeypatch, error):
    sent, left = [], [14]  # of 6 runs, each with 3 rows at first

    def log(run, row):
        sent.append((run, json.dumps(row)))
        left[0] -= 1
        if not left[0]:
            raise error

    def init(**given):
        started = MagicMock()
        started.log.side_effect = partial(log, given["id"])
        return started

    monkeypatch.setitem(sys.modules, "wandb", MagicMock(init=init))
    monkeypatch.delenv("WANDB_MODE", raising=False)
    study = gan_study(tmp_path / "study", iteration=10)
    finish = lambda _: [go_to(study.folder, k, ITERATIONS) for k in WIDTHS]  # noqa: E731
    monkeypatch.setattr("overgan.export._follow.time.sleep", finish)
    for _ in range(2):
        with suppress(KeyboardInterrupt):
            overgan.export_study(study.folder, "wandb", follow=True)
    assert left[0] < 0
    assert len(sent) == len(set(sent))


def run(code, *arguments, **environment):
    """In a process of its own: these tools leave threads and processes behind."""
    words = [sys.executable, "-W", "ignore", "-c", code, *map(str, arguments)]
    here = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)} | environment
    done = subprocess.run(words, capture_output=True, text=True, env=here, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


READ_MLFLOW = """
import json, sys
from mlflow.tracking import MlflowClient
client = MlflowClient(tracking_uri=sys.argv[2])
(experiment,) = client.search_experiments(filter_string="name = 'by-hand'")
found = {}
for run in client.search_runs([experiment.experiment_id]):
    assert run.info.status == "FINISHED", run.info.status
    name = run.data.tags["overgan.run"]
    assert name not in found and name == f"k{int(run.data.params['k']):04d}/seed-{run.data.params['seed']}"
    points = [(key, of) for key in run.data.metrics for of in client.get_metric_history(run.info.run_id, key)]
    found[name] = [[of.step, key, of.value] for key, of in points]
print(json.dumps(found))
"""
READ_WANDB = """
import json, pathlib, struct, sys
from wandb.proto.wandb_internal_pb2 import Record

def records(content):
    # LevelDB's log: blocks of 32 KiB, in which a record is a checksum, a length, a type (1 whole, 2-4 in parts), data
    place, parts = 7, b""
    while place + 7 <= len(content):
        if 32768 - place % 32768 < 7:
            place += 32768 - place % 32768
            continue
        _, length, kind = struct.unpack("<IHB", content[place : place + 7])
        parts += content[place + 7 : place + 7 + length]
        place += 7 + length
        if kind in (1, 4):
            yield Record.FromString(parts)
            parts = b""

found = {}
for path in pathlib.Path(sys.argv[3]).glob("offline-run-*/*.wandb"):
    rows = []
    for record in records(path.read_bytes()):
        if record.HasField("run"):
            name = record.run.display_name
        if record.HasField("history"):
            row = {of.key or "/".join(of.nested_key): json.loads(of.value_json) for of in record.history.item}
            rows += [[row["iteration"], key, row[key]] for key in row if key != "iteration" and key[0] != "_"]
    assert name not in found
    found[name] = rows
print(json.dumps(found))
"""
GONE = [(k, seed) for k in WIDTHS for seed in SEEDS[1:]]  # a run that W&B begins takes a second
SEND = """
import pathlib, sys
import overgan
from tests.export.by_hand import ITERATIONS, go_to
from tests.export.test_trackers import GONE

study, store, _ = sys.argv[1:]
for iteration in (10, 10, ITERATIONS):
    if iteration > 10:
        go_to(pathlib.Path(study), 4, iteration, diverged=GONE)
        go_to(pathlib.Path(study), 2, 10, changed=0.5, diverged=GONE)
    overgan.export_study(study, [f"mlflow:{store}", "wandb"])
"""


def as_rows(line):
    found = {}
    for run_, rows in json.loads(line).items():
        found[run_] = {(step, name): value for step, name, value in rows}
        assert len(found[run_]) == len(rows), "twice"
    return found


@pytest.mark.slow  # both take seconds to import, and W&B starts a process
def test_mlflow_and_weights_and_biases_have_each_row_once(tmp_path):
    study, store, place = (
        gan_study(tmp_path / "study", iteration=10, diverged=GONE),
        f"file://{tmp_path}/store",
        tmp_path / "study-wandb",
    )
    tools = {"MLFLOW_ALLOW_FILE_STORE": "true", "WANDB_MODE": "offline"}  # a database takes ten seconds to create
    printed = run(SEND + READ_MLFLOW + READ_WANDB, study.folder, store, place / "wandb", **tools)
    for line in printed.splitlines()[-2:]:
        assert close(as_rows(line), study)
    assert len(list((place / "wandb").glob("offline-run-*"))) == len(WIDTHS)
    overgan.load(study.folder)  # W&B makes links, for which a study's folder would be refused
