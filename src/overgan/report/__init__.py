"""Figures and the HTML page of a study."""

from overgan.report._content import Content
from overgan.report._pages import PAGES, report_content
from overgan.report._plot import Panel, Plot, Series
from overgan.report._write import write_report

__all__ = ["PAGES", "Content", "Panel", "Plot", "Series", "report_content", "write_report"]
