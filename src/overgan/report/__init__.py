"""Figures and the HTML page of a study; the table and the page of an evaluation."""

from overgan.report._content import Content
from overgan.report._evaluation import COLUMNS, evaluation_table, write_evaluation
from overgan.report._page import content, write_report

__all__ = ["COLUMNS", "Content", "content", "evaluation_table", "write_evaluation", "write_report"]
