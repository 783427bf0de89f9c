"""Shared fixtures: a private cache, the digits, and studies that are made once for all tests and processes."""

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import settings

# one thread a process, because pytest-xdist uses all cores; before NumPy is imported, which reads it only then
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads of processes that tests start wait without spinning
os.environ["HF_HUB_OFFLINE"] = "1"  # before datasets is imported: tests never touch the network

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"


def check_shapes() -> None:
    """Check types and shapes at every call of every module but the compiled ones, which numba must see bare."""
    from jaxtyping import install_import_hook

    source = Path(__file__).parents[1] / "src"
    names = [".".join(p.relative_to(source).with_suffix("").parts) for p in source.rglob("*.py")]
    modules = [name for name in names if not name.endswith(("__init__", "__main__")) and "kernels" not in name]
    install_import_hook(modules, "beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))")


check_shapes()
settings.register_profile("deterministic", derandomize=True, deadline=None)
settings.load_profile("deterministic")


def pytest_configure(config: pytest.Config) -> None:
    # one folder for all processes of a test session: the digits' classifier and each study are trained once
    if "OVERGAN_TEST_SESSION" not in os.environ:
        os.environ["OVERGAN_TEST_SESSION"] = session = tempfile.mkdtemp(prefix="overgan-test-")
        os.environ.setdefault("XDG_CACHE_HOME", f"{session}/cache")
        config.add_cleanup(lambda: shutil.rmtree(session, ignore_errors=True))


def digest(content):
    """What two results are compared by: pytest would look for hours for the difference of two long ones."""
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(scope="session")
def digits():
    from overgan.data import DataConfig, load_images

    return load_images(DataConfig(name="digits"))


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    """once(name, fill): a module's copy of a folder that fill(folder) fills once for all processes of a session."""

    def copy(name, fill):
        original = Path(os.environ["OVERGAN_TEST_SESSION"], name)
        with FileLock(f"{original}.lock"):
            if not original.exists():
                unfinished = Path(tempfile.mkdtemp(dir=original.parent))
                fill(unfinished)
                unfinished.rename(original)  # not before it is whole
        return Path(shutil.copytree(original, tmp_path_factory.mktemp(name) / name))

    return copy


@pytest.fixture(scope="module")
def small_study(once):
    """A folder with the small study's spec, small.yaml, its results, study, and what `overgan run` printed, output."""

    def fill(folder):
        from typer.testing import CliRunner

        from overgan.cli import app
        from tests.forked import forking

        (folder / "small.yaml").write_text(SMALL)
        words = ["run", f"{folder}/small.yaml", "--out", f"{folder}/study", "--workers", "2", "--threads", "1"]
        with forking():
            result = CliRunner().invoke(app, words)
        assert result.exit_code == 0, result.output
        (folder / "output").write_text(result.output.replace(str(folder), "FOLDER"))

    return once("small", fill)


@pytest.fixture
def undrawn(monkeypatch):
    """Reports have no figures beside them, whose drawing takes most of their time."""
    monkeypatch.setattr("overgan.report._files.to_images", lambda _plot: {})


@pytest.fixture
def small_spec(tmp_path):
    """A spec file that trains in about a second."""
    path = tmp_path / "small.yaml"
    path.write_text(SMALL)
    return path


SMALL = """
name: small
data: {name: digits}
model: {name: mlp, latent: 4, depth: 2}
widths: [2, 4, 8]
seeds: [0, 1]
train: {iterations: 60, batch: 8, learning_rate: 2e-3, log_every: 10, evaluate_every: 20}
evaluate: {features: [pixels], samples: 100}
"""


def without_checksums(folder):
    """Rewrite the files below a folder as older versions wrote them, without checksums and what came with them."""
    for copy in ("study-copy.json", "checkpoint-previous.json"):
        for path in folder.rglob(copy):
            path.unlink()
    for path in folder.rglob("*.json"):
        values = json.loads(path.read_text())
        kept = {key: values[key] for key in values if key not in ("rows", "pictures", "checksum")}
        path.write_text(json.dumps(kept, indent=2))
        for tensors in path.parent.glob("checkpoint-*.safetensors") if "file" in values else ():
            if tensors.name != values["file"]:
                tensors.unlink()
    for path in folder.rglob("*.jsonl"):
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        rows = [{key: row[key] for key in row if key != "curves"} for row in rows if "checksum" not in row]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


ON_DISK = {  # what a plan calls it, and where it is in a study's folder
    "checkpoints": ["k*/checkpoint-*.safetensors"],
    "pictures": ["k*/samples/*", "k*/neighbours/*/*"],
    "rows": ["k*/evaluations.jsonl", "k*/log.jsonl", "k*/runs.jsonl"],
    "curves": ["k*/*.npz"],
    "report": ["report.html", "figures/*"],
}


def check_disk(study):
    """What a study has on disk is no more than its plan says; the bytes, by what they are."""
    from overgan.study import KINDS

    sizes = {
        what: sum(path.stat().st_size for pattern in patterns for path in study.folder.glob(pattern))
        for what, patterns in ON_DISK.items()
    }
    planned = KINDS[study.spec.kind].cost.storage(study.spec)
    assert all(size <= planned.get(what, 0) for what, size in sizes.items()), (sizes, planned)
    assert sizes["rows"]
    return sizes
