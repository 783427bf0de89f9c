"""Rows as CSV and Parquet, and the folder that they are written to."""

import errno
import json
import shutil

import pandas as pd
import pytest

import overgan
from overgan.errors import OverganError
from overgan.study import write_description
from tests.export.by_hand import SEEDS, gan_study, go_to, theory_study

MAKERS = {"gan": gan_study, "theory": theory_study}


@pytest.fixture(params=MAKERS)
def study(request, tmp_path):
    return MAKERS[request.param](tmp_path / "study")


def test_rows_and_losses_survive_a_round_trip(study):
    exported = overgan.export_study(study.folder, ["csv", "parquet"])
    tables = {"rows": study.frame()} | ({"losses": study.losses()} if hasattr(study, "losses") else {})
    assert [of.place for of in exported] == [
        str(study.folder / f"export/{name}.{kind}") for kind in ("csv", "parquet") for name in tables
    ]
    for name, table in tables.items():
        parquet = pd.read_parquet(study.folder / f"export/{name}.parquet")
        pd.testing.assert_frame_equal(parquet, table, check_exact=True)
        path = study.folder / f"export/{name}.csv"
        pd.testing.assert_frame_equal(pd.read_csv(path), table, rtol=1e-15)  # pandas below 3 rounds what it reads
        for text, value in zip(pd.read_csv(path, dtype=str).to_numpy().flat, table.to_numpy().flat, strict=True):
            assert text == str(value) if isinstance(value, str | bool) else pd.isna(value) or float(text) == value


def test_seeds_are_whole_and_what_was_not_measured_is_missing(tmp_path):
    study = gan_study(tmp_path / "study")
    overgan.export_study(study.folder, "parquet", tmp_path / "out")
    rows = pd.read_parquet(tmp_path / "out/rows.parquet")
    assert set(rows.seed) == set(SEEDS)
    assert rows.memorized.notna().sum() == 2 * len(SEEDS)  # at the last iteration, in one of the spaces
    assert rows.memorized.isna().any()


def test_tables_are_a_study_without_weights_that_says_the_same(study, tmp_path):
    (study.group(2) / ".progress.json.ab12cd34").write_text("{")  # of a write that was killed
    exported = overgan.export_study(study.folder, "tables", tmp_path / "tables")
    assert exported == [("tables", str(tmp_path / "tables/study.json"))]
    copy = overgan.load(tmp_path / "tables")
    pd.testing.assert_frame_equal(copy.frame(), study.frame(), check_exact=True)
    said, expected = ([(of.name, of.verdict, of.because) for of in s.claims()] for s in (copy, study))
    assert said == expected
    assert all(copy.group_status(k) == study.group_status(k) for k in study.spec.widths)
    assert {path.suffix for path in (tmp_path / "tables").rglob("*.*")} <= {".json", ".jsonl", ".lock"}
    assert not [*(tmp_path / "tables").rglob(".progress*")]


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("dcgan-cifar10 --out {out} --set data.root={root}", "dcgan-cifar10 --out runs/study --set data.root=cifar10"),
        ("dcgan-cifar10 --set data.root={root}/", "dcgan-cifar10 --set data.root=cifar10"),
        ("{root}/ --out {out}/", "cifar10 --out runs/study"),
        ("~/sets/cifar10", "cifar10"),
        ("../sets/cifar10/ --out runs/cifar10", "cifar10 --out runs/cifar10"),
        ("{root}.yaml --out study", "cifar10.yaml --out runs/study"),
    ],
)
def test_tables_name_no_folder_of_this_machine(tmp_path, words, left):
    study = gan_study(tmp_path / "study")
    data = study.spec.data.model_copy(update={"root": str(tmp_path / "cifar10")})
    evaluate = study.spec.evaluate.model_copy(update={"inception_weights": str(tmp_path / "inception.pth")})
    spec = study.spec.model_copy(update={"data": data, "evaluate": evaluate})
    command = f"overgan run {words.format(out=study.folder, root=tmp_path / 'cifar10')}"
    merged = f"{command} && overgan run dcgan-cifar10 --out {tmp_path}/wide"
    write_description(study.folder, study.description.model_copy(update={"spec": spec, "command": merged}))
    overgan.export_study(study.folder, "tables", tmp_path / "tables")
    for path in (tmp_path / "tables").glob("study*.json"):
        assert str(tmp_path) not in path.read_text()
    description = overgan.load(tmp_path / "tables").description
    assert (description.spec.data.root, description.spec.evaluate.inception_weights) == ("cifar10", "inception.pth")
    assert description.command == f"overgan run {left} && overgan run dcgan-cifar10 --out runs/wide"


@pytest.mark.parametrize(
    ("root", "command"),
    [
        ("hf:ylecun/mnist", "overgan run hf:ylecun/mnist --out runs/a.b"),
        (".", "overgan run mlp.yaml --out runs/a.b --set data.root=. --set train.learning_rate=0.001"),
    ],
)
def test_what_in_a_command_is_no_folder_of_images_stays(tmp_path, root, command):
    study = gan_study(tmp_path / "study")
    spec = study.spec.model_copy(update={"data": study.spec.data.model_copy(update={"root": root})})
    write_description(study.folder, study.description.model_copy(update={"spec": spec, "command": command}))
    overgan.export_study(study.folder, "tables", tmp_path / "tables")
    description = overgan.load(tmp_path / "tables").description
    assert (description.spec.data.root, description.command) == (root, command)


