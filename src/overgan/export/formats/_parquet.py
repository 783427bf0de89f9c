"""Rows as Parquet."""

import io
from pathlib import Path

from overgan.export._format import Chosen, needed
from overgan.export._out import Out
from overgan.export._rows import tables
from overgan.study import Study


def write_parquet(study: Study, out: Out, _chosen: Chosen) -> list[Path]:
    """`study.frame()` as rows.parquet, and of a GAN's study `study.losses()` as losses.parquet.

    Raises OverganError if pyarrow is not installed.
    """
    needed("pyarrow", "parquet")
    paths = []
    for name, table in tables(study).items():
        content = io.BytesIO()
        table.to_parquet(content, engine="pyarrow", index=False)
        paths.append(out.write(f"{name}.parquet", content.getvalue()))
    return paths
