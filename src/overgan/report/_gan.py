"""The report of a GAN's width study."""

import base64
from collections.abc import Sequence

from overgan.report._content import Content, mean_and_deviation, state
from overgan.report._gan_figures import fid_label, figures
from overgan.report._gan_findings import findings
from overgan.study._gan import GanStudy
from overgan.training import SAMPLES


def content(study: GanStudy) -> Content:
    """All that the page says about the study."""
    spec, data = study.spec, study.description.data
    parts = [(name, part) for name in spec.evaluate.features for part in ("train", "test")]
    return Content(
        subtitle=f"{spec.model.name} WGAN-GP on {data['name']}: {len(spec.widths)} widths, "
        f"{len(spec.seeds)} seeds each, {spec.length}.",
        findings=findings(study),
        plots=figures(study),
        columns=[
            "k",
            "generator parameters",
            "critic parameters",
            "ms per run and iteration",
            *(f"{fid_label(name)}, {part}" for name, part in parts),
            "runs",
        ],
        rows=[_row(study, width, parts) for width in spec.widths],
        table_note="FID: mean ± standard deviation over the runs, at the last iteration.",
        method=_method(study),
        samples=_samples(study),
        data=f"images: {data['train']} training, {data['test']} held-out, SHA-256 {data['fingerprint']}",
    )


def _row(study: GanStudy, width: int, parts: Sequence[tuple[str, str]]) -> list[str]:
    counts, pace = study.description.parameters[width], study.group_status(width).seconds_each
    fids = []
    for name, part in parts:
        final = study.final(name)
        fids.append(mean_and_deviation(final[f"fid_{part}"][final.k == width]))
    milliseconds = f"{1000 * pace / len(study.spec.seeds):.2g}" if pace is not None else "–"
    return [str(width), f"{counts['generator']:,}", f"{counts['critic']:,}", milliseconds, *fids, state(study, width)]


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
        sentences.append(f"{sentence}.")
    sentences.append("These are not Inception's features: no number here compares with a published FID.")
    return [" ".join(sentences)]


def _samples(study: GanStudy) -> list[tuple[int, str]]:
    """Width, and the newest grid of its samples as a data URL."""
    grids = []
    for width in study.spec.widths:
        newest = max((study.group(width) / SAMPLES).glob("*.png"), default=None)
        if newest:
            grids.append((width, f"data:image/png;base64,{base64.b64encode(newest.read_bytes()).decode()}"))
    return grids
