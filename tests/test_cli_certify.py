"""`overgan certify` as users call it."""

import json
import subprocess
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

from overgan.cli import app
from overgan.errors import OverganError
from overgan.theory import ShallowGAN, certify, generated_mean, paired

SMALL = ("--n", "30", "--d", "3", "--m", "2", "--k", "50")


def call(*arguments):
    return CliRunner().invoke(app, ["certify", *map(str, arguments)])


@pytest.fixture
def file(tmp_path):
    """A problem whose target is near f(W_0)."""
    problem = ShallowGAN.gaussian(n=30, d=3, m=2, k=50, seed=1)
    path = tmp_path / "problem.npz"
    target = generated_mean(problem.Z, problem.V, problem.W0) + 1e-4
    np.savez(path, Z=problem.Z, V=problem.V, W0=problem.W0, target=target)
    return path


@pytest.fixture
def own_deep(tmp_path, monkeypatch):
    """A module in the current folder with the parts of a deep GAN whose f is linear."""
    (tmp_path / "own_deep.py").write_text(OWN_DEEP)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "own_deep", raising=False)


OWN_DEEP = """
import numpy as np
from torch import nn

def g():
    return nn.Linear(3, 2, bias=False).double(), np.random.default_rng(0).standard_normal((50, 3)) + 1

def psi():
    return nn.Identity(), np.zeros((4, 2))

def one():
    return nn.Identity()

def listed():
    return g()[0], [1, 2]

def fails():
    return 1 / 0
"""


def test_a_deep_generator_of_ones_own_is_checked_by_estimates_that_prove_nothing(own_deep):
    result = call("--generator", "own_deep:g", "--features", "own_deep:psi")
    assert result.exit_code == 0, result.output
    assert "DeepFeatureGAN(n=50, p=6, m=2)" in result.output
    assert "(estimated)" in result.output
    assert "evidence, not a proof" in result.output
    assert "every step shrinks" not in result.output
    found = json.loads(call("--generator", "own_deep:g", "--features", "own_deep:psi", "--json").output)
    assert (found["holds"], found["basis"]) == (True, "estimated")


def test_a_failing_condition_is_shown_and_is_exit_code_1():
    result = call(*SMALL, "--seed", "4", "--mu", "0.5")
    assert result.exit_code == 1
    certificate = certify(ShallowGAN.gaussian(n=30, d=3, m=2, k=50, seed=4), 0.5)
    for row in certificate.conditions:
        line = next(line for line in result.output.splitlines() if row.statement in line)
        assert f"{row.left:.5g}" in line
        assert f"{row.right:.5g}" in line
        assert line.split()[-1] == ("holds" if row.holds else "fails")
    assert f"fails: {certificate.reasons[0]}" in result.output


def test_a_problem_of_ones_own_that_is_certified_is_exit_code_0(file):
    result = call("--problem", file)
    assert result.exit_code == 0, result.output
    assert "all hold" in result.output


def test_the_optimal_discriminators_theorem_is_checked(file):
    result = call("--problem", file, "--method", "optimal")
    assert result.exit_code == 0, result.output
    assert "all hold: every step shrinks the bound on the residual" in result.output
    failing = call(*SMALL, "--method", "optimal")
    assert failing.exit_code == 1
    certificate = certify(ShallowGAN.gaussian(n=30, d=3, m=2, k=50), method="optimal")
    assert f"eta {certificate.eta:.4g}" in failing.output
    for row in certificate.conditions:
        assert row.statement in failing.output
    assert f"fails: {certificate.reasons[0]}" in failing.output
    found = json.loads(call("--problem", file, "--method", "optimal", "--json").output)
    assert found["holds"] is True
    assert len(found["conditions"]) == 3


def test_units_in_pairs_are_certified_where_a_gaussian_start_is_not():
    sizes = ("--n", "30", "--d", "10", "--m", "1", "--k", "4000")
    result = call(*sizes, "--paired")
    assert result.exit_code == 0, result.output
    assert "ShallowGAN(n=30, d=10, m=1, k=4000)" in result.output
    certificate = certify(paired(ShallowGAN.gaussian(n=30, d=10, m=1, k=2000)))
    assert f"by the factor {certificate.rate:.6g}" in result.output
    assert call(*sizes).exit_code == 1


