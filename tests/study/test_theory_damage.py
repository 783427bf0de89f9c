"""A damaged file of a theory study: its runs are done again, with a notice, and end in the same numbers."""

import pytest

import overgan
from overgan.disk import read_table
from overgan.errors import OverganError
from overgan.study import KINDS, parse_spec
from overgan.study.theory import ShallowStudy
from tests.conftest import without_checksums

SPEC = {
    "name": "shallow",
    "kind": "shallow",
    "problem": {"n": 20, "d": 3, "m": 2},
    "methods": {"GDA": {"method": "gda"}, "optimal": {"method": "optimal"}},
    "widths": [3],
    "seeds": [0, 1, 2],
    "steps": 50,
}


@pytest.fixture
def study(tmp_path):
    spec = parse_spec(SPEC, "test")
    KINDS["shallow"].worker(spec, tmp_path, 1, "cpu")(3, lambda: False)
    description = overgan.study.Description(
        spec=spec,
        command="",
        data={},
        features={},
        parameters={3: {"generator": 9, "discriminator": 2}},
        versions={},
        machine={"workers": 1, "processor": "a processor"},
    )
    return ShallowStudy(tmp_path, description)


def go_on(study):
    """The seeds that are done anew."""
    known = {row["seconds"] for row in read_table(study.group(3) / "runs.jsonl")}
    study.heal(3)
    KINDS["shallow"].worker(study.spec, study.folder, 1, "cpu")(3, lambda: False)
    return {row["seed"] for row in study.frame().to_dict("records") if row["seconds"] not in known}


def numbers(study):
    curves = [values for seed in (0, 1, 2) for values in study.residuals(3, seed).values()]
    return study.frame().drop(columns="seconds").to_csv(), [values.tobytes() for values in curves]


def test_damaged_curves_are_refused_when_read_and_only_their_run_is_done_again(study, caplog):
    before, path = numbers(study), study.group(3) / "residuals-0001.npz"
    content = path.read_bytes()
    for damaged in (content[:-9] + b"?" + content[-8:], content[:200], None):
        path.unlink() if damaged is None else path.write_bytes(damaged)
        with pytest.raises(OverganError, match=r"residuals-0001\.npz .*; the run is done again when the study goes on"):
            study.residuals(3, 1)
        caplog.clear()
        assert go_on(study) == {1}
        (told,) = set(caplog.messages)
        assert told.startswith(f"overgan: {path} ")
        assert numbers(study) == before


def test_damaged_rows_count_for_nothing_and_all_runs_are_done_again(study, caplog):
    before, path = numbers(study), study.group(3) / "runs.jsonl"
    content = path.read_bytes()
    for damaged in (content.replace(b'"mse": 0.', b'"mse": 1.', 1), content[: content.rindex(b'{"seed"')], b""):
        assert damaged != content
        path.write_bytes(damaged)
        caplog.clear()
        assert (study.group_status(3).done, study.group_status(3).complete, len(study.frame())) == (0, False, 0)
        assert [message for message in caplog.messages if "are done again when the study goes on" in message]
        KINDS["shallow"].worker(study.spec, study.folder, 1, "cpu")(3, lambda: False)
        assert numbers(study) == before


def test_a_study_of_an_older_version_has_no_checksums_and_is_whole(study, caplog):
    before = numbers(study)
    without_checksums(study.folder)
    assert "curves" not in read_table(study.group(3) / "runs.jsonl")[0]
    assert numbers(study) == before
    assert go_on(study) == set()
    assert not caplog.messages
    assert study.group_status(3).complete
