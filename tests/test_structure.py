"""The shape of the house: who imports whom."""

import ast
import re
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src"
MODULES = {
    ".".join(p.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"): p for p in SOURCE.rglob("*.py")
}
ORDER = (
    "data",
    "models",
    "metrics",
    "training",
    "study",
    "report",
    "export",
    "figures",
    "cli",
)  # each may import those before it


def imported(name):
    """Modules of overgan that a module names anywhere: in functions, for type checkers, in registries."""
    path = MODULES[name]
    stub = path.with_suffix(".pyi")  # of a package whose names are imported when they are first used
    found = set()
    for node in ast.walk(ast.parse((stub if stub.exists() else path).read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == stub.exists(), f"{name} has a relative import"
            module = ".".join(filter(None, [name * node.level, node.module]))
            names = {f"{module}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else module for name in names}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= set(re.findall(r"^(overgan(?:\.\w+)+):\w+$", node.value))
    return {module for module in found if module in MODULES} - {name}


def package(name):
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else ""


IMPORTS = {name: imported(name) for name in MODULES}


def test_no_modules_import_each_other_in_a_circle():
    left = dict(IMPORTS)
    while free := [name for name, needs in left.items() if not needs & left.keys()]:
        for name in free:
            del left[name]
    assert not left, "in a circle, or dependent on one: " + ", ".join(sorted(left))


def test_imports_go_to_the_left():
    wrong = []
    for name, needs in IMPORTS.items():
        here = package(name)
        for other in needs:
            there = package(other)
            if here in ORDER and there in ORDER:
                goes_left = ORDER.index(there) <= ORDER.index(here)
            elif here == "theory":
                goes_left = there not in ORDER
            else:  # what is shared by all, if it is not one of the two
                shared = here and here != "__main__"
                goes_left = not shared or here in ORDER or there not in (*ORDER, "theory", "")
            wrong += [] if goes_left else [f"{name} imports {other}"]
    assert not wrong


def test_private_modules_stay_in_their_package():
    """A package lists its public names; those of a module with an underscore are its own."""
    for name, needs in IMPORTS.items():
        for other in needs:
            if "._" in other:
                assert package(other) == package(name), f"{name} imports {other}"
