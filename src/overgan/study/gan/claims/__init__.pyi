from ._claims import CLAIMS as CLAIMS
from ._gaps import MeasuredGap as MeasuredGap, measured_gaps as measured_gaps
