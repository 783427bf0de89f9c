"""The report of a study of certificates: Theorem A.4's conditions against k, m and d."""

from collections import Counter

import numpy as np
import pandas as pd

from overgan.report._content import Content, Row, extent, mean_and_deviation, unfinished
from overgan.report._plot import Panel, Plot, Series, against_width, each, over_seeds
from overgan.report.pages._theory import always, by_case, count, power_law, successes, theory_content
from overgan.study.theory import CertificateStudy
from overgan.words import counted, number

LIMIT = "#e8590c"


def content(study: CertificateStudy) -> Content:
    """All that the page says about the study."""
    spec, rows = study.spec, study.frame()
    rows = rows.assign(excess=rows.excess.astype(float).fillna(np.inf))  # null on disk
    step = f"η = {number(spec.eta)}" if spec.eta else "the largest η that the theorem allows on the ball"
    title, y_label = "Fraction of seeds whose conditions all hold", "fraction of seeds with a certificate"
    return theory_content(
        study,
        rows,
        subtitle=f"Theorem A.4's conditions for shallow GANs of {counted(len(spec.problems), 'kind')}, "
        f"{extent(study)}.",
        findings=_findings(study, rows),
        plots=[_excess(study, rows), successes(study, rows, title, y_label)],
        cells={k: _cells(study, rows, k) for k in spec.widths},
        table_note="Excess: mean ± standard deviation over the runs, of the proven bound on ‖J(W) − J(W_0)‖ over the "
        "ball that belongs to the largest ε that the theorem allows, over that ε. At most 1 suffices.",
        method=[
            "α and ‖J_0‖ are computed; ε and β are proven upper bounds over the ball of the theorem, of the least "
            f"radius that is consistent with them (overgan.theory.certify), with μ = {number(spec.mu)} and {step}. "
            "Where the conditions hold, the residual goes to 0, for certain; where they fail, it may do so all the "
            "same.",
            "Networks that start at 0 have each unit once with v_l and once with −v_l, so that their first residual "
            "does not grow with k; k counts both.",
        ],
    )


def _findings(study: CertificateStudy, rows: pd.DataFrame) -> list[str]:
    sentences = []
    for name, of_problem in rows.groupby("problem", sort=False):
        where = always(of_problem.groupby("k").holds.mean(), "all runs have a certificate", "no run has one")
        sentences.append(f"{name}: {where}; the excess {power_law(of_problem, 'excess')}.")
    failed = Counter(statement for row in rows.conditions for statement, holds in row.items() if not holds)
    if failed:
        reasons = ", ".join(f"{statement} in {n}" for statement, n in failed.most_common())
        fail = int((~rows.holds.astype(bool)).sum())
        of = counted(len(rows), "certificate")
        sentences.append(f"Of {of} {fail} {'fails' if fail == 1 else 'fail'}: {reasons}.")
    return sentences + unfinished(study)


def _excess(study: CertificateStudy, rows: pd.DataFrame) -> Plot:
    """The excess against k, a curve for each problem, and the limit that the theorem sets."""
    finite = rows[np.isfinite(rows.excess) & (rows.excess > 0)]
    curves = [over_seeds(name, of, "k", "excess", color) for name, of, color in each(finite, "problem")]
    ends, one = [study.spec.widths[0], study.spec.widths[-1]], [1.0, 1.0]
    limit = Series("what the theorem allows", ends, one, one, one, LIMIT, dashed=True)
    title, y_label = (
        "How far the networks are from a certificate",
        "bound on ‖J − J₀‖ over the allowed ε, mean and range",
    )
    return against_width("excess", title, y_label, [Panel([*curves, limit])], y_log=True)


def _cells(study: CertificateStudy, rows: pd.DataFrame, width: int) -> Row:
    return [
        (f"{name}: excess (hold)", f"{mean_and_deviation(of_problem.excess)} ({count(of_problem.holds)})")
        for name, of_problem in by_case(study, rows, width).items()
    ]
