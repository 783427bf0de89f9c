"""Neural net divergence: how far a critic, trained for nothing else, tells generated images from real ones."""

import hashlib
import json
import logging
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from overgan.check import check
from overgan.data import Subset
from overgan.disk import notice, read_tensors, sha256, try_lock, write_tensors
from overgan.errors import OverganError
from overgan.metrics._metric import Column, Estimate, Metric, Setting
from overgan.metrics._sample import Images
from overgan.metrics.nnd._config import NNDConfig
from overgan.metrics.nnd._critic import Divergence

CRITIC = "critic"  # the features of its row
STATE = "nnd.safetensors"
MIN_PIXELS = 8
CHECK_EVERY = 100  # updates between two looks at the loss, which a GPU must be waited for


@dataclass(frozen=True)
class NND:
    """A neural net divergence, usable as a float.

    value: wasserstein − gradient_penalty · penalty, with the averaged critic.
    standard_error: of value over the batches of the evaluation. It is that of the critic and images at hand; another
    seed, or other images, differ by more.
    wasserstein: E D(real) − E D(fake).
    penalty: E (slope − 1)².
    """

    value: float
    standard_error: float
    wasserstein: float
    penalty: float

    def __float__(self) -> float:
        return self.value


class NNDStopped(Exception):  # noqa: N818 - no error: it was asked for
    """`stopping` said yes; what was done is in `folder`, if there is one."""


def neural_net_divergence(
    real: UInt8[np.ndarray, "images h w c"],
    generated: UInt8[np.ndarray, "samples h w c"],
    iterations: int | None = None,
    config: NNDConfig | None = None,
    *,
    seed: int = 0,
    device: str = "cpu",
    folder: Path | None = None,
    stopping: Callable[[], bool] = lambda: False,
    progress: Callable[[int, int], None] | None = None,
) -> NND:
    """The value that a fresh critic reaches between real, held-out images and generated ones (paper, Fig. 6).

    NND = E D(real) − E D(fake) − 10 E (√(ε + ‖∇D(x̂)‖²) − 1)², the WGAN-GP objective with its penalty (Gulrajani,
    Raffel and Metz, "Towards GAN benchmarks which require generalization", ICLR 2019). Images are drawn with
    replacement, and a critic learns those it sees again and again: compare only values of equally many images, and of
    one config.

    real, generated: at least 2 images each, of one size of at least 8 × 8 pixels and with the same channels.
    iterations: updates of the critic; by default those of config.
    config: everything else; by default as in that article: 100,000 updates of a DCGAN critic of width 64 in batches
    of 256, and an evaluation of its moving average over 10,000 batches more.
    seed: of initialization, batches, dither and mixing; on one machine's CPU, with as many threads, equal seeds give
    equal bits.
    device: PyTorch's name of it.
    folder: takes the state, nnd.safetensors, every config.checkpoint_seconds and at the end. From one of the same
    images, config and seed it goes on, and the result has the same bits as without the interruption; a damaged one is
    left, with a notice, and computed anew.
    stopping: asked after every step; when it says yes, the state is written and NNDStopped is raised.
    progress: called after every step with the steps done and all steps.

    Raises ValueError on other images or a bad config; OverganError if the state in folder is that of other arguments,
    or if the critic diverged; NNDStopped.
    """
    config = config or NNDConfig()
    if iterations is not None:
        config = NNDConfig(**config.model_dump() | {"iterations": iterations})
    check_images(real, generated)
    real_images, generated_images = (torch.from_numpy(np.array(images, order="C")) for images in (real, generated))
    divergence = Divergence(real_images, generated_images, config, seed, device)
    file = folder / STATE if folder else None
    problem = _fingerprint(real_images, generated_images, config, seed) if file else ""
    if file and file.exists():
        _restore(divergence, file, problem)

    saved = time.monotonic()
    done, total = divergence.steps
    while done < total:
        divergence.step()
        done, total = divergence.steps
        if (done % CHECK_EVERY == 0 or done >= config.iterations) and not divergence.finite:
            raise OverganError(
                f"NND: the critic diverged within {divergence.iteration} iterations; lower its learning_rate"
            )
        if progress:
            progress(done, total)
        stop = done < total and stopping()
        if file and (stop or done == total or time.monotonic() - saved >= config.checkpoint_seconds):
            write_tensors(file, divergence.tensors(), problem)
            saved = time.monotonic()
        if stop:
            raise NNDStopped
    return summary(divergence.evaluations, config.gradient_penalty)


