"""report.html: one page that opens offline, and the PNG figures beside it, both made from the study's folder alone."""

from importlib import import_module
from pathlib import Path

import plotly.offline
from omegaconf import OmegaConf

from overgan.disk import write_atomic
from overgan.errors import OverganError
from overgan.report._content import Content
from overgan.report._plot import to_html, to_png
from overgan.report._template import template
from overgan.study import Study, load

PAGE = "report.html"


def content(study: Study) -> Content:
    """What the report says, from the module of the study's kind."""
    said: Content = import_module(f"overgan.report._{study.spec.kind}").content(study)
    return said


def write_report(folder: str | Path) -> Path:
    """Write report.html and figures/*.png into a study's folder, finished or not; the page's path.

    Raises OverganError if there is no study in the folder or it cannot be written.
    """
    study = load(folder)
    said = content(study)
    page = template("page.html.j2").render(
        title=study.spec.name,
        spec=study.spec,
        description=study.description,
        content=said,
        plotly=plotly.offline.get_plotlyjs(),
        plots=[to_html(plot) for plot in said.plots],
        yaml=OmegaConf.to_yaml(OmegaConf.create(study.spec.model_dump(mode="json", exclude={"scale"}))),
    )
    path = study.folder / PAGE
    try:
        for plot in said.plots:
            write_atomic(study.folder / "figures" / f"{plot.name}.png", to_png(plot))
        write_atomic(path, page.encode())
    except OSError as error:
        raise OverganError(f"{path} cannot be written ({error}); make room or free the folder") from None
    return path
