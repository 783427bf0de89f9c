"""The Ray executor: a task of Ray for each group, on this machine or on a cluster."""

import io
import logging
import os
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, suppress
from pathlib import Path
from typing import Any

from overgan.errors import OverganError
from overgan.study._machine import cores
from overgan.study.execute._environment import worker_environment
from overgan.study.execute._executor import STOP_SECONDS, Elsewhere, Job, WorkerError
from overgan.study.execute._options import check_options, check_package, gpus
from overgan.study.execute._ray_task import Outcome, finish_on_node
from overgan.version import __version__

RETRIES = 10  # of a group whose node dies
STORE_BYTES = 2**27  # of Ray's own object store, which nothing is put into; near the least that it takes


class Ray(Elsewhere):
    """One task a group, the widest first; Ray tries it on another node when its own dies.

    Of a study that decides what to train next this process decides, once the groups of a round are finished.
    """

    def __init__(self) -> None:
        self._waiting: list[int] = []
        self._running: dict[Any, int] = {}  # Ray's reference to a task's result -> its width
        self._lost: list[str] = []
        self._notices: set[str] = set()
        self._ours = False  # whether this process started or joined Ray, and so leaves it

    @classmethod
    def check(cls, job: Job) -> None:
        """Raise OverganError if Ray is missing or an option is wrong."""
        check_package("ray")
        check_options(job, "ray", ("gpus",))
        gpus(job)

    def start(self, job: Job) -> None:
        """Start or join Ray, and hand it the tasks. Raises OverganError if there is none, or no GPU that is wanted."""
        import ray

        self._ours = not ray.is_initialized()
        if self._ours:
            _join(job.address, max(cores(), job.threads))
        device, share = _placed(job, ray.cluster_resources().get("GPU", 0.0))
        self._job, self._arguments = job, (job.store, job.threads, device, str(Path.cwd()), __version__)
        self._task = ray.remote(finish_on_node).options(
            num_cpus=job.threads,
            num_gpus=share,
            max_retries=RETRIES,
            runtime_env={"env_vars": worker_environment(job.threads)},
        )
        self._say_if_too_large(ray.nodes())
        self._waiting = sorted(job.widths, reverse=True)
        self._hand_over()

    def working(self) -> bool:
        """Whether a task is left.

        Raises OverganError at once, WorkerError when no other group is left or Ray is no longer there.
        """
        import ray

        try:
            ended, _ = ray.wait(list(self._running), num_returns=len(self._running), timeout=0)
            for task in ended:
                self._end(task, self._running.pop(task))
            if not (self._running or self._waiting or self._lost):
                self._waiting = sorted(self._job.following(), reverse=True)
            self._hand_over()
        except ConnectionError as error:  # of its client; to others it is an error of the disk
            raise WorkerError(f"Ray is no longer there ({error}); the same command goes on, once it is") from None
        if not self._running and self._lost:
            raise WorkerError(self._lost[0])
        return bool(self._running)

    def stop(self) -> None:
        """Tell the tasks to write a checkpoint, wait until they have, or some seconds, and leave Ray."""
        import ray

        if not ray.is_initialized():
            return  # else Ray would start one to ask
        with suppress(ray.exceptions.RayError, ConnectionError):
            for task in self._running:
                ray.cancel(task)  # an interrupt, which the task takes as the word to stop
            ended, _ = ray.wait(list(self._running), num_returns=len(self._running), timeout=STOP_SECONDS)
            for task in ended:
                with suppress(ray.exceptions.RayError):
                    self._pass_on(ray.get(task).notices)
        if self._ours:
            ray.shutdown()

    def _hand_over(self) -> None:
        while self._waiting and len(self._running) < self._job.workers:
            width = self._waiting.pop(0)
            self._running[self._task.remote(width, *self._arguments)] = width

    def _end(self, task: Any, width: int) -> None:
        import ray

        try:
            outcome: Outcome = ray.get(task)
        except ray.exceptions.RayError as error:  # a node that died too often, no memory
            first_line = next(iter(str(error).splitlines()), "")
            self._lose(width, f"{type(error).__name__}: {first_line}")
            return
        self._pass_on(outcome.notices)
        if outcome.mistake:
            raise OverganError(*outcome.mistake)
        if outcome.failure:
            log = self._job.folder / f"worker-k{width:04d}.log"
            log.write_text(outcome.failure, encoding="utf-8")
            self._lose(width, outcome.failure.splitlines()[-1], f"; its output is in {log}")

    def _lose(self, width: int, why: str, where: str = "") -> None:
        self._lost.append(
            f"the worker of k = {width} ended ({why}){where}; the same command goes on from the last checkpoint"
        )

    def _pass_on(self, notices: list[str]) -> None:
        for notice in notices:
            if notice not in self._notices:
                self._notices.add(notice)
                logging.getLogger(__name__).warning(notice)

    def _say_if_too_large(self, nodes: list[dict[str, Any]]) -> None:
        largest = max((node["Resources"].get("CPU", 0.0) for node in nodes if node["Alive"]), default=0.0)
        if self._job.threads > largest:
            self._pass_on(
                [
                    f"overgan: no node of Ray has {self._job.threads} cores for the threads of a group, but "
                    f"{largest:g} at most; nothing is trained before one joins, or fewer threads are asked for"
                ]
            )


def _placed(job: Job, there: float) -> tuple[str, float]:
    """What tasks run on, cpu or cuda, and the GPUs that each takes. Raises OverganError if there are none as wanted.

    there: GPUs of the cluster.
    """
    wanted, share = job.devices[0], gpus(job)
    if wanted == "cuda" or share:
        needed = share or 1.0
        if there < needed:
            raise OverganError(
                f"{{argument}} is {wanted}, but Ray has {there:g} of {needed:g} GPUs; add a node that has, or use cpu",
                "device",
            )
    if wanted == "cpu" or not there:
        return "cpu", 0.0
    return "cuda", share or 1.0


def _join(address: str, num_cpus: int) -> None:
    """Join the Ray at an address, or start one on this machine. Raises OverganError if that cannot be reached."""
    import ray

    started: dict[str, Any] = {"num_cpus": num_cpus, "include_dashboard": False, "object_store_memory": STORE_BYTES}
    known = "auto" if address == "auto" else f"ray://{address}" if address else "local"
    if not address:
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # else some versions warn of it
    try:
        with _handlers_kept(), _empty_folder(), redirect_stderr(io.StringIO()):
            ray.init(
                known,
                log_to_driver=False,
                logging_level=logging.CRITICAL,
                **({} if address else started),
            )
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        if address == "auto" and isinstance(error, ConnectionError) and not os.environ.get("RAY_ADDRESS"):
            raise OverganError(
                "{argument} ray://auto: no cluster of Ray runs on this machine, and RAY_ADDRESS names none; start one "
                "with ray start --head, or leave out ://auto for Ray on this machine alone",
                "executor",
            ) from None
        first_line = next(iter(str(error).splitlines()), type(error).__name__)
        raise OverganError(f"{{argument}}: Ray at {known} cannot be reached ({first_line})", "executor") from None


@contextmanager
def _handlers_kept() -> Iterator[None]:
    """Ray takes SIGTERM for itself; what stops a study in order is put back."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)


@contextmanager
def _empty_folder() -> Iterator[None]:
    """Be in an empty folder: Ray lets its workers import from the current one first, be it a user's random.py."""
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        yield
