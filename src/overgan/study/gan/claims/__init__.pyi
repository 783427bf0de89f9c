from ._claims import CLAIMS as CLAIMS
from ._convergence import Speed as Speed, speed as speed
from ._runs import Course as Course
