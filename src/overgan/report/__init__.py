"""Figures and the HTML page."""

from overgan.report._figures import figures
from overgan.report._page import write_report

__all__ = ["figures", "write_report"]
