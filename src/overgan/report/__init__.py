"""Figures and the HTML page."""

from overgan.report._content import Content
from overgan.report._page import content, write_report

__all__ = ["Content", "content", "write_report"]
