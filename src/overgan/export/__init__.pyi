from ._export import Exported as Exported, export_study as export_study
from ._format import Chosen as Chosen
from ._merge import merge as merge
from ._out import Out as Out
from ._registries import FORMATS as FORMATS, TRACKERS as TRACKERS
from ._rows import Point as Point
from ._tracker import Tracker as Tracker
