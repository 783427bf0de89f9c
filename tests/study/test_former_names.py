"""Studies that older versions began: their fid_* and kid_* are what is frechet_* and kernel_* now."""

import json
import re

import pytest

import overgan
from overgan.disk import read_jsonl
from overgan.study import KINDS, load_spec
from tests.conftest import SMALL, without_checksums
from tests.study.test_runner import HERE

OLD_SPEC = SMALL.replace("[2, 4, 8]", "[2, 4]").replace(
    "samples: 100", "samples: 100, metrics: [fid, kid], final_metrics: [fid_gap]"
)
DISTANCES = ["frechet_train", "frechet_test", "kernel_train", "kernel_train_error", "kernel_test", "kernel_test_error"]
AT_THE_END = ["frechet_gap", "frechet_gap_error", "frechet_gap_draws"]


def as_before(folder):
    """Rewrite what a folder has in today's names as an older version wrote it."""
    without_checksums(folder)
    description = json.loads((folder / "study.json").read_text())
    description["spec"]["evaluate"] |= {"metrics": ["fid", "kid"], "final_metrics": ["fid_gap"]}
    (folder / "study.json").write_text(json.dumps(description))
    for path in [*folder.glob("k*/*.jsonl"), *folder.glob("k*/progress.json")]:
        path.write_text(path.read_text().replace('"frechet_', '"fid_').replace('"kernel_', '"kid_'))


@pytest.fixture(scope="module")
def old(once):
    """The folder of a study with a width that is done, and one that was interrupted after 45 of 60 iterations."""

    def fill(folder):
        (folder / "old.yaml").write_text(OLD_SPEC)
        study = overgan.run(folder / "old.yaml", folder / "study", ["widths=[2]"], **HERE)
        spec, asked = load_spec(folder / "old.yaml"), iter(range(60))
        study.group(4).mkdir()
        KINDS["gan"].worker(spec, study.folder, 1, "cpu")(4, lambda: next(asked) >= 44)
        as_before(study.folder)

    return once("former", fill)


@pytest.mark.slow
def test_a_study_of_before_is_read_measured_again_and_goes_on(old):
    folder = old / "study"
    before = (folder / "k0004" / "evaluations.jsonl").read_text()
    assert '"fid_test"' in before
    assert not re.search("frechet|kernel_", before + (folder / "study.json").read_text())
    written = {(row["seed"], row["iteration"]): row for row in read_jsonl(folder / "k0004" / "evaluations.jsonl")}
    assert {iteration for _, iteration in written} == {20, 40}

    study = overgan.load(folder)
    assert study.spec.evaluate == load_spec(old / "old.yaml").evaluate
    assert (study.spec.evaluate.metrics, study.spec.evaluate.final_metrics) == (["frechet", "kernel"], ["frechet_gap"])
    (status,) = study.status()
    assert status.result.startswith("test pixels Fréchet distance ")
    assert study.recommend().width == 2
    assert list(study.gaps()) == [2]

    study = overgan.run(old / "old.yaml", folder, **HERE)  # width 4 goes on
    frame = study.frame()
    assert list(frame.columns) == [
        "k",
        "learning_rate_rule",
        "learning_rate",
        "seed",
        "iteration",
        "features",
        *DISTANCES,
        *AT_THE_END,
    ]
    assert sorted(frame.iteration[frame.k == 4]) == [20, 20, 40, 40, 60, 60]
    assert frame[DISTANCES].notna().all(axis=None)
    wide = frame[frame.k == 4].set_index(["seed", "iteration"])
    for run, row in written.items():
        assert (wide.frechet_test[run], wide.kernel_train_error[run]) == (row["fid_test"], row["kid_train_error"])
    assert list(study.gaps()) == [2, 4]

    # measured before by an older version, and now again
    later = {"seed": 1, "iteration": 60, "features": "pixels", "fid_test": 1e9, "kid_test": 0.25, "fid_inf_test": 0.5}
    (folder / "k0004" / "later.jsonl").write_text(json.dumps(later) + "\n")
    assert study.final().set_index(["k", "seed"]).frechet_test[4, 1] == 1e9
    study.evaluate(["fid", "fid_gap"])
    again = study.final().set_index(["k", "seed"])
    assert not any(re.search("fid|kid", column) for column in study.frame().columns)
    assert again.frechet_test[4, 1] == pytest.approx(wide.frechet_test[1, 60], rel=1e-6)
    assert (again.kernel_test[4, 1], again.frechet_inf_test[4, 1]) == (0.25, 0.5)
    assert not re.search("fid_|kid_", (folder / "k0004" / "later.jsonl").read_text())

    page = overgan.write_report(folder, figures=False).read_text()
    assert "<th>pixels kernel distance, test</th>" in page
    assert "pixels FID" not in page
