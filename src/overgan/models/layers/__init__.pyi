from ._blocks import Lanes as Lanes, fold as fold, unfold as unfold
from ._conv import ReplicaConv2d as ReplicaConv2d
from ._gradients import input_gradients_only as input_gradients_only
from ._leaky_relu import leaky_relu as leaky_relu
from ._linear import ReplicaLinear as ReplicaLinear, ReplicaScore as ReplicaScore
from ._norm import ReplicaBatchNorm as ReplicaBatchNorm, ReplicaLayerNorm as ReplicaLayerNorm
from ._resample import down as down, up as up
from ._weighted import Weighted as Weighted
