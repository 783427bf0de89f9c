"""Metrics of networks at the newest checkpoint of a width."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import torch

from overgan.data import ImageSet
from overgan.errors import OverganError
from overgan.memory import is_out_of_memory
from overgan.metrics import Metric, Progress
from overgan.own import explained, is_own
from overgan.study._store import group_folder
from overgan.study.gan._checkpoints import newest_checkpoint
from overgan.study.gan._spec import GanSpec
from overgan.study.gan.networks._pair import Batch, Pair
from overgan.study.gan.networks._registry import NETWORK_METRICS
from overgan.training import LOG, Run, read_rows

SMALL = 1_000_000  # trained numbers of an MLP; a convolution takes ten times the work for each


def measure(
    folder: Path, spec: GanSpec, images: ImageSet, width: int, names: Sequence[str], device: str, progress: Progress
) -> Iterator[tuple[Run, int, dict[str, Any]]]:
    """Each run of a width that did not diverge, the checkpoint's iteration, and its row of these metrics.

    Raises OverganError if there is no checkpoint, or it is not of these networks, or a network or loss of the user's
    cannot be differentiated as often as a metric must.
    """
    checkpoint, tensors = newest_checkpoint(folder, spec, width)
    runs, batch = checkpoint.left(spec.train), Batch.of(spec, images.train, device)
    logged = {
        _key(row): row
        for row in read_rows(group_folder(folder, width), LOG)
        if row.get("iteration") == checkpoint.iteration
    }
    own = spec.model.own or is_own(spec.train.loss)
    for place, run in enumerate(runs):
        what = f"k = {width}, run {spec.train.name(run)}"
        pair = Pair.of(spec, width, images.shape, run, tensors, place, batch)
        pair.check_first(logged.get(_key(spec.train.row(run)), {}), what)
        row: dict[str, Any] = {}
        for name in names:
            progress(f"{name} at k = {width}", place, len(runs))
            metric = NETWORK_METRICS[name]
            small = SMALL if spec.model.name == "mlp" else SMALL / 10
            with _one_thread() if pair.size < small else nullcontext():
                row |= {"features": metric.row} | _values(metric, pair, what, own=own)
        progress(f"networks at k = {width}", place + 1, len(runs))
        yield run, checkpoint.iteration, row


@contextmanager
def _one_thread() -> Iterator[None]:
    """Threads wait for each other longer than they need for products as small as these: 20 times, on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _values(metric: Metric, pair: Pair, what: str, *, own: bool) -> dict[str, float]:
    """What a metric finds. Raises OverganError if memory runs out, or networks or loss are the user's own and fail."""
    mend = "what is your own must be differentiable again and again, in float64"
    try:
        if not own:
            return metric.values(pair)
        with explained(f"{metric.name} of {what} cannot be measured; {mend}", MemoryError):
            return metric.values(pair)
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        needs = "needs more memory than there is; measure it where there is more"
        raise OverganError(f"{metric.name} of {what} {needs}") from None


def _key(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row.get(name) for name in ("seed", "learning_rate_rule", "learning_rate"))
