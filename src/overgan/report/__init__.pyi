from ._content import Content as Content
from ._evaluation import (
    COLUMNS as COLUMNS,
    evaluation_table as evaluation_table,
    write_evaluation as write_evaluation,
)
from ._pages import PAGES as PAGES, report_content as report_content
from ._plot import Panel as Panel, Plot as Plot, Series as Series
from ._write import write_report as write_report
