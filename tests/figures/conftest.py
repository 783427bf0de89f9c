"""Studies written by hand, with random but known numbers, samples whose every image has one color, and neighbours."""

import json

import numpy as np
import pytest
from PIL import Image

import overgan
from overgan.study import Description, machine, parse_spec, versions, write_description

WIDTHS, SEEDS = [4, 8, 32, 128], [0, 1, 2]
SIZE, COLUMNS = 8, 10  # pixels of an image, and images of a seed in a picture
SHOWN, TIMES = 5, 8  # images in a row of a figure's samples, and pixels for each of theirs


def color(width, seed, column):
    """Of an image in the samples' picture, as no other."""
    return np.array([width % 251, 10 * seed + 5, 20 * column + 7], np.uint8)


def _samples(path, width, seeds):
    picture = np.full((len(seeds) * (SIZE + 1) + 1, COLUMNS * (SIZE + 1) + 1, 3), 255, np.uint8)
    for row, seed in enumerate(seeds):
        for column in range(COLUMNS):
            top, left = 1 + row * (SIZE + 1), 1 + column * (SIZE + 1)
            picture[top : top + SIZE, left : left + SIZE] = color(width, seed, column)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path)


def _gan_rows(rng, k, seeds, iterations, features, nnd, memorized):
    for iteration in iterations:
        for seed in seeds:
            ids = {"seed": seed, "iteration": iteration}
            for space in features:
                train, test = (float(rng.uniform(1, 9) * 100 / k) for _ in range(2))
                yield ids | {"features": space, "frechet_train": train, "frechet_test": test}
            if nnd and iteration == 20:
                row = ids | {"features": "critic", "nnd": float(rng.uniform(-1, 1))}
                yield row | ({"nnd_memorized": 0.5} if memorized else {})


@pytest.fixture
def empty_files(monkeypatch):
    """Figures are drawn, but not made into files, which takes most of their time; test_files.py has those."""
    monkeypatch.setattr(
        "overgan.figures._paper_figure.saved", lambda _figure, _name, formats, _dpi: dict.fromkeys(formats, b"")
    )


@pytest.fixture
def make_gan(tmp_path):
    """make_gan(…): a GAN's study; every width is finished but those of `unfinished`, which have no last evaluation."""

    def make(
        diverged=(),
        unfinished=(),
        features=("pixels",),
        reference="equal",
        nnd=False,
        memorized=True,
        samples=True,
        neighbours=False,
        iterations=(10, 20),
        **keys,
    ):
        spec = {"name": "by-hand", "data": {"name": "digits"}, "model": {"name": "mlp"}, "widths": WIDTHS}
        spec |= {"seeds": SEEDS, "train": {"iterations": 20, "evaluate_every": 10}, **keys}
        spec = parse_spec(spec | {"evaluate": {"features": list(features), "reference": reference}}, "test")
        description = Description(
            spec=spec,
            command="overgan run by-hand.yaml",
            data={"name": "d", "train": 20, "test": 9, "compared": 9, "shape": [SIZE, SIZE, 1], "fingerprint": "f"},
            features={},
            parameters={k: {"generator": 100 * k, "critic": 10 * k} for k in spec.widths},
            versions=versions(),
            machine=machine(workers=1),
        )
        write_description(tmp_path, description)
        rng = np.random.default_rng(0)
        for k in spec.widths:
            group = tmp_path / f"k{k:04d}"
            group.mkdir()
            alive = [seed for seed in spec.seeds if (k, seed) not in diverged]
            reached = [t for t in iterations if t < 20 or k not in unfinished]
            rows = list(_gan_rows(rng, k, alive, reached, spec.evaluate.features, nnd, memorized))
            (group / "evaluations.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
            end = max(reached, default=0)
            (group / "progress.json").write_text(json.dumps({"iteration": end, "seconds": 3.0}))
            index = {"file": "x", "sha256": "x", "iteration": end, "seeds": alive, "seconds": 3.0}
            index |= {"diverged": {str(s): 10 for kk, s in diverged if kk == k}, "complete": k not in unfinished}
            (group / "checkpoint.json").write_text(json.dumps(index))
            for t in reached if samples and alive else ():
                _samples(group / f"samples/{t:08d}.png", k, alive)
            for seed in alive if neighbours else ():
                path = group / f"neighbours/seed-{seed}/pixels.png"
                path.parent.mkdir(parents=True)
                Image.fromarray(np.full((40, 60), (10 * seed + k) % 251, np.uint8)).save(path)
        return overgan.load(tmp_path)

    return make


@pytest.fixture
def make_shallow(tmp_path):
    """make_shallow(…): a study of the shallow GAN."""

    def make(target="gaussian", methods=("GDA", "best"), unfinished=(), scale=1.0, diverged=()):
        m = 2 if target == "two_moons" else 4
        spec = {"name": "by-hand", "kind": "shallow", "problem": {"m": m, "target": target}, "widths": [2, 5, 10]}
        spec |= {"methods": {name: {"method": "optimal" if name == "best" else "gda"} for name in methods}}
        spec = parse_spec(spec | {"seeds": SEEDS, "steps": 10, "scale": scale}, "test")
        parameters = {k: {"generator": 10 * k, "discriminator": m} for k in spec.widths}
        common = {"command": "overgan run by-hand.yaml", "data": {}, "features": {}, "parameters": parameters}
        write_description(tmp_path, Description(spec=spec, **common, versions=versions(), machine=machine(1)))
        rng = np.random.default_rng(0)
        for k in set(spec.widths) - set(unfinished):
            (tmp_path / f"k{k:04d}").mkdir()
            rows = []
            for seed in SEEDS:
                for method in methods:
                    lost = (k, seed) in diverged
                    row = {"seed": seed, "method": method, "mse": 1e100 if lost else float(rng.uniform(0, 1))}
                    row |= dict.fromkeys(("optimal_mse", "residual", "initial_residual", "optimum"), 1.0)
                    row |= {"steps": 1, "converged": False, "diverged": lost, "sign_changes": 0, "eta": 0.1}
                    rows.append(row | {"seconds": 0.5})
            (tmp_path / f"k{k:04d}/runs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        return overgan.load(tmp_path)

    return make
