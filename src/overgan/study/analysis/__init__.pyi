from ._disagreement import disagreement as disagreement
from ._gap import Gap as Gap, gaps as gaps
from ._missing import missing as missing
from ._pairs import as_judged as as_judged
from ._posterior import probabilities as probabilities
from ._race import (
    Standing as Standing,
    Wanted as Wanted,
    needed as needed,
    next_seeds as next_seeds,
    standing as standing,
)
from ._reach import within_reach as within_reach
from ._recommend import Recommendation as Recommendation, recommend as recommend
from ._settled import EVALUATIONS as EVALUATIONS, trends as trends
from ._shares import runs_needed as runs_needed
from ._spread import cautious as cautious
from ._steps import Scaling as Scaling, scaling as scaling
from ._transfer import Transfer as Transfer, transfer as transfer
