"""Studies with known rows and drawn weights, without training, and theory studies."""

import json

import numpy as np
import torch

import overgan
from overgan.models import ModelConfig, build
from overgan.study import Description, parse_spec, write_description
from overgan.training import stream
from overgan.training._checkpoint import save_checkpoint

MLP = ModelConfig(name="mlp", latent=5)
WIDTHS, SEEDS, ITERATIONS = [2, 4], [0, 2**32 - 1, 7], 20  # seeds are of 32 bits


def describe(folder, spec, parameters, shape=(8, 8, 1)):
    data = {"name": "digits", "train": 20, "test": 9, "compared": 9, "shape": list(shape), "fingerprint": "f00"}
    description = Description(
        spec=spec,
        command="overgan run by-hand.yaml",
        data=data,
        features={"pixels": {"dimension": 64}, "classifier": {"dimension": 64}},
        parameters=parameters,
        versions={"torch": "2"},
        machine={"workers": 1, "processor": "a processor"},
    )
    folder.mkdir(parents=True, exist_ok=True)
    write_description(folder, description)


def gan_study(folder, model=None, shape=(8, 8, 1), *, diverged=(), iteration=ITERATIONS, **train):
    """A GAN's study, whose runs have come to this iteration; diverged: (k, seed) of those that have not."""
    model = {"name": "mlp", "latent": 5} | (model or {})
    values = {"name": "by-hand", "data": {"name": "digits"}, "model": model, "widths": WIDTHS, "seeds": SEEDS}
    values["train"] = {"iterations": ITERATIONS, "evaluate_every": 10, "log_every": 5, **train}
    values["evaluate"] = {"features": ["pixels", "classifier"], "draws": 0}
    spec = parse_spec(values, "test")
    describe(folder, spec, {k: {"generator": 100 * k, "critic": 10 * k} for k in WIDTHS}, shape)
    for k in WIDTHS:
        (folder / f"k{k:04d}").mkdir()
        go_to(folder, k, iteration, diverged=diverged, model=spec.model, shape=shape)
    return overgan.load(folder, trust=spec.model.own)


def rows_of(k, seed, iteration, changed=0.0):
    """The rows of one run at one iteration: evaluations, and losses."""
    ids = {"seed": seed, "iteration": iteration}
    value = 100 / k + 1 / 3 + seed % 10 - iteration + changed
    evaluations = [ids | {"features": name, "frechet_train": value, "frechet_test": value + 1 / 7} for name in FEATURES]
    if iteration == ITERATIONS:
        evaluations[0]["memorized"] = 0.25
    return evaluations, [ids | {"wasserstein": value / 3, "moved_generator": 1.0, "moved_critic": 2.0}]


FEATURES = ("pixels", "classifier")


def go_to(folder, k, iteration, *, diverged=(), changed=0.0, model=MLP, shape=(8, 8, 1)):
    """Have the group at that iteration, with a checkpoint that counts on its rows; they are written anew."""
    group = folder / f"k{k:04d}"
    alive = [seed for seed in SEEDS if (k, seed) not in diverged]
    files = {"evaluations": [], "log": []}
    for at in range(10, iteration + 1, 10):
        for seed in alive:
            for name, rows in zip(files, rows_of(k, seed, at, changed), strict=True):
                files[name] += rows
    for name, rows in files.items():
        (group / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for index in group.glob("checkpoint*.json"):
        index.unlink()
    tensors = generator_tensors(model, k, shape, alive)
    about = {"seeds": alive, "diverged": {str(s): 5 for kk, s in diverged if kk == k}, "seconds": 3.0}
    save_checkpoint(group, tensors, iteration=iteration, complete=iteration == ITERATIONS or not alive, **about)
    progress = {"iteration": iteration, "seconds": 3.0, "frechet_test": 1.0}
    (group / "progress.json").write_text(json.dumps(progress))


def generator_tensors(model, k, shape, seeds):
    """Drawn weights, with norms that are not those of the start."""
    if not seeds:
        return {"none": torch.zeros(1)}
    generator = build(model, k, shape, [stream(seed, "initialization") for seed in seeds]).generator
    random = torch.Generator().manual_seed(k)
    tensors = dict(generator.state_dict())
    for name, tensor in tensors.items():
        if "norm" in name:
            tensor += 0.2 * torch.rand(tensor.shape, generator=random)
    return {f"generator.{name}": tensor for name, tensor in tensors.items()}


def theory_study(folder):
    """A study of the shallow GAN, whose runs have no iterations."""
    values = {"name": "theory", "kind": "shallow", "methods": {"GDA": {"method": "gda"}}, "problem": {"m": 4}}
    spec = parse_spec(values | {"widths": WIDTHS, "seeds": [0, 1], "steps": 10}, "test")
    describe(folder, spec, {k: {"generator": 10 * k, "discriminator": 4} for k in WIDTHS})
    for k in WIDTHS:
        group = folder / f"k{k:04d}"
        group.mkdir()
        rows = [
            {"seed": seed, "method": "GDA", "mse": 1 / k + seed / 3, "optimal_mse": 0.0, "residual": 1.0}
            | {"initial_residual": 8.0, "optimum": 0.0, "steps": 10, "converged": seed == 1, "diverged": False}
            | {"sign_changes": 3, "eta": 0.1, "seconds": 0.5}
            for seed in (0, 1)
        ]
        for seed in (0, 1):
            np.savez(group / f"residuals-{seed:04d}.npz", GDA=np.array([8.0, 1.0]))
        (group / "runs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return overgan.load(folder)
