"""The report of a GAN's width study."""

from collections.abc import Sequence
from contextlib import suppress

from overgan.errors import OverganError
from overgan.metrics import METRICS
from overgan.own import is_own
from overgan.pictures import png_url
from overgan.report._content import Content, length, mean_and_deviation, state
from overgan.report.pages._gan_figures import fid_label, figures
from overgan.report.pages._gan_findings import findings
from overgan.study.gan import GanStudy
from overgan.training import NEIGHBOURS, SAMPLES


def content(study: GanStudy) -> Content:
    """All that the page says about the study."""
    spec, data = study.spec, study.description.data
    parts = [(name, part) for name in spec.evaluate.features for part in ("train", "test")]
    more = _more(study)
    return Content(
        subtitle=f"{spec.model.name} WGAN-GP on {data['name']}: {len(spec.widths)} widths, "
        f"{len(spec.seeds)} seeds each, {length(study)}.",
        findings=findings(study),
        plots=figures(study),
        columns=[
            "k",
            "generator parameters",
            "critic parameters",
            "ms per run and iteration",
            *(f"{fid_label(name)}, {part}" for name, part in parts),
            *(heading for _, _, heading in more),
            "runs",
        ],
        rows=[_row(study, width, parts, more) for width in spec.widths],
        table_note="FID: mean ± standard deviation over the runs, at the last iteration.",
        method=_method(study),
        samples=_samples(study),
        neighbours=_neighbours(study),
        data=f"images: {data['train']} training, {data['test']} held-out, SHA-256 {data['fingerprint']}",
    )


def _row(
    study: GanStudy, width: int, parts: Sequence[tuple[str, str]], more: Sequence[tuple[str, str, str]]
) -> list[str]:
    counts, pace = study.description.parameters[width], study.group_status(width).seconds_each
    fids = []
    for name, part in parts:
        final = study.final(name)
        fids.append(mean_and_deviation(final[f"fid_{part}"][final.k == width]))
    for name, column, _ in more:
        final = study.final(name)
        fids.append(mean_and_deviation(final[column][final.k == width].dropna()))
    milliseconds = f"{1000 * pace / len(study.spec.seeds):.2g}" if pace is not None else "–"
    return [str(width), f"{counts['generator']:,}", f"{counts['critic']:,}", milliseconds, *fids, state(study, width)]


def _more(study: GanStudy) -> list[tuple[str, str, str]]:
    """Feature space, key and heading of the last numbers of all runs but FID, where any has one."""
    records = [METRICS[name] for name in METRICS if name != "fid"]
    for name in filter(is_own, study.spec.evaluate.all_metrics):
        with suppress(OverganError):  # a report can be made where the user's module is not
            records.append(METRICS[name])
    found = [
        (str(features), key, metric.heading(column, str(features), side), rows)
        for features, rows in study.last().groupby("features", sort=False)
        for metric in records
        for column in metric.columns
        for side, key in column.keys.items()
        if side in column.sides
    ]
    return [(name, key, heading) for name, key, heading, rows in found if key in rows and rows[key].notna().any()]


def _method(study: GanStudy) -> list[str]:
    sentences = [
        f"Every FID compares {study.description.data['compared']:,} generated images with as many training images and "
        "as many held-out images, because FID depends on the number of images."
    ]
    for name, facts in study.description.features.items():
        sentence = f"The {name} features have {facts['dimension']} dimensions"
        if "accuracy" in facts:
            sentence += (
                f"; their network classifies {100 * facts['accuracy']:.1f} % of the held-out images right (it was "
                "trained on the labels of the training images that FID does not use)"
            )
        if name == "inception":
            sentence += f"; their weights have the SHA-256 {facts['sha256']}, computed in {facts['precision']}"
        sentences.append(f"{sentence}.")
    if "inception" in study.description.features:
        sentences.append("Only FID in inception features compares with a published one, of as many images.")
    else:
        sentences.append("These are not Inception's features: no number here compares with a published FID.")
    return [" ".join(sentences)]


def _samples(study: GanStudy) -> list[tuple[int, str]]:
    """Width, and the newest grid of its samples as a data URL."""
    grids = []
    for width in study.spec.widths:
        newest = max((study.group(width) / SAMPLES).glob("*.png"), default=None)
        if newest:
            grids.append((width, png_url(newest.read_bytes())))
    return grids


def _neighbours(study: GanStudy) -> list[tuple[str, str]]:
    """Of the narrowest and the widest width that have them (paper, Fig. 10)."""
    folders = [(width, study.group(width) / NEIGHBOURS) for width in study.spec.widths]
    there = [(width, folder) for width, folder in folders if folder.is_dir()]
    return [
        (f"k = {width}, nearest by {path.stem}", png_url(path.read_bytes()))
        for width, folder in (there[:1] + there[1:][-1:])
        for path in sorted(folder.glob("*.png"))
    ]
