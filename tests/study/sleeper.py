"""Kinds of study whose runs take their time but no processor, or fail; and Slurm on this machine, by submitit."""

import time
from dataclasses import replace

from overgan.disk import read_jsonl, write_jsonl
from overgan.study import Elsewhere, group_folder
from overgan.study.execute._slurm import Slurm
from tests.extension.kind import COIN

FILE, RUN_SECONDS = "tosses.jsonl", 0.25


def worker(spec, folder, _threads, _device):
    def work(width, stopping):
        path = group_folder(folder, width) / FILE
        rows = read_jsonl(path)
        for seed in spec.seeds[len(rows) :]:
            time.sleep(RUN_SECONDS)
            rows.append({"seed": seed, "heads": time.time()})
            write_jsonl(path, rows)
            if stopping():
                return

    return work


def broken(spec, folder, threads, device):
    work = COIN.worker(spec, folder, threads, device)

    def break_down(width, stopping):
        if width == 4 and not (folder / "mended").exists():
            raise RuntimeError("no luck")
        work(width, stopping)

    return break_down


SLEEPER, BROKEN = replace(COIN, worker=worker), replace(COIN, worker=broken)


class SlurmHere(Slurm):
    """Processes on this machine, with a time limit of 20 s and a signal 14 s before."""

    cluster = "local"

    @classmethod
    def parameters(cls, job):
        return {"local_timeout_min": 20 / 60, "local_signal_delay_s": 14}


class Submitted(Elsewhere):
    """An executor whose workers are started by the test."""

    detached = True

    @classmethod
    def check(cls, job):
        pass

    def start(self, job):
        pass

    def working(self):
        return False

    def stop(self):
        pass
