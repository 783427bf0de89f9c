"""The studies whose tables are kept in docs/results, and the page that is made of them."""

import importlib.util
import re
import shutil
from pathlib import Path

import pytest

import overgan

DOCS = Path(__file__).parents[1] / "docs"
TABLES = sorted(path.parent for path in DOCS.glob("results/*/study.json"))
NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")


@pytest.fixture(scope="module")
def make_results():
    spec = importlib.util.spec_from_file_location("make_results", DOCS / "make_results.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_the_page_of_the_verdicts_is_that_of_the_tables(make_results):
    """Word for word; numbers that are simulated or fitted may differ in the last of three digits on another machine."""
    page, made = make_results.PAGE.read_text(encoding="utf-8"), make_results.page() + "\n"
    assert NUMBER.sub("0", page) == NUMBER.sub("0", made), "make it anew with python docs/make_results.py"
    for line, again in zip(page.splitlines(), made.splitlines(), strict=True):
        for shown, now in zip(NUMBER.findall(line), NUMBER.findall(again), strict=True):
            values = [float(text.replace(",", "")) for text in (shown, now)]
            assert values[0] == pytest.approx(values[1], rel=0.02), line


@pytest.mark.parametrize("folder", TABLES, ids=lambda folder: folder.name)
def test_tables_are_of_a_finished_study_and_name_no_folder_of_a_machine(folder, tmp_path):
    study = overgan.load(shutil.copytree(folder, tmp_path / folder.name))
    assert study.spec.scale == 1
    for width in study.spec.widths:
        assert study.group_status(width).complete
    text = (folder / "study.json").read_text(encoding="utf-8")
    assert not re.search(r"(?<![\w.])/(?!\s)", text)  # a path from the root; others have a name before the slash
    assert sum(path.stat().st_size for path in folder.rglob("*.json*")) < 2**22