def test_json_has_the_constants_and_both_sides(file):
    result = call("--problem", file, "--json")
    assert result.exit_code == 0
    found = json.loads(result.output)
    assert found["holds"] is True
    assert found["problem"] == "ShallowGAN(n=30, d=3, m=2, k=50)"
    assert [row["margin"] == pytest.approx(row["right"] - row["left"]) for row in found["conditions"]] == [True] * 5
    wild = call(*SMALL, "--eta", "1", "--json")
    assert wild.exit_code == 1
    assert json.loads(wild.output)["gamma"] is None  # infinite, which JSON lacks


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--mu", "2"], "mu is 2.0"),
        (["--mu", "1", "--method", "optimal"], "--mu and --method optimal exclude each other"),
        (["--eta", "-1"], "eta is -1.0"),
        (["--k", "0"], "k is 0"),
        (["--problem", "missing.npz"], "missing.npz is missing"),
        (["--k", "301", "--paired"], "--k is 301; with --paired it must be even"),
        (["--problem", "x.npz", "--paired"], "--problem and --paired exclude each other"),
        (["--problem", "x.npz", "--k", "3"], "--problem and --k exclude each other"),
        (["--generator", "a:b", "--features", "a:b", "--m", "3"], "--generator and --m exclude each other"),
        (["--generator", "a:b"], "--generator: give --problem alone, or --generator and --features together"),
        (["--generator", "a:b", "--features", "a:b", "--problem", "x"], "--problem: give --problem alone"),
        (["--generator", "own_deep:missing", "--features", "own_deep:psi"], "own_deep:missing cannot be imported"),
        (["--generator", "own_deep:fails", "--features", "own_deep:psi"], "own_deep:fails fails (ZeroDivisionError"),
        (["--generator", "own_deep:psi", "--features", "own_deep:one"], "own_deep:one must return a pair"),
        (["--generator", "own_deep:listed", "--features", "own_deep:psi"], "the inputs are a list; an array or a"),
        (
            ["--generator", "own_deep:g", "--features", "own_deep:g"],
            "g and own_deep:g: features fails for shape (2, 2)",
        ),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(own_deep, arguments, message):
    result = call(*arguments)
    assert isinstance(result.exception, OverganError)
    assert message in str(result.exception)
    assert "\n" not in str(result.exception)


def test_the_command_turns_a_mistake_into_exit_code_2():
    command = [sys.executable, "-m", "overgan", "certify", "--problem", "missing.npz"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("overgan: missing.npz is missing")
    assert len(done.stderr.splitlines()) == 1


def test_damaged_files_are_refused_without_unpickling(tmp_path):
    class Trap:
        def __reduce__(self):
            return exec, ("raise SystemExit('unpickled')",)

    good = {"Z": np.ones((3, 2)), "V": np.ones((1, 4)), "W0": np.ones((4, 2)), "target": np.ones(1)}
    wrong = {
        "pickle": good | {"V": np.array([[Trap()]], dtype=object)},
        "lacking": {name: good[name] for name in ("Z", "V", "W0")},
        "shape": good | {"V": np.ones((2, 4))},
        "complex": good | {"Z": np.ones((3, 2), complex)},
        "text": good | {"target": np.array(["a"])},
        "infinite": good | {"target": np.array([np.inf])},
    }
    messages = {"lacking": "target", "shape": "V", "complex": "Z", "text": "target", "infinite": "target"}
    for name, arrays in wrong.items():
        path = tmp_path / f"{name}.npz"
        np.savez(path, **arrays)
        result = call("--problem", path)
        assert isinstance(result.exception, OverganError), name
        assert str(path) in str(result.exception)
        assert messages.get(name, "") in str(result.exception)
    for name, content in (("text", b"hello"), ("cut", (tmp_path / "shape.npz").read_bytes()[:300]), ("empty", b"")):
        path = tmp_path / f"{name}.bin"
        path.write_bytes(content)
        assert isinstance(call("--problem", path).exception, OverganError), name
    np.save(tmp_path / "one.npy", np.ones(3))
    assert isinstance(call("--problem", tmp_path / "one.npy").exception, OverganError)
    assert isinstance(call("--problem", tmp_path).exception, OverganError)
