"""The page of each kind of study; to add one is to add a line."""

from collections.abc import Sequence
from dataclasses import replace
from types import FunctionType

from overgan.registry import Registry
from overgan.report._content import Content, Section
from overgan.report._map import Map
from overgan.report._plot import Plot
from overgan.study import Study, at_scale

OTHER = "other"  # of kinds that have no page of their own
PAGES: Registry[FunctionType] = Registry(
    "page",
    FunctionType,
    {
        "gan": "overgan.report.pages._gan:content",
        "shallow": "overgan.report.pages._shallow:content",
        "prediction": "overgan.report.pages._prediction:content",
        "certificate": "overgan.report.pages._certificate:content",
        OTHER: "overgan.report.pages._other:content",
    },
)


def report_content(study: Study) -> Content:
    """All that the report says, by the page that the name of the study's kind chooses.

    The titles of the figures say the scale of a scaled study, and how many widths a narrowed one has.
    """
    spec = study.spec
    content: Content = PAGES[spec.kind if spec.kind in PAGES else OTHER](study)
    note = f" ({at_scale(spec)})" if spec.scale != 1 else ""
    note += f" ({study.shown.partition(':')[0]})" if study.shown else ""
    return replace(
        content, plots=_noted(content.plots, note), section=content.section and _section(content.section, note)
    )


def _section(section: Section, note: str) -> Section:
    return replace(section, plots=_noted(section.plots, note))


def _noted(plots: Sequence[Plot | Map], note: str) -> list[Plot | Map]:
    return [replace(plot, title=plot.title + note) for plot in plots]
