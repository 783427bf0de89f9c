"""Studies of the paper's theory: their specs and their results."""

from overgan.study.theory._certificate import CertificateSpec, CertificateStudy
from overgan.study.theory._prediction import MEASURED, PREDICTED, PredictionSpec, PredictionStudy
from overgan.study.theory._results import TheoryStudy
from overgan.study.theory._shallow import ShallowSpec, ShallowStudy

__all__ = [
    "MEASURED",
    "PREDICTED",
    "CertificateSpec",
    "CertificateStudy",
    "PredictionSpec",
    "PredictionStudy",
    "ShallowSpec",
    "ShallowStudy",
    "TheoryStudy",
]
