from ._defaults import Defaults as Defaults, defaults as defaults
from ._loss import Given as Given, Loss as Loss, PerReplica as PerReplica
from ._registry import LOSSES as LOSSES
