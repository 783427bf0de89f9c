from ._budget import Afforded as Afforded, ForBudget as ForBudget, Pace as Pace
from ._comparison import Axis as Axis, Between as Between, GanComparison as GanComparison, compare_gans as compare_gans
from ._coordinates import BOUND as BOUND, Coordinates as Coordinates, coordinates as coordinates, power as power
from ._evaluate import LATER as LATER, later_rows as later_rows
from ._hours import Hours as Hours, hours as hours
from ._kind import KIND as KIND
from ._numbers import Numbers as Numbers, numbers as numbers, unseen as unseen
from ._pair import Pair as Pair
from ._race import costs as costs, raced as raced, values_in_order as values_in_order
from ._results import GanResults as GanResults
from ._spec import EvaluateConfig as EvaluateConfig, GanSpec as GanSpec
from ._study import GanStudy as GanStudy
from ._surface import Surface as Surface
from .networks import NETWORK_METRICS as NETWORK_METRICS
