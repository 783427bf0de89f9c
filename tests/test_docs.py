"""The commands of README.md and docs/, as they stand there, at a small size."""

import re
import runpy
import shlex
import shutil
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from jaxtyping import config
from PIL import Image
from typer.testing import CliRunner

from overgan import theory
from overgan.cli import app
from overgan.study import EXECUTORS, load_spec
from tests.data.test_mnist import write_idx

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

NOT_RUN = {
    "make study": "it installs packages; the command that it ends with, overgan run quickstart, is run",
    "make test": "it is this suite",
    "overgan run dcgan-cifar10 --out s3://bucket/cifar": "it needs a bucket, as tests/stores has one",
    "overgan status s3://bucket/cifar": "the same",
    "pip install .": "it installs packages; test_package.py builds the wheel",
    "pip wheel . --wheel-dir wheels": "the same",
    "pip install --no-index --find-links wheels overgan": "it installs packages",
    "pip install 'overgan[ray]'": "it installs packages",
    "pip install 'overgan[slurm]'": "it installs packages",
    "overgan run two-moons --on ray": "it starts processes; test_ray.py does so",
    "overgan run two-moons --on ray://auto --workers 20 --threads 2": "it needs a cluster, as test_ray.py has",
    "overgan run two-moons --on slurm --slurm 'partition=gpu,time=4:00:00'": "it needs Slurm, as test_slurm.py has",
}
NOT_RUN |= dict.fromkeys(
    ["overgan merge runs/narrow runs/wide --out runs/merged", "overgan recommend runs/merged"],
    "at a small size both have the same widths; test_merge.py merges others",
)
GAN = [
    "seeds=[0,1]",
    "train.iterations=2",
    "train.evaluate_every=2",
    "train.batch=16",
    "evaluate.draws=2",
    "evaluate.nnd.iterations=2",
    "evaluate.nnd.evaluation_batches=2",
]
SMALLER = {  # by preset; of several values --set takes the last, and --scale leaves what is set
    "quickstart": [*GAN, "widths=[8,128]"],
    "balance": [*GAN, "widths=[8]", "model.critic_widths=[8,16]"],
    "confound": [*GAN, "widths=[16]", "seeds=[0]", "train.learning_rates=[1e-3]"],
    "dcgan-cifar10": [*GAN, "widths=[4]", "seeds=[0]"],
    "dcgan-cifar10-short": [*GAN, "widths=[4]", "seeds=[0]"],
    "dcgan-cifar10-short-critic": [*GAN, "widths=[4]", "seeds=[0]", "model.generator_width=4"],
    "dcgan-cifar10-short-generator": [*GAN, "widths=[4]", "seeds=[0]", "model.critic_width=4"],
    "resnet-cifar10-short": [*GAN, "widths=[8]", "seeds=[0]"],
    "mlp-mnist": [*GAN, "widths=[4]"],
    "mlp-mnist-short": [*GAN, "widths=[4]"],
    "shallow-gaussian": ["widths=[10,20]", "seeds=[0]", "steps=5"],
    "two-moons": ["widths=[10,20]", "seeds=[0]", "steps=5"],
    "prediction": ["widths=[8]", "seeds=[0]", "steps=5"],
    "certificate": ["widths=[100]", "seeds=[0]"],
    "path/to/images": [*GAN, "widths=[4]"],
    "shapes": [*GAN, "widths=[4]"],
    "shapes.yaml": [*GAN, "widths=[4]"],
    "mynets.yaml": [*GAN, "widths=[16]"],
}


