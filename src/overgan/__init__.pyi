from . import metrics as metrics, theory as theory
from .errors import OverganError as OverganError
from .report import write_report as write_report
from .study import (
    Recommendation as Recommendation,
    Study as Study,
    load as load,
    recommend as recommend,
    run as run,
)
