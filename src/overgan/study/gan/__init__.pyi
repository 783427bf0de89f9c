from ._kind import KIND as KIND
from ._results import GanStudy as GanStudy
from ._spec import EvaluateConfig as EvaluateConfig, GanSpec as GanSpec
