from . import (
    data as data,
    export as export,
    figures as figures,
    metrics as metrics,
    models as models,
    report as report,
    study as study,
    theory as theory,
    training as training,
)
from .errors import OverganError as OverganError
from .export import export_study as export_study, merge as merge
from .report import Comparison as Comparison, compare as compare, write_report as write_report
from .study import (
    Coordinates as Coordinates,
    Plan as Plan,
    Recommendation as Recommendation,
    Study as Study,
    coordinates as coordinates,
    load as load,
    plan as plan,
    recommend as recommend,
    run as run,
)
from .version import __version__ as __version__
