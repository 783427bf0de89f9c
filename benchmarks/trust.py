"""What becomes of a study's folder in which a stranger has written something else: hundreds of them, read in all ways.

python benchmarks/trust.py STUDY [COUNT [FIRST]]    COUNT folders, by default 500, of STUDY, by seeds from FIRST on

Each must be read, or be refused in one line; nothing that it names may run, and nothing in it may become a part of the
page. Printed are the folders that are not so, with their seeds, and in the end how many were read and refused.
"""

import json
import logging
import os
import random
import shutil
import sys
import tempfile
from pathlib import Path

import overgan
from overgan.errors import OverganError

CANARY = "canary:thing"
MODULE = "open('ran', 'w').close()\ndef thing(*_): return 1\n"
SCRIPT = "</script><script>alert(1)</script>"
HOSTILE = [
    *(None, True, False, -1, 0, 1, 2, 3.5, 10**30, 10**400, 1e308, -1e308, float("nan"), float("inf")),
    *(SCRIPT, "\x1b]0;x\x07", "", "nan", "${oc.env:HOME}", "${", "../../x", CANARY, "\ud800", "x" * 10_000),
    *([], {}, [1], {"a": 1}, [[[[]]]]),
]
WAYS = {
    "status": lambda folder: overgan.load(folder).status(),
    "recommend": lambda folder: overgan.load(folder).headlines(),
    "report": lambda folder: overgan.write_report(folder, figures=False),
    "sample": lambda folder: overgan.load(folder).write_samples(overgan.load(folder).spec.widths[0], n=2),
}


def make_hostile(folder, seed):
    """Write something else into one place, or two, of a file of a study's folder; where and what."""
    choose = random.Random(seed)  # noqa: S311 - nothing is kept secret by it
    for path in folder.rglob("checkpoint.json"):  # as older versions wrote it: anybody can make a checksum
        index = json.loads(path.read_text())
        path.write_text(json.dumps({key: index[key] for key in index if key not in ("rows", "checksum")}))
    files = sorted(path for path in folder.rglob("*.json*") if path.read_text().strip())
    path = choose.choice([*files, *[folder / "study.json"] * len(files)])
    changes = []
    for _ in range(choose.choice([1, 1, 2])):
        if path.suffix == ".json":
            value, change = _changed(json.loads(path.read_text()), choose)
            path.write_text(json.dumps(value))
        else:
            rows = [json.loads(line) for line in path.read_text().splitlines()]
            i = choose.randrange(len(rows))
            rows[i], change = _changed(rows[i], choose)
            path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        changes.append(change)
    return path.relative_to(folder), changes


def _changed(value, choose):
    """The value with something else at one place, without it, or with more beside it; and what was done."""
    hostile, way = choose.choice(HOSTILE), choose.choice(["set", "set", "set", "remove", "add"])
    *before, last = choose.choice(list(_places(value))) or [None]
    if last is None:
        return hostile, f"all = {str(hostile)[:40]!r}"
    inside = value
    for key in before:
        inside = inside[key]
    if way == "set":
        inside[last] = hostile
    elif way == "remove":
        del inside[last]
    elif isinstance(inside, dict):
        inside[choose.choice(["new", SCRIPT, "", "seed", "k"])] = hostile
    else:
        inside.append(hostile)
    return value, f"{way} {[*before, last]} {str(hostile)[:40]!r}"


def _places(value, place=()):
    yield place
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from _places(inner, (*place, key))


def read(folder, ways=WAYS):
    """How often the folder was read and refused; raises whatever else became of it."""
    counts = {"read": 0, "refused": 0}
    for name in ways:
        try:
            WAYS[name](folder)
            counts["read"] += 1
        except OverganError as error:
            if "\n" in str(error):
                raise ValueError(f"{name}: more than a line: {error}") from None
            counts["refused"] += 1
        if Path("ran").exists():
            raise ValueError(f"{name} ran a module that the folder names")
    page = folder / "report.html"
    if page.exists() and SCRIPT in page.read_text():
        raise ValueError("a script is a part of the page")
    return counts


def main(study, count=500, first=0):
    logging.disable(logging.WARNING)
    os.chdir(tempfile.mkdtemp())
    Path("canary.py").write_text(MODULE)
    total = {"read": 0, "refused": 0, "wrong": 0}
    for seed in range(int(first), int(first) + int(count)):
        shutil.copytree(study, "study")
        what = make_hostile(Path("study"), seed)
        try:
            for kind, n in read(Path("study")).items():
                total[kind] += n
        except Exception as error:
            total["wrong"] += 1
            print(f"seed {seed}: {what}: {type(error).__name__}: {error}", flush=True)
        shutil.rmtree("study")
    print(", ".join(f"{n} {kind}" for kind, n in total.items()))


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), *sys.argv[2:])
