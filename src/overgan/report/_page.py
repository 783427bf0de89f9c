"""report.html: one page that opens offline, and the PNG figures beside it, both made from the study's folder alone."""

from importlib import import_module
from importlib.resources import files
from pathlib import Path

import jinja2
import plotly.offline
from omegaconf import OmegaConf

from overgan.errors import OverganError
from overgan.files import write_atomic
from overgan.report._content import Content
from overgan.report._plot import to_html, to_png
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
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string((files("overgan.report") / "page.html.j2").read_text(encoding="utf-8"))
    page = template.render(
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
