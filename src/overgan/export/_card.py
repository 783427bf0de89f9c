"""The model card of a generator, as the Hugging Face Hub reads it, filled from the study."""

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pandas as pd
import yaml

from overgan.errors import OverganError
from overgan.export._out import Out
from overgan.export._run import Exporting
from overgan.metrics import METRICS
from overgan.pictures import image_png, square_grid
from overgan.study import scale_warning
from overgan.study.analysis import student_half
from overgan.training import Run
from overgan.words import counted, number

CARD, PICTURES = "README.md", "samples.png"
SHOWN = 36  # images
CONFIDENCE = 0.95
SIDES = {"train": "training", "test": "held-out", "": ""}


def write_card(run: Exporting, out: Out) -> list[Path]:
    """README.md beside the generator's files, for those that are there, and samples.png, which it shows."""
    here = {name: out.has(f"{run.folder}/{name}") for name in ("generator.py", "generator.onnx")}
    text = card(run, python=here["generator.py"], onnx=here["generator.onnx"])
    pictures = square_grid(run.study.sample(run.width, run.seed, SHOWN, **run.of_seed))
    written = text.encode(errors="backslashreplace")
    return [out.write(f"{run.folder}/{PICTURES}", image_png(pictures)), out.write(f"{run.folder}/{CARD}", written)]


def card(run: Exporting, *, python: bool, onnx: bool) -> str:
    """The text. python, onnx: which files are beside it."""
    study, spec = run.study, run.study.spec
    last = _last(run)
    keys = set(last.columns[last.notna().any()])
    filled = {
        "front": _front(run),
        "name": spec.name,
        "width": run.width,
        "seed": run.seed,
        "loss": spec.train.loss,
        "model": spec.model.name,
        "own": spec.model.name.partition(":")[0] if spec.model.own else "",
        "latent": spec.model.latent,
        "shape": study.description.data["shape"],
        "channels": counted(study.description.data["shape"][2], "channel"),
        "warning": scale_warning(spec),
        "python": python,
        "onnx": onnx,
        "batch": spec.model.sampling_norm == "batch",
        "licence": run.chosen.licence,
        "data": study.description.data,
        "network": _network(run),
        "why": _why(run),
        "results": list(_results(last, run.seed)),
        "iteration": f"{spec.train.iterations:,}",
        "pictures": PICTURES,
        "runs": counted(last.seed.nunique(), "run"),
        "training": _training(run),
        "inception": "inception" in set(last.get("features", [])),
        "memorized": any(key.startswith("memorized") for key in keys),
        "command": study.description.command,
        "versions": ", ".join(f"{name} {of}" for name, of in study.description.versions.items()),
    }
    loader = jinja2.PackageLoader("overgan.export", "")
    environment = jinja2.Environment(loader=loader, trim_blocks=True, lstrip_blocks=True)  # noqa: S701 - `md` escapes
    environment.filters |= {"md": _md, "code": _code}
    return re.sub(r"\n{3,}", "\n\n", environment.get_template("card.md.j2").render(filled)) + "\n"


def _md(text: object) -> str:
    """As Markdown that reads as it stands: names may be anybody's."""
    line = html.escape(" ".join(str(text).split()), quote=False)
    return re.sub(r"([\\`*_\[\]|#])", r"\\\1", line)


def _code(text: object) -> str:
    """As a line of code."""
    return " ".join(str(text).split()).replace("`", "'")


def _front(run: Exporting) -> str:
    spec = run.study.spec
    values: dict[str, Any] = {
        "license": run.chosen.licence or "unknown",
        "library_name": "pytorch",
        "pipeline_tag": "unconditional-image-generation",
        "tags": ["gan", spec.train.loss, spec.model.name, "overgan"],
    }
    if spec.data.root and spec.data.root.startswith("hf:"):
        values["datasets"] = [spec.data.root.split(":")[1]]
    text: str = yaml.safe_dump(values, sort_keys=False, allow_unicode=True)
    return text


