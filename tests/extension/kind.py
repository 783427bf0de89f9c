"""A kind of study in one file: how often a coin of bias 1/k falls on heads."""

import numpy as np
from pydantic import Field

from overgan.disk import read_table, write_table
from overgan.study import Cost, Facts, GroupStatus, Kind, Spec, Study, group_folder, multiplied, recommend


class CoinSpec(Spec):
    tosses: int = Field(100, ge=1, description="of a run")


class CoinStudy(Study):
    def frame(self):
        return self._rows("tosses.jsonl", ["k", "seed", "heads"])

    def recommend(self, tolerance=None, confidence=0.95):
        frame = self.frame()
        heads = {k: frame.heads[frame.k == k].to_numpy() for k in self.spec.widths}
        return recommend(heads, 0.05, confidence, quantity="share of heads")

    def group_status(self, width):
        done = len(read_table(self.group(width) / "tosses.jsonl"))
        seeds = len(self.spec.seeds)
        return GroupStatus(width, "run", done, seeds, 0.0, "", 0, done == seeds)


def worker(spec, folder, _threads, _device):
    def work(width, _stopping):
        rows = [
            {"seed": seed, "heads": float((np.random.default_rng(seed).random(spec.tosses) < 1 / width).mean())}
            for seed in spec.seeds
        ]
        write_table(group_folder(folder, width) / "tosses.jsonl", rows)

    return work


COIN = Kind(
    spec=CoinSpec,
    study=CoinStudy,
    subject=lambda _spec: "a coin",
    length=lambda spec: f"{spec.tosses} tosses",
    scaled=lambda spec, factor, given: multiplied(spec, factor, given, tosses=1),
    facts=lambda _spec: Facts(),
    cost=Cost(
        paces=lambda spec, _threads: {k: {"toss": 1e-6} for k in spec.widths},
        times=lambda spec, _threads: {"toss": spec.tosses * len(spec.seeds)},
    ),
    worker=worker,
)
