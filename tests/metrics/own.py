"""Metrics, feature spaces and mistakes as a user would write them."""

import numpy as np

from overgan.metrics import Column, Estimate, Metric, Space, each_side


def brightness(generated, real):
    return {"gap": Estimate(abs(float(generated.features.mean() - real.features.mean())), 0.5)}


gap = Metric("gap", each_side(brightness), (Column("gap_{side}", "gap of means", unit="levels", less_is_better=True),))


def factory():
    return gap


def spread(generated, real, setting):
    """Of pixels as they are; what it was given stands in what it returns."""
    return {"spread": np.asarray(generated[:]).std(), "on_gpu": float(setting.device != "cpu")}


images = Metric("spread", spread, (Column("spread", "spread"), Column("on_gpu", "GPU")), "images")
nan = Metric("nan", lambda *_: {"x": np.nan}, (Column("x", "x", sides=("test",)),))
unknown = Metric("unknown", lambda *_: {"y": 1.0}, (Column("x", "x", sides=("test",)),))
broken = Metric("broken", lambda *_: 1 / 0, (Column("x", "x", sides=("test",)),))
networks = Metric("networks", lambda *_: {"x": 1.0}, (Column("x", "x", sides=("test",)),), "networks")
number = 5
devices = []


def create(wanted):
    devices.append(wanted.device)
    return lambda batch: batch.reshape(len(batch), -1)[:, :3].astype(np.float32), {"dimension": 3}


space = Space(create)
