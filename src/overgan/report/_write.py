"""report.html: one page that opens offline, and the figures beside it, both made from the study's folder alone."""

from collections.abc import Iterable
from pathlib import Path

import yaml

from overgan.check import check
from overgan.report._answer import answer, lacking
from overgan.report._cards import arranged, called, interval, value
from overgan.report._files import write_files
from overgan.report._pages import report_content
from overgan.report._plot import to_html
from overgan.report._template import render
from overgan.study import Spec, fetch, for_reports, is_surface, load, publish, scale_warning
from overgan.words import number


def write_report(
    folder: str | Path,
    widths: Iterable[int] | None = None,
    *,
    figures: bool = True,
    refresh: int | None = None,
    trust: bool = False,
) -> Path:
    """Write report.html and figures/*, as PNG, PDF and SVG, into a study's folder, finished or not; the page's path.

    Of a study at an address they are written there; the path is that of the page on this machine.

    widths: by default all. Of some alone the page and the figures are beside those of all: report-k8-k16.html and
        figures-k8-k16/*.
    figures: whether figures/* are written; they take most of the time, and the page does without them.
    refresh: seconds after which the page, open in a browser, loads itself anew; by default never.
    trust: as in `overgan.load`. Without it the numbers of metrics of the user's own are left out, with a notice.

    Of several studies of one spec the page is their comparison, with the surface over both widths.

    Raises OverganError if there is no study in the folder, it has no such width, or it cannot be written.
    """
    if is_surface(folder):
        check(widths is None, "widths", widths, "left out of a folder of several studies")
        from overgan.report._surface import write_surface  # which imports PyTorch, as theory studies do not need

        return write_surface(Path(folder), figures=figures, refresh=refresh, trust=trust)
    study = load(folder, trust)
    fetch(study.folder, for_reports)
    study = study if widths is None else study.narrowed(widths)
    of = "".join(f"-k{width}" for width in study.spec.widths) if study.shown else ""
    with study.naming():
        content = report_content(study)
        said, missing = answer(study), lacking(study)
        diverged = any(group.diverged for group in study.status())
    cards, plots = arranged(content)
    page = render(
        "page.html.j2",
        plots=bool(content.all_plots),
        title=study.spec.name,
        subtitle=content.subtitle,
        warning=scale_warning(study.spec),
        shown=study.shown,
        description=study.description,
        content=content,
        answer=said,
        lacking=missing,
        diverged=diverged,
        images=f"figures{of}" if figures else "",
        cards=cards,
        other_plots=plots,
        called=called,
        interval=interval,
        value=value,
        number=number,
        refresh=refresh,
        to_html=to_html,
        yaml=_yaml(study.description.spec),
    )
    path = study.folder / f"report{of}.html"
    write_files(path, page, content.all_plots if figures else (), study.folder / f"figures{of}")
    publish(study.folder)
    return path


def _yaml(spec: Spec) -> str:
    values = spec.model_dump(mode="json", exclude={"scale"})
    text: str = yaml.safe_dump(values, sort_keys=False, allow_unicode=True)
    return text
