"""What messages tell the user to type is there."""

import ast
import re
from pathlib import Path

import pytest
import typer

import overgan
from overgan.cli import app, main
from overgan.errors import OverganError
from tests.conftest import SMALL

SOURCE = Path(__file__).parents[1] / "src" / "overgan"
COMMANDS = typer.main.get_command(app).commands
OPTIONS = {name: {option for param in command.params for option in param.opts} for name, command in COMMANDS.items()}
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


def texts(tree):
    """Every text in a tree that is no docstring, with ? for what is filled in."""
    inside = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            inside |= set(node.values)
            yield "".join(part.value if isinstance(part, ast.Constant) else "?" for part in node.values)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            inside.add(node.value)  # a docstring
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in inside:
            yield node.value


def commands_of(path):
    """The commands that a module of the command line defines."""
    defined = {node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}
    return sorted(defined & COMMANDS.keys())


@pytest.mark.parametrize("path", sorted((SOURCE / "cli").glob("*.py")), ids=lambda path: path.name)
def test_a_command_speaks_of_its_own_options(path):
    own = set().union(*(OPTIONS[name] for name in commands_of(path)))
    for text in texts(ast.parse(path.read_text())):
        assert not own or set(OPTION.findall(text)) <= own, text


def without_others(text):
    """The text without commands of others, whose options are theirs."""
    return text.replace("ray start --head", "ray start")


def test_what_raises_in_the_library_names_arguments_and_no_options():
    """`overgan evaluate` and overgan.metrics.evaluate share it: {argument} becomes the option, if there is one."""
    found = []
    for path in SOURCE.rglob("*.py"):
        if "cli" not in path.parts:
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("OverganError", "check"):
                    found += [f"{path}: {text}" for text in texts(node) if OPTION.search(without_others(text))]
    assert not found


def test_whole_commands_in_texts_have_the_options_that_they_name():
    seen = 0
    for path in SOURCE.rglob("*.py"):
        for text in texts(ast.parse(path.read_text())):
            for name, rest in re.findall(r"overgan (\w+)((?: [^ ,;:.)]+)*)", text):
                if name in OPTIONS:
                    assert set(OPTION.findall(rest)) <= OPTIONS[name], text
                    seen += bool(OPTION.findall(rest))
    assert seen >= 2


@pytest.fixture
def no_weights(tmp_path, monkeypatch):
    monkeypatch.setattr("torch.hub.get_dir", lambda: str(tmp_path / "none"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(SMALL)


def test_run_says_how_a_spec_names_the_weights_of_inception(no_weights, monkeypatch, capfd):
    monkeypatch.setattr("sys.argv", ["overgan", "run", "small.yaml", "--set", "evaluate.features=[inception]"])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert "or name the file with --set evaluate.inception_weights=FILE; or use" in capfd.readouterr().err
    with pytest.raises(OverganError, match=r"name the file with evaluate\.inception_weights=FILE; or use"):
        overgan.run("small.yaml", overrides=["evaluate.features=[inception]"])


def test_run_says_how_a_spec_resizes_images(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["overgan", "run", "quickstart", "--set", "model.name=dcgan"])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert "resize them with --set data.size=16, or set model.name=mlp" in capfd.readouterr().err


@pytest.mark.slow
def test_evaluate_says_how_it_is_given_the_weights_of_inception(no_weights, small_study, monkeypatch, capfd):
    given = ["--study", str(small_study / "study"), "--features", "inception"]
    monkeypatch.setattr("sys.argv", ["overgan", "evaluate", *given])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert "or name the file with --inception-weights=FILE; or use" in capfd.readouterr().err
