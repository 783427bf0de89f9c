"""What a GAN's width study needs on disk, before it begins."""

import math

from overgan.data import image_shape
from overgan.metrics import METRICS, NEIGHBOURS
from overgan.pictures import GAP, LINE, SMALLEST
from overgan.study.gan._spec import GanSpec
from overgan.training import GRID_COLUMNS, LOSSES, NEIGHBOUR_ROWS, checkpoint_bytes

KEPT = 2  # checkpoints of a group
NUMBER, ROW = 60, 220  # bytes of a number with its name, and of what else a row has, at most
LOGGED = 4  # numbers of a row of losses, beside those of the loss itself
ENDS = 3  # numbers of a metric's column: the value, its error, and of what that is
PAGE = 16 * 2**20  # the library that draws the report, and figures, beside samples and rows


def storage(spec: GanSpec) -> dict[str, int]:
    """Bytes at most, by what they are."""
    shape, widths = image_shape(spec.data), spec.widths
    seeds = len(spec.seeds)  # that of each seed's best run is kept in pictures
    evaluations = -(-spec.train.iterations // spec.train.evaluate_every)
    grid, neighbours = _grid(shape, seeds), seeds * _neighbours(spec, shape)
    runs = {width: spec.seeds_at(width) * spec.runs_a_seed for width in widths}
    rows = sum(runs.values()) * _rows(spec, evaluations)
    more = {"dither": spec.data.dither, "average": spec.train.average is not None}
    checkpoints = sum(checkpoint_bytes(spec.model, width, shape, of, **more) for width, of in runs.items())
    return {
        "checkpoints": KEPT * checkpoints,
        "pictures": len(widths) * (evaluations * grid + neighbours),
        "rows": rows,
        "report": PAGE + 2 * len(widths) * (grid + neighbours) + rows,  # as text, pictures take 4/3 of their bytes
    }


def _grid(shape: tuple[int, int, int], seeds: int) -> int:
    height, width, _ = shape
    return _png(seeds * (height + LINE) + LINE, GRID_COLUMNS * (width + LINE) + LINE)


def _neighbours(spec: GanSpec, shape: tuple[int, int, int]) -> int:
    """Of a seed."""
    if "memorization" not in spec.evaluate.all_metrics:
        return 0
    times = max(1, math.ceil(SMALLEST / min(shape[:2])))
    height, width = (times * pixels + LINE for pixels in shape[:2])
    spaces = {"pixels", *spec.evaluate.features}
    return len(spaces) * _png(NEIGHBOUR_ROWS * height, (1 + NEIGHBOURS) * width + GAP)


def _png(height: int, width: int) -> int:
    """Bytes of a picture in colour that cannot be compressed."""
    return 1_000 + math.ceil(1.01 * 3 * height * width)


def _rows(spec: GanSpec, evaluations: int) -> int:
    """Of a run: its losses, and its metrics in every feature space, the last with all metrics, and the critic's."""
    config = spec.evaluate
    logged = spec.train.iterations // spec.train.log_every + evaluations
    losses = ROW + NUMBER * (LOGGED + len(LOSSES[spec.train.loss].logs))
    keys = {name: sum(len(column.keys) for column in METRICS[name].columns) for name in config.all_metrics}
    on_the_way, last = (
        (1 + len(config.features)) * (ROW + NUMBER * ENDS * sum(keys[name] for name in names))
        for names in (config.metrics, config.all_metrics)
    )
    both = 2 if spec.train.average else 1  # an average, and the last weights
    return logged * losses + both * ((evaluations - 1) * on_the_way + last)
