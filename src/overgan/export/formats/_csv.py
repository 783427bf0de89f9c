"""Rows as CSV."""

from pathlib import Path

from overgan.export._format import Chosen
from overgan.export._out import Out
from overgan.export._rows import tables
from overgan.study import Study


def write_csv(study: Study, out: Out, _chosen: Chosen) -> list[Path]:
    """`study.frame()` as rows.csv, and of a GAN's study `study.losses()` as losses.csv; what is missing is empty."""
    return [out.write(f"{name}.csv", table.to_csv(index=False).encode()) for name, table in tables(study).items()]