def blocks(page):
    """The language and text of every block of code."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def commands_of(block):
    """Every line of a block that is a command, without what may be left out and what is said beside it."""
    for line in re.sub(r"\\\n\s*", "", block).splitlines():
        if re.match(r"(\$ )?(overgan|make|pip|python) ", line):
            needed = re.sub(r"\[--[^]]*\]", "", line.removeprefix("$ "))
            yield re.split(r"\s{2,}|\s#", needed)[0].strip()


def steps(page):
    """The commands of a page, and what it tells to type in Python, in their order."""
    for language, block in blocks(page):
        if language == "":
            yield from (("command", command) for command in commands_of(block))
        elif language == "python" and not file_of(block):
            yield "python", block


def file_of(block):
    """The name of the file that a block is to be copied to, in its first line."""
    named = re.match(r"# (\w+\.(?:py|yaml))\n", block)
    return named and named[1]


COMMANDS = list(dict.fromkeys(text for page in PAGES for kind, text in steps(page) if kind == "command"))
FOLLOWED = [page for page in PAGES if page.stem == "tutorial" or any(file_of(text) for _, text in blocks(page))]
ALONE = list(
    dict.fromkeys(text for page in PAGES if page not in FOLLOWED for kind, text in steps(page) if kind == "command")
)


def run(command):
    program, *words = shlex.split(command)
    if program == "python":
        runpy.run_path(words[0])
        return
    if words[0] in ("run", "plan", "coordinates"):
        words += [word for change in SMALLER[words[1]] for word in ("--set", change)]
        words += ["--budget", "1s"] if "--until-sure" in words else []  # of two the last counts
    words, (_, *file) = (words[: words.index(">")], words[words.index(">") :]) if ">" in words else (words, [""])
    result = CliRunner().invoke(app, words, catch_exceptions=False)
    assert result.exit_code == 0 or (words[0] == "certify" and "fails" in result.output), result.output
    assert result.output
    for path in file:
        Path(path).write_text(result.output)


def write_images(folder, n, size=32):
    folder.mkdir(parents=True)
    for i, image in enumerate(np.random.default_rng(0).integers(256, size=(n, size, size, 3), dtype=np.uint8)):
        Image.fromarray(image).save(folder / f"{i}.png")


@pytest.fixture(scope="module", autouse=True)
def readers_folder(once):
    """The current folder has the files that the pages take for granted, and the study of the quickstart.

    Runs are trained in this process, at once, and classifiers hardly: what they have learned is kept apart.
    """

    def fill(folder):
        for part, label in product(("train", "test"), ("cat", "dog")):
            write_images(folder / "path/to/images" / part / label, 25)
            write_images(folder / "path/to/cifar10" / part / label, 25)
        for side in ("samples", "train", "test"):
            write_images(folder / "my" / side, 25)
        (folder / "path/to/mnist").mkdir()
        for part in ("train", "t10k"):
            images = np.random.default_rng(0).integers(256, size=(40, 28, 28), dtype=np.uint8)
            write_idx(folder / f"path/to/mnist/{part}-images-idx3-ubyte", images)
            write_idx(folder / f"path/to/mnist/{part}-labels-idx1-ubyte", np.arange(40, dtype=np.uint8) % 10)
        (folder / "results.csv").write_text(
            "k,seed,value\n" + "".join(f"{k},{s},{9 / k + s}\n" for k in (2, 4) for s in (0, 1))
        )
        problem = theory.ShallowGAN.gaussian(20, 2, 1, 10)
        np.savez(folder / "FILE.npz", **{name: getattr(problem, name) for name in ("Z", "V", "W0", "target")})
        enter(folder)
        run("overgan run quickstart --out runs/quickstart")
        shutil.copytree(".", "fresh", ignore=shutil.ignore_patterns("cache", "fresh"))
        run("overgan run quickstart --out runs/hinge --set train.loss=hinge")
        run("overgan run balance --out runs/balance")

    with pytest.MonkeyPatch.context() as patch:

        def enter(folder):
            patch.chdir(folder)
            patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))

        patch.setattr(config, "jaxtyping_disable", True)  # shapes are checked by the tests of what commands call
        patch.setitem(EXECUTORS.entries, "local", "tests.extension.executor:InProcess")
        patch.setattr("overgan.study._finish.POLL_SECONDS", 0)
        patch.setattr("overgan.metrics.spaces._classifier.STEPS", 1)
        patch.setattr("overgan.study.gan.networks._tangent.LATENTS", 1)
        patch.setattr("overgan.study.gan.networks._eigenvalues.TOLERANCE", 0.1)
        patch.setattr("overgan.study.gan._cost.REPEATS", 1)
        patch.setattr("overgan.report._files.to_images", lambda _plot: {})  # half of the time
        patch.setattr(
            "overgan.figures._paper_figure.saved", lambda _figure, _name, formats, _dpi: dict.fromkeys(formats, b"")
        )
        patch.setattr("overgan.report._coordinates.to_images", lambda _plot, _formats: {"png": b""})
        enter(once("docs", fill))
        yield


@pytest.mark.parametrize("command", [command for command in ALONE if command not in NOT_RUN])
def test_a_command_runs_as_it_stands(command):
    run(command)


@pytest.mark.slow
@pytest.mark.parametrize("page", FOLLOWED, ids=lambda page: page.stem)
def test_a_page_can_be_followed_from_top_to_bottom(page, tmp_path, monkeypatch):
    shutil.copytree("fresh", tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    for _, block in blocks(page):
        if name := file_of(block):
            Path(name).write_text(block, encoding="utf-8")
    for kind, text in steps(page):
        if kind == "python":
            exec(compile(text, str(page), "exec"), {})  # noqa: S102  # it is the page's own
        elif text not in NOT_RUN:
            run(text)


def test_commands_are_found_and_only_those_of_the_pages_are_left_out():
    assert {"overgan presets", "overgan run two-moons"} <= set(COMMANDS)
    assert set(NOT_RUN) <= set(COMMANDS)


@pytest.mark.parametrize("block", [block for page in PAGES for language, block in blocks(page) if language == "yaml"])
def test_a_spec_is_valid(block, tmp_path):
    (tmp_path / "own.yaml").write_text(block, encoding="utf-8")
    load_spec(tmp_path / "own.yaml")
