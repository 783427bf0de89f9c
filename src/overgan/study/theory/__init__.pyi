from ._certificate import CertificateSpec as CertificateSpec, CertificateStudy as CertificateStudy
from ._prediction import (
    MEASURED as MEASURED,
    PREDICTED as PREDICTED,
    PredictionSpec as PredictionSpec,
    PredictionStudy as PredictionStudy,
)
from ._results import TheoryStudy as TheoryStudy
from ._runs import Curves as Curves
from ._shallow import ShallowSpec as ShallowSpec, ShallowStudy as ShallowStudy
