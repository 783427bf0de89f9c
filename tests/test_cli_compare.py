"""`overgan compare`."""

import json

import pytest
from typer.testing import CliRunner

from overgan.cli import app, main
from tests.racing import write_study
from tests.report.test_compare import FIRST, SECOND


@pytest.fixture
def here(tmp_path, monkeypatch):
    """The current folder, with the studies a and b."""
    monkeypatch.chdir(tmp_path)
    write_study(tmp_path / "a", FIRST)
    write_study(tmp_path / "b", SECOND)
    return tmp_path


def call(*words):
    result = CliRunner().invoke(app, ["compare", *words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_page_is_written_and_its_place_and_the_answer_are_said(here):
    output = " ".join(call("a", "b").split())
    assert "1 of 2 differences of mean test distances is larger than seeds explain" in output
    assert output.endswith("page: compare.html")
    assert (here / "compare.html").stat().st_size > 10_000


def test_the_page_may_have_another_place(here):
    call("a", "b", "--out", "other.html")
    assert (here / "other.html").exists()
    assert not (here / "compare.html").exists()


def test_json_has_what_the_page_says(here):
    found = json.loads(call("a", "b", "--json"))
    assert found["page"] == "compare.html"
    assert [study["name"] for study in found["studies"]] == ["a", "b"]
    assert [(of["k"], of["different"]) for of in found["differences"]] == [(4, False), (8, True)]
    assert found["differences"][1]["low"] < found["differences"][1]["difference"] < found["differences"][1]["high"] < 0
    assert found["recommended"][0]["widths"] == [4, 8]
    assert found["studies"][0]["claims"]["balance"] == "cannot tell"


def test_json_of_what_cannot_be_told_has_no_nan(here):
    write_study(here / "c", {4: [1.0]})
    output = call("a", "c", "--json")
    assert "NaN" not in output
    (of,) = json.loads(output)["differences"]
    assert of["different"] is None
    assert of["low"] is None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["a"], "at least two"),
        (["a", "b", "a"], "named twice"),
        (["a", "none"], "none"),
        (["a", "b", "--out", "a"], "name another file with --out"),
    ],
)
def test_a_mistake_is_one_line(here, words, message, monkeypatch, capfd):
    monkeypatch.setattr("sys.argv", ["overgan", "compare", *words])
    with pytest.raises(SystemExit, match="2"):
        main()
    error = capfd.readouterr().err
    assert message in error
    assert error.count("\n") == 1
