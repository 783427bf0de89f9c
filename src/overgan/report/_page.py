"""report.html: one page that opens offline, and the PNG figures beside it, both made from the study's folder alone."""

import base64
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import jinja2
import plotly.offline
from omegaconf import OmegaConf

from overgan.errors import OverganError
from overgan.files import write_atomic
from overgan.report._figures import fid_label, figures
from overgan.report._findings import findings
from overgan.report._plot import to_html, to_png
from overgan.study import Study, load
from overgan.training import SAMPLES

PAGE = "report.html"


@dataclass(frozen=True)
class Row:
    """A line of the page's table: one width."""

    width: int
    generator: int
    critic: int
    milliseconds: str  # per run and iteration
    fids: list[str]
    state: str


def write_report(folder: str | Path) -> Path:
    """Write report.html and figures/*.png into a study's folder, finished or not; the page's path.

    Raises OverganError if there is no study in the folder or it cannot be written.
    """
    study = load(folder)
    plots = figures(study)
    features = study.spec.evaluate.features
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string((files("overgan.report") / "page.html.j2").read_text(encoding="utf-8"))
    page = template.render(
        spec=study.spec,
        description=study.description,
        plotly=plotly.offline.get_plotlyjs(),
        findings=findings(study),
        plots=[to_html(plot) for plot in plots],
        fid_columns=[f"{fid_label(name)}, {part}" for name in features for part in ("train", "test")],
        rows=[_row(study, width) for width in study.spec.widths],
        samples=_samples(study),
        yaml=OmegaConf.to_yaml(OmegaConf.create(study.spec.model_dump(mode="json", exclude={"scale"}))),
    )
    path = study.folder / PAGE
    try:
        for plot in plots:
            write_atomic(study.folder / "figures" / f"{plot.name}.png", to_png(plot))
        write_atomic(path, page.encode())
    except OSError as error:
        raise OverganError(f"{path} cannot be written ({error}); make room or free the folder") from None
    return path


def _row(study: Study, width: int) -> Row:
    status = next(group for group in study.status() if group.width == width)
    pace = status.seconds_per_iteration
    fids = []
    for name in study.spec.evaluate.features:
        final = study.final(name)
        runs = final[final.k == width]
        for part in ("fid_train", "fid_test"):
            spread = f" ± {runs[part].std():.2g}" if len(runs) > 1 else ""
            fids.append(f"{runs[part].mean():.3g}{spread}" if len(runs) else "–")
    count = len(study.spec.seeds)
    done = f"{count - len(status.diverged)} of {count} runs finished" if status.complete else "under way"
    diverged = f", {len(status.diverged)} diverged" if status.diverged else ""
    return Row(
        width=width,
        generator=study.description.parameters[width]["generator"],
        critic=study.description.parameters[width]["critic"],
        milliseconds=f"{1000 * pace / count:.2g}" if pace is not None else "–",
        fids=fids,
        state=done + diverged,
    )


def _samples(study: Study) -> list[tuple[int, str]]:
    """Width, and the newest grid of its samples as a data URL."""
    grids = []
    for width in study.spec.widths:
        newest = max((study.group(width) / SAMPLES).glob("*.png"), default=None)
        if newest:
            grids.append((width, f"data:image/png;base64,{base64.b64encode(newest.read_bytes()).decode()}"))
    return grids
