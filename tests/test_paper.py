"""The page that maps the paper to the code leaves out no numbered item and names only what is there."""

import pkgutil
import re
from pathlib import Path

from overgan.study import Spec, load_spec, preset_names

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "paper.md"
TEXT = PAGE.read_text(encoding="utf-8")
LINK = re.compile(r"\]\(([^)#:]*)(?:#([^)]+))?\)")  # not of the web, whose links have a colon
PRESETS = {name: load_spec(name) for name in preset_names()}


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading of the page, without the table's own headings."""
    section = TEXT.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")][1:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


TABLES = {name: rows(name) for name in re.findall(r"^## (.+)$", TEXT, re.MULTILINE)}
ROWS = [row for table in TABLES.values() for row in table]


def spans(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def has_key(spec: Spec, key: str) -> bool:
    inside = spec.model_dump()
    for part in key.split("."):
        if not isinstance(inside, dict) or part not in inside:
            return False
        inside = inside[part]
    return True


def test_no_numbered_item_of_the_paper_is_left_out():
    numbers = []
    for cell, *_ in TABLES["Equations"]:
        for first, last in re.findall(r"\((\d+)\)(?:–\((\d+)\))?", cell):
            numbers += range(int(first), int(last or first) + 1)
    assert numbers == list(range(1, 44))
    statements = [row[0] for row in TABLES["Definitions, theorems and lemmas"]]
    assert {word: [s.split()[1] for s in statements if s.startswith(word)] for word in ("Theorem", "Lemma")} == {
        "Theorem": ["2.1", "2.2", "2.3", "A.4", "A.11"],
        "Lemma": ["A.1", "A.2", "A.3", "A.5", "A.6", "A.7", "A.8", "A.9", "A.10", "B.1"],
    }
    figures = "1 2 3 4a 4b 4c 4d 4e 4f 5a 5b 6a 6b 7 8 9 10"
    assert [row[0] for row in TABLES["Figures"]] == [f"Fig. {figure}" for figure in figures.split()]


def test_every_row_has_a_state_and_what_is_done_is_shown():
    for row in ROWS:
        state, _, reason = row[-1].partition(": ")
        assert state in ("done", "differs", "not reproduced", "not measured", "a proof's step"), row
        assert reason or state == "done", row
        assert state not in ("done", "differs") or "tests/" in row[-2] or LINK.search(row[-2]), row


def test_every_name_on_the_page_is_there():
    for name in spans(TEXT):
        path, _, function = name.partition("::")
        if name.startswith("overgan."):
            pkgutil.resolve_name(name)
        elif path.endswith(".py"):
            assert not function or re.search(rf"^def {function}\(", (ROOT / path).read_text(encoding="utf-8"), re.M), (
                name
            )
            assert (ROOT / path).is_file(), name
        else:  # a preset, or a key of a spec
            key = name.partition("=")[0]
            assert name in PRESETS or any(has_key(spec, key) for spec in PRESETS.values()), name


def test_values_on_the_page_are_those_of_the_presets_beside_them():
    for row in ROWS:
        text = " ".join(row)
        stated = [span for span in spans(text) if "=" in span]
        presets = [span for span in spans(text) if span in PRESETS]
        assert presets or not stated, row
        for preset in presets:
            assert load_spec(preset, stated) == PRESETS[preset], row


def test_every_presets_figures_name_it():
    named = {row[0].removeprefix("Fig. "): spans(row[2]) for row in TABLES["Figures"]}
    for name, spec in PRESETS.items():
        assert all(name in named[str(figure)] for figure in spec.figures), name
