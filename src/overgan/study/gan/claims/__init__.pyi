from ._balance import surface_claim as surface_claim
from ._claims import CLAIMS as CLAIMS
from ._convergence import Speed as Speed, speed as speed
from ._gaps import MeasuredGap as MeasuredGap, measured_gaps as measured_gaps
from ._laziness import Moved as Moved, half_error as half_error, lazy_verdict as lazy_verdict, moved as moved
from ._runs import Course as Course
from ._stability import Steadiness as Steadiness, steadiness as steadiness
