"""The reference and `overgan show` say the same, and both say it of every key."""

import importlib.util
from pathlib import Path

import pytest
from typer.testing import CliRunner

from overgan.cli import app
from overgan.study import KINDS, load_spec, preset_names, spec_yaml

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def make_reference():
    spec = importlib.util.spec_from_file_location("make_reference", ROOT / "docs" / "make_reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_tables_of_keys_are_those_of_the_code(make_reference):
    page = make_reference.PAGE.read_text(encoding="utf-8")
    assert page == make_reference.with_tables(page), "make them anew with python docs/make_reference.py"
    assert all(f"<!-- keys: {kind} -->" in page for kind in KINDS)


def test_the_page_of_the_commands_is_that_of_the_code(make_reference):
    page = make_reference.COMMANDS.read_text(encoding="utf-8")
    assert page == make_reference.commands(), "make it anew with python docs/make_reference.py"
    assert "- `--set KEY=VALUE`: " in page
    assert "- `--method gda|optimal`: " in page


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_key_has_a_meaning(make_reference, kind):
    assert [key for key, _, meaning in make_reference.rows(KINDS[kind].spec) if not meaning] == []


@pytest.mark.parametrize("preset", preset_names())
def test_what_show_prints_is_the_same_spec_again(preset, tmp_path):
    spec = load_spec(preset, ["seeds=[3,1]", "tolerance=1e-7"], scale=0.5)
    (tmp_path / "shown.yaml").write_text(spec_yaml(spec), encoding="utf-8")
    assert load_spec(tmp_path / "shown.yaml") == spec


def test_show_explains_keys_and_names_what_is_wrong(tmp_path):
    done = CliRunner().invoke(app, ["show", "quickstart", "--set", "train.batch=7"])
    assert done.exit_code == 0
    (line,) = (line for line in done.output.splitlines() if line.strip().startswith("batch: 7"))
    assert "# images a step" in line
    assert CliRunner().invoke(app, ["show", "quickstart", "--set", "train.bach=7"]).exit_code == 1
