"""What a study's numbers mean."""

from overgan.study.analysis._reach import within_reach
from overgan.study.analysis._recommend import Recommendation, recommend

__all__ = ["Recommendation", "recommend", "within_reach"]
