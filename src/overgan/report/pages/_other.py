"""The report of a study whose kind has no page of its own: the recommendation, and the mean of every number."""

import pandas as pd

from overgan.errors import OverganError
from overgan.report._content import Content, length, mean_and_deviation, runs_sentences, state
from overgan.study import Study


def content(study: Study) -> Content:
    """All that the page says about the study."""
    spec, frame = study.spec, study.frame()
    columns = [str(c) for c in frame.columns if c not in ("k", "seed") and pd.api.types.is_numeric_dtype(frame[c])]
    try:
        found = f"Recommended: {study.recommend()}."
    except OverganError as error:
        found = f"No width can be recommended: {error}."
    return Content(
        subtitle=f"{spec.kind}: {len(spec.widths)} widths, {len(spec.seeds)} seeds each, {length(study)}.",
        findings=[found, *runs_sentences(study, "they are left out")],
        plots=[],
        columns=["k", *columns, "runs"],
        rows=[
            [str(k), *(mean_and_deviation(frame[c][frame.k == k].dropna()) for c in columns), state(study, k)]
            for k in spec.widths
        ],
        table_note="Mean ± standard deviation over all rows of a width.",
        method=[],
    )
