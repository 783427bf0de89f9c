"""Width studies of GANs: their spec and their results."""

from overgan.study.gan._kind import KIND
from overgan.study.gan._results import GanStudy
from overgan.study.gan._spec import EvaluateConfig, GanSpec

__all__ = ["KIND", "EvaluateConfig", "GanSpec", "GanStudy"]
