import ast
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import overgan

ROOT = Path(__file__).parents[1]


def test_the_wheel_carries_what_is_read_at_run_time(tmp_path):
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "-q",
        "-w",
        str(tmp_path),
        str(ROOT),
    ]
    subprocess.run(build, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    source = ROOT / "src"
    expected = {str(p.relative_to(source)) for p in source.rglob("*") if p.is_file() and "__pycache__" not in p.parts}
    assert expected <= names
    assert {"overgan/presets/quickstart.yaml", "overgan/report/page.html.j2", "overgan/py.typed"} <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_public_names_are_there():
    for name in overgan.__all__:
        assert getattr(overgan, name) is not None
    with pytest.raises(AttributeError, match="overgan attribute nothing"):
        _ = overgan.nothing


def test_nothing_is_unpickled():
    """Files from others are never unpickled: no code that could."""
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
            names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
            assert not {name.partition(".")[0] for name in names} & {"pickle", "joblib", "dill", "shelve"}, path
            if isinstance(node, ast.Call):
                called, given = ast.unparse(node.func), {k.arg: ast.unparse(k.value) for k in node.keywords}
                assert called not in ("pd.read_pickle", "yaml.load"), path
                assert called != "torch.load" or given.get("weights_only") == "True", path
                assert given.get("allow_pickle") in (None, "False"), path