def _restore(divergence: Divergence, file: Path, problem: str) -> None:
    """Go on from the state in the file, unless it is damaged, which is told in a notice."""
    try:
        tensors, problem_of_file, _ = read_tensors(file, mend="it is computed from the beginning")
    except OverganError as error:
        notice(error.message, file)
        return
    if problem_of_file != problem:
        raise OverganError(
            f"{file} is the state of an NND of other images, settings or seed; choose another folder or remove it"
        )
    divergence.restore(tensors)


def summary(evaluations: list[tuple[float, float]], gradient_penalty: float) -> NND:
    """The means over batches of (Wasserstein part, penalty), and the standard error of the value's."""
    wasserstein, penalty = np.array(evaluations).T
    values = wasserstein - gradient_penalty * penalty
    error = values.std(ddof=1) / math.sqrt(len(values))
    return NND(float(values.mean()), float(error), float(wasserstein.mean()), float(penalty.mean()))


def check_images(real: np.ndarray, generated: np.ndarray) -> None:
    """Raise ValueError, naming the argument, unless NND is defined between them."""
    for name, images in (("real", real), ("generated", generated)):
        whole = images.ndim == 4 and len(images) >= 2 and min(images.shape[1:3]) >= MIN_PIXELS and images.shape[3] >= 1
        found = f"an array {images.shape} of {images.dtype}"
        needed = f"uint8 images (at least 2, height, width, channels) of {MIN_PIXELS} × {MIN_PIXELS} pixels or more"
        check(whole and images.dtype == np.uint8, name, found, needed)
    same = real.shape[1:] == generated.shape[1:]
    check(same, "generated", f"of images {generated.shape[1:]}", f"of images like those of real, {real.shape[1:]}")


def _fingerprint(real: Tensor, generated: Tensor, config: NNDConfig, seed: int) -> str:
    """SHA-256 of all that the result depends on, as far as it is ours."""
    digest = hashlib.sha256()
    for images in (real, generated):
        digest.update(repr(tuple(images.shape)).encode())
        digest.update(images.numpy().data)
    digest.update(json.dumps([config.model_dump(exclude={"checkpoint_seconds", "memorized"}), seed]).encode())
    return digest.hexdigest()


def _nnd(generated: Images, real: Mapping[str, Images], setting: Setting) -> dict[str, Estimate]:
    """The divergence of generated images, and of a generator that has memorized some of the training images."""

    def divergence(images: Images, name: str, folder: Path | None) -> Estimate:
        result = neural_net_divergence(
            np.asarray(real["test"][:]),
            np.asarray(images[:]),
            config=setting.nnd,
            device=setting.device,
            folder=folder,
            stopping=setting.stopping,
            progress=partial(setting.progress, f"NND of {name} images"),
        )
        return Estimate(result.value, result.standard_error)

    values = {"nnd": divergence(generated, "generated", setting.folder)}
    if "train" in real:
        # computed once: its last state stays in the cache, where other processes wait for it
        config = setting.nnd.model_dump_json(exclude={"checkpoint_seconds"})
        key = sha256(f"{sorted(setting.checksums.items())} {config} {version('torch')}".encode())[:32]
        shared = setting.cache / f"nnd-{key}"
        with _kept(shared) as folder:
            memorized = np.random.default_rng(0).permutation(len(real["train"]))[: setting.nnd.memorized]
            values["nnd_memorized"] = divergence(Subset(real["train"], memorized), "memorized", folder)
    return values


@contextmanager
def _kept(folder: Path) -> Iterator[Path | None]:
    """Hold the folder, so that others wait for what is computed there; yields None where it cannot be written."""
    with ExitStack() as stack:
        try:
            stack.enter_context(try_lock(folder, timeout=-1))
        except OSError as error:
            reason = error.strerror or error
            logging.getLogger(__name__).warning(
                f"overgan: {folder.parent} cannot be written ({reason}), so every process computes what it would keep"
            )
            yield None
        else:
            yield folder


METRIC = Metric(
    "nnd",
    _nnd,
    (
        Column("nnd", "NND", less_is_better=True, sides=("test",)),
        Column("nnd_memorized", "NND of memorized training images", sides=("test",)),
    ),
    needs="images",
    sides=("test",),
    least_pixels=MIN_PIXELS,
    row=CRITIC,
)
