"""The report of a study whose kind has no page of its own: the recommendation, and the mean of every number."""

import pandas as pd

from overgan.errors import OverganError
from overgan.report._content import Content, extent, length, mean_and_deviation, runs_sentences, state
from overgan.study import Study


def content(study: Study) -> Content:
    """All that the page says about the study."""
    frame = study.frame()
    columns = [str(c) for c in frame.columns if c not in ("k", "seed") and pd.api.types.is_numeric_dtype(frame[c])]
    try:
        found = [f"{headline}." for headline in study.headlines()]
    except OverganError as error:
        found = [f"No width can be recommended: {error}."]
    means = {k: [(c, mean_and_deviation(frame[c][frame.k == k].dropna())) for c in columns] for k in study.spec.widths}
    return Content(
        subtitle=f"{study.spec.kind}: {extent(study)}, {length(study)}.",
        findings=[*found, *runs_sentences(study, "they are left out")],
        plots=[],
        table=[[("k", str(k)), *cells, ("runs", state(study, k))] for k, cells in means.items()],
        table_note="Mean ± standard deviation over all rows of a width.",
        method=[],
    )
