from ._lanes import LANES as LANES
from ._trust import Compiled as Compiled, compiled as compiled