def test_a_study_without_rows_has_empty_tables(tmp_path):
    study = gan_study(tmp_path / "study")
    for k in study.spec.widths:
        shutil.rmtree(study.group(k))
    overgan.export_study(study.folder, ["csv", "parquet"])
    assert list(pd.read_csv(study.folder / "export/rows.csv")) == list(study.frame())
    assert pd.read_parquet(study.folder / "export/rows.parquet").empty


def test_parquet_without_its_package_is_one_line(tmp_path, monkeypatch):
    study = gan_study(tmp_path / "study")
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(
        OverganError, match=r'needs the package pyarrow; install it with pip install "overgan\[parquet\]"'
    ):
        overgan.export_study(study.folder, "parquet")


def test_a_study_is_exported_again_in_the_place_of_before(tmp_path):
    study = gan_study(tmp_path / "study", iteration=10)
    overgan.export_study(study.folder)
    before = (study.folder / "export/rows.csv").read_bytes()
    shutil.rmtree(study.folder / "k0004")
    overgan.export_study(study.folder)
    after = (study.folder / "export/rows.csv").read_bytes()
    assert 0 < len(after) < len(before)
    shutil.move(study.folder, tmp_path / "moved")  # with what it has exported
    overgan.export_study(tmp_path / "moved")


def test_a_study_is_exported_again_after_failures(tmp_path, monkeypatch):
    study = gan_study(tmp_path / "study", iteration=10)
    overgan.export_study(study.folder)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("overgan.export._out.write_atomic", full)
        for changed in (1, 2):
            go_to(study.folder, 2, 10, changed=changed)
            with pytest.raises(OverganError, match=r"export cannot be written \(No space left"):
                overgan.export_study(study.folder)
    overgan.export_study(study.folder)
    rows = pd.read_csv(study.folder / "export/rows.csv")
    assert rows.frechet_train.to_numpy() == pytest.approx(study.frame().frechet_train.to_numpy())


def test_nothing_of_others_is_replaced(tmp_path):
    study = gan_study(tmp_path / "study")
    (tmp_path / "out").mkdir()
    (tmp_path / "out/rows.csv").write_text("mine")
    with pytest.raises(OverganError, match=r"rows\.csv is not as an export of this study left it.*with out"):
        overgan.export_study(study.folder, out=tmp_path / "out")
    assert (tmp_path / "out/rows.csv").read_text() == "mine"

    overgan.export_study(study.folder, out=tmp_path / "other")
    other = gan_study(tmp_path / "another")
    with pytest.raises(OverganError, match=r"has the export of another study, .*study; name another with out"):
        overgan.export_study(other.folder, out=tmp_path / "other")

    (tmp_path / "other/losses.csv").write_text("changed")
    with pytest.raises(OverganError, match=r"losses\.csv is not as"):
        overgan.export_study(study.folder, out=tmp_path / "other")
    assert (tmp_path / "other/losses.csv").read_text() == "changed"


def test_of_a_study_at_an_address_the_folder_is_named(tmp_path, monkeypatch):
    study = gan_study(tmp_path / "study")
    monkeypatch.setattr("overgan.study._study.address_of", lambda _: "s3://bucket/study")
    with pytest.raises(OverganError, match="s3://bucket/study is an address; name a folder of this machine with out"):
        overgan.export_study(study.folder)
    overgan.export_study(study.folder, out=tmp_path / "out")
    assert json.loads((tmp_path / "out/overgan-export.json").read_text())["study"] == "s3://bucket/study"


@pytest.mark.parametrize("content", ["{", "[]", json.dumps({"files": {}})])
def test_a_damaged_list_of_files_is_one_line(tmp_path, content):
    study = gan_study(tmp_path / "study")
    overgan.export_study(study.folder)
    (study.folder / "export/overgan-export.json").write_text(content)
    with pytest.raises(OverganError, match=r"overgan-export\.json is (damaged|not overgan's).*move it"):
        overgan.export_study(study.folder)


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    study = gan_study(tmp_path / "study")
    (tmp_path / "file").write_text("")
    with pytest.raises(OverganError, match=r"file/export cannot be written .*name another folder with out"):
        overgan.export_study(study.folder, out=tmp_path / "file/export")


@pytest.mark.parametrize(
    ("to", "message"),
    [
        ("paquet", "no export paquet; did you mean parquet?"),
        ("csv:here", "to csv:here: csv goes to the folder out; write csv alone"),
        ("nothing.here:at_all", "cannot be imported"),
        ("tests.export.by_hand:rows_of", "rows_of fails"),
        ("json:JSONEncoder", "it must be a function, or a class that is an overgan.export.Tracker"),
    ],
)
def test_an_unknown_export_is_one_line(tmp_path, to, message):
    study = gan_study(tmp_path / "study")
    with pytest.raises(OverganError, match=message.replace("?", r"\?")):
        overgan.export_study(study.folder, to)


def write_widths(study, out, _chosen):
    return [out.write("widths.txt", "\n".join(map(str, study.spec.widths)).encode())]


def test_a_format_of_ones_own_is_a_function(tmp_path):
    study = gan_study(tmp_path / "study")
    overgan.export_study(study.folder, f"{__name__}:write_widths")
    assert (study.folder / "export/widths.txt").read_text() == "2\n4"
