from ._balance import balance as balance, may_be_best as may_be_best
from ._budget import MOST as MOST, Expected as Expected, closest as closest
from ._by_race import by_race as by_race, odds as odds
from ._change import (
    Change as Change,
    best_change as best_change,
    best_verdict as best_verdict,
    doubling_verdict as doubling_verdict,
    last_doubling as last_doubling,
    why_no_change as why_no_change,
)
from ._claim import Claim as Claim, Estimate as Estimate, Verdict as Verdict
from ._contrast import Draws as Draws, Interval as Interval, interval as interval, means_of as means_of
from ._copies import COPIES as COPIES, Copied as Copied, border as border, copied as copied
from ._curves import FEWEST as FEWEST, Extrapolated as Extrapolated, extrapolate as extrapolate
from ._differences import Difference as Difference, differences as differences
from ._disagreement import disagreement as disagreement
from ._equal_cost import COMPARABLE as COMPARABLE, AtCost as AtCost, at_equal_cost as at_equal_cost
from ._exponent import Exponent as Exponent, exponent as exponent
from ._gap import Gap as Gap, gaps as gaps
from ._gap_growth import (
    Growth as Growth,
    gap_growth as gap_growth,
    growth_verdict as growth_verdict,
    why_no_growth as why_no_growth,
)
from ._kendall import Kendall as Kendall, kendall as kendall, verdict as verdict
from ._left_out import LeftOut as LeftOut, leave_one_out as leave_one_out
from ._longer import Outlook as Outlook, outlooks as outlooks, worth_longer as worth_longer
from ._missing import missing as missing
from ._next import Wanted as Wanted, needed as needed, next_seeds as next_seeds
from ._pace import (
    common_target as common_target,
    iterations_to as iterations_to,
    iterations_to_final as iterations_to_final,
    mean_level as mean_level,
)
from ._pairs import as_judged as as_judged
from ._posterior import probabilities as probabilities
from ._race import Standing as Standing, standing as standing
from ._reach import within_reach as within_reach
from ._recommend import Recommendation as Recommendation, recommend as recommend
from ._settled import EVALUATIONS as EVALUATIONS, curves_of as curves_of, trends as trends
from ._shares import runs_needed as runs_needed
from ._spread import cautious as cautious
from ._steps import Scaling as Scaling, scaling as scaling
from ._student import student_half as student_half
from ._transfer import Transfer as Transfer, transfer as transfer
from ._variation import relative_spread as relative_spread, variation as variation
from ._width_law import Predicted as Predicted, next_width as next_width, why_no_law as why_no_law
