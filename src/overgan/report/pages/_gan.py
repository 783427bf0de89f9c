"""The report of a GAN's width study."""

import logging
from collections.abc import Mapping, Sequence

import pandas as pd

from overgan.errors import OverganError
from overgan.metrics import METRICS, frechet_label
from overgan.own import is_own
from overgan.report._content import Content, Row, extent, length, mean_and_deviation, state
from overgan.report._samples import Samples, samples
from overgan.report.pages._gan_figures import figures
from overgan.report.pages._gan_findings import findings
from overgan.report.pages._gan_neighbours import neighbours
from overgan.report.pages._gan_race import race
from overgan.study.gan import NETWORK_METRICS, GanStudy, Numbers, numbers, unseen
from overgan.training import SAMPLES
from overgan.words import counted, joined, number


def content(study: GanStudy) -> Content:
    """All that the page says about the study."""
    spec, data = study.spec, study.description.data
    cells = _cells(study)
    best = study.best_rates() if len(spec.train.rates) > 1 else {}
    at_best = (
        " at each width's best learning rate, which is chosen on the distance from training images" if best else ""
    )
    by_rule = f" by the rule {spec.train.rules[0]}" if len(spec.train.rules) > 1 else ""
    shown, more, left_out = neighbours(study)
    return Content(
        subtitle=f"{spec.model.name} {_gan(spec.train.loss)} on {data['name']}: {extent(study)}, {length(study)}.",
        findings=findings(study),
        plots=figures(study),
        table=[_row(study, width, cells, best) for width in spec.widths],
        table_note="Mean ± standard deviation over the runs, at the last iteration; test − train: mean ± standard "
        "error over draws of the real images, which more runs do not make smaller."
        + (f" All{by_rule}{at_best}." if by_rule or at_best else ""),
        method=_method(study),
        samples=_samples(study),
        neighbours=shown,
        more_neighbours=more,
        neighbours_left_out=left_out,
        claims=study.claims(),
        section=race(study),
        question="How wide must this GAN be?",
        data=f"images: {data['train']} training, {data['test']} held-out, SHA-256 {data['fingerprint']}",
    )


def _gan(loss: str) -> str:
    return "WGAN-GP" if loss == "wgan-gp" else f"GAN with the {loss} loss"


def _row(study: GanStudy, width: int, cells: Sequence[tuple[str, Mapping[int, str]]], best: Mapping[int, float]) -> Row:
    counts, speed = study.description.parameters[width], study.group_status(width).per_second
    return [
        ("k", str(width)),
        ("generator parameters", f"{counts['generator']:,}"),
        ("critic parameters", f"{counts['critic']:,}"),
        ("iterations/s", number(speed) if speed is not None else "–"),
        *([("learning rate", f"{best[width]:g}" if width in best else "–")] if best else []),
        *((heading, by_width.get(width, "–")) for heading, by_width in cells),
        ("runs", state(study, width)),
    ]


def _cells(study: GanStudy) -> list[tuple[str, Mapping[int, str]]]:
    """Heading, and the cell of each width: distances and gaps in each feature space, then what else any run has."""
    records = [METRICS[name] for name in METRICS if name not in ("frechet", "frechet_gap")]
    for name in filter(is_own, study.spec.evaluate.all_metrics):
        try:
            records.append(METRICS[name])
        except OverganError as error:  # a report can be made where the user's module is not
            why = error.message.replace("{argument}", "--trust (in Python, trust=True)")
            logging.getLogger(__name__).warning(f"overgan: the page is without the numbers of a metric: {why}")
    records += [NETWORK_METRICS[name] for name in NETWORK_METRICS]
    last = study.last().set_index("k")
    distances = []
    later = [str(name) for name in last.features[last.frechet_test.notna()].unique()]  # spaces that `evaluate` brought
    for name in dict.fromkeys([*study.spec.evaluate.features, *later]):
        label, of = frechet_label(name), last[last.features == name]
        distances += [_means(f"{label}, {part}", of[f"frechet_{part}"]) for part in ("train", "test")]
        if gaps := study.gaps(name):
            by_width = {k: f"{number(gap.value)} ± {number(gap.error, 2)}" for k, gap in gaps.items()}
            distances.append((f"{label}, test − train", by_width))
    others = [
        _means(metric.heading(column, str(features), side), rows[key])
        for features, rows in last.groupby("features", sort=False)
        for metric in records
        for column in metric.columns
        for side, key in column.keys.items()
        if side in column.sides and key in rows and rows[key].notna().any()
    ]
    return distances + others


def _means(heading: str, of_run: pd.Series) -> tuple[str, Mapping[int, str]]:
    """The heading, and the mean and standard deviation over the runs of each width."""
    return heading, {width: mean_and_deviation(of_run[of_run.index == width].dropna()) for width in set(of_run.index)}


def _method(study: GanStudy) -> list[str]:
    notes = study.description.data.get("notes")  # studies of before have none
    sentences = [f"How the images were read: {'; '.join(notes)}."] if notes else []
    by_number = numbers(study, study.last())
    for of, spaces in by_number.items():
        said = _compared(study, of, spaces)
        sentences.append(said if len(by_number) == 1 else f"In {joined(spaces)} features {said[0].lower()}{said[1:]}")
    if study.gaps():
        sentences.append(
            "The standard error of test − train is how much that varies when all these real images are split at random "
            "into two sets; above and below are said with 95 % confidence, of all widths together."
        )
    for name, facts in study.description.features.items():
        sentence = f"The {name} features have {counted(facts['dimension'], 'dimension')}"
        if "accuracy" in facts:
            sentence += (
                f"; their network classifies {100 * facts['accuracy']:.1f} % of the held-out images right (it was "
                "trained on the labels of the training images that are not compared)"
            )
        if name == "inception":
            sentence += f"; their weights have the SHA-256 {facts['sha256']}, computed in {facts['precision']}"
        sentences.append(f"{sentence}.")
    if any("inception" in spaces for spaces in by_number.values()):
        sentences.append("Only FID in inception features compares with a published one, of as many images.")
    else:
        sentences.append("None of these distances compares with a published one: those are in Inception's features.")
    return [" ".join(sentences)]


def _compared(study: GanStudy, of: Numbers, spaces: Sequence[str]) -> str:
    """How many images the metrics compare."""
    data = study.description.data
    if not of.generated:
        return (
            f"Every distance compares {of} generated images with as many training images and as many held-out "
            "images, because it depends on the number of images."
        )
    return (
        f"The Fréchet distance compares {of.generated:,} generated images with all {data['train']:,} training "
        f"images{unseen(study, spaces)} and all {data['test']:,} held-out images. It is larger for a set of fewer "
        "images, so train and test do not compare with each other, nor with distances of other numbers; test − train "
        f"and all other metrics are of {of} images on every side."
    )


def _samples(study: GanStudy) -> Samples | None:
    """The grids of all widths, by the iterations that the names of their files are."""
    pictures = {
        width: {int(path.stem): png for path, png in study.pictures(width, SAMPLES).items() if path.stem.isdecimal()}
        for width in study.spec.widths
    }
    return samples(pictures) if any(pictures.values()) else None
