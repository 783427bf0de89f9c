from ._adding import train_seeds as train_seeds
from ._best import best_distance as best_distance, best_rate as best_rate, best_rows as best_rows
from ._check_loss import check_loss as check_loss
from ._checkpoint import load_checkpoint as load_checkpoint, load_tensors as load_tensors, resume as resume
from ._config import TrainConfig as TrainConfig
from ._coordinates import UPDATES as UPDATES, Change as Change, Slope as Slope, changes as changes, slopes as slopes
from ._cost import checkpoint_bytes as checkpoint_bytes, products_an_iteration as products_an_iteration
from ._generate import blocks as blocks, generate as generate, load_generator as load_generator
from ._index import (
    ADDING as ADDING,
    EVALUATIONS as EVALUATIONS,
    INDEX as INDEX,
    LOG as LOG,
    NEIGHBOURS as NEIGHBOURS,
    PREVIOUS as PREVIOUS,
    PROGRESS as PROGRESS,
    SAMPLES as SAMPLES,
    Checkpoint as Checkpoint,
    counted_rows as counted_rows,
    newest as newest,
    read_checkpoint as read_checkpoint,
    read_rows as read_rows,
    rows_of as rows_of,
    seeds_of as seeds_of,
)
from ._loop import (
    GRID_COLUMNS as GRID_COLUMNS,
    NEIGHBOUR_ROWS as NEIGHBOUR_ROWS,
    Group as Group,
    train_group as train_group,
)
from ._memory import train_in_memory as train_in_memory
from ._merge import merge as merge
from ._replicas import Replicas as Replicas
from ._rules import Scale as Scale, scales as scales
from ._runs import RULES as RULES, Rule as Rule, Run as Run
from ._streams import Streams as Streams, stream as stream
from .losses import LOSSES as LOSSES, Given as Given, Loss as Loss
