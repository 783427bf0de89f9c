from ._compare import compare as compare
from ._comparison import Comparison as Comparison
from ._content import Content as Content
from ._coordinates import write_coordinates as write_coordinates
from ._evaluation import (
    COLUMNS as COLUMNS,
    STUDY_COLUMNS as STUDY_COLUMNS,
    errors_note as errors_note,
    evaluation_notes as evaluation_notes,
    evaluation_table as evaluation_table,
    study_table as study_table,
    write_evaluation as write_evaluation,
)
from ._narrow_and_wide import narrow_and_wide as narrow_and_wide
from ._pages import PAGES as PAGES, report_content as report_content
from ._plot import Panel as Panel, Plot as Plot, Series as Series, saved as saved
from ._ticks import log_ticks as log_ticks, plain as plain
from ._write import write_report as write_report