def _network(run: Exporting) -> list[tuple[str, str]]:
    model = run.study.spec.model
    counts = run.study.description.parameters.get(run.width, {})
    rows = [("network", model.name), ("width k", str(model.generator_width or run.width))]
    rows += [("hidden layers", str(model.depth))] if model.name == "mlp" else []
    rows += [("latents", f"{model.latent}, from N(0, 1)"), ("images", "tanh, in [-1, 1]")] if not model.own else []
    return rows + [(f"trained numbers of the {name}", f"{count:,}") for name, count in counts.items()]


def _why(run: Exporting) -> list[str]:
    """What the study says of the width to use."""
    try:
        recommended = run.study.recommend().width
        headlines: list[str] = [f"{line.removesuffix('.')}." for line in run.study.headlines()]
    except OverganError as error:
        return [f"The study recommends no width yet: {error}."]
    if recommended == run.width:
        return headlines
    return [f"It is not the width that the study recommends, which is k = {recommended}.", *headlines]


def _training(run: Exporting) -> list[tuple[str, str]]:
    study, train = run.study, run.study.spec.train
    status = study.group_status(run.width)
    return [
        ("loss", train.loss),
        ("iterations", f"{status.done:,} of {train.iterations:,}"),
        ("batch", str(train.batch)),
        ("critic updates an iteration", str(train.critic_steps)),
        ("learning rate", f"{_trained(run).learning_rate:g}, {train.schedule}, rule {_trained(run).rule}"),
        ("weights", f"a running average ({train.average})" if train.average else "the last ones"),
        ("training", f"{number(status.seconds)} s of {counted(status.runs, 'run')} together"),
        ("machine", str(study.description.machine["processor"])),
    ]


def _trained(run: Exporting) -> Run:
    """Which run it is, by its rule and learning rate, as `GanStudy.generator` chooses them."""
    train = run.study.spec.train
    rule = run.chosen.rule or train.rules[0]
    best = run.study.best_rates(rule=rule).get(run.width, train.rates[0])
    return Run(run.seed, run.chosen.learning_rate or best, rule)


def _last(run: Exporting) -> pd.DataFrame:
    """The rows of the last iteration of the width's runs at this learning rate, if this run reached it."""
    of = _trained(run)
    frame: pd.DataFrame = run.study.frame()
    frame = frame[(frame.k == run.width) & (frame.iteration == run.study.spec.train.iterations)]
    if run.study.spec.train.several:
        frame = frame[(frame.learning_rate_rule == of.rule) & (frame.learning_rate == of.learning_rate)]
    return frame if (frame.seed == run.seed).any() else frame.iloc[:0]


def _results(last: pd.DataFrame, seed: int) -> Iterator[list[str]]:
    """Features, metric, real images, this run's number, and the mean over runs with its interval."""
    for features, rows in last.groupby("features", sort=False):
        for metric in (METRICS[name] for name in METRICS):
            for column in metric.columns:
                for side, key in column.keys.items():
                    if key in rows and (of := rows[rows.seed == seed]).shape[0] and of[key].notna().all():
                        real = SIDES[side] if "{side}" in column.key else ""
                        label = metric.label(column, str(features))
                        yield [str(features), label, real, number(of[key].iloc[0]), _mean(rows, key)]


def _mean(runs: pd.DataFrame, key: str) -> str:
    """The mean and Student's interval for it, if there are values for one."""
    values = runs[key].dropna().to_numpy(float)
    mean = float(values.mean())
    if key == "frechet_gap":  # all runs share its real images
        return f"{number(mean)} ± {number(float(runs[f'{key}_error'].mean()), 2)}"
    if len(values) < 2 or not np.isfinite(values).all():
        return number(mean)
    half = student_half(values, CONFIDENCE)
    return f"{number(mean)} ({number(mean - half)} to {number(mean + half)})"
