"""The report of a study of certificates: Theorem A.4's conditions against k, m and d."""

from collections import Counter

import numpy as np
import pandas as pd

from overgan.report._content import Content, against_width, mean_and_deviation, state, unfinished
from overgan.report._plot import Plot, Series, over_seeds
from overgan.report.pages._theory import always, each, fractions, recommended, slope
from overgan.study.theory import CertificateStudy

LIMIT = "#e8590c"


def content(study: CertificateStudy) -> Content:
    """All that the page says about the study."""
    spec, rows = study.spec, study.frame()
    rows = rows.assign(excess=rows.excess.astype(float))
    return Content(
        subtitle=f"Theorem A.4's conditions for {len(spec.problems)} families of shallow GANs, {len(spec.widths)} "
        f"widths, {len(spec.seeds)} seeds each.",
        findings=_findings(study, rows),
        plots=[_excess(study, rows), _holds(study, rows)] if len(rows) else [],
        columns=[
            "k",
            *(f"{name}: excess (hold)" for name in spec.problems),
            "seconds",
            "runs",
        ],
        rows=[_row(study, rows[rows.k == width], width) for width in spec.widths],
        table_note="Excess: mean ± standard deviation over the runs, of the proven bound on ‖J(W) − J(W_0)‖ over the "
        "ball that belongs to the largest ε that the theorem allows, over that ε. At most 1 suffices.",
        method=_method(study),
    )


def _findings(study: CertificateStudy, rows: pd.DataFrame) -> list[str]:
    sentences = [recommended(study)]
    if rows.empty:
        return sentences
    for name, of_problem in rows.groupby("problem", sort=False):
        where = always(of_problem.groupby("k").holds.mean(), "all runs have a certificate", "no run has one")
        exponent, means = slope(of_problem, "excess")
        trend = f"; the excess goes as k^{exponent:.2f}" if len(means) > 1 else ""
        sentences.append(f"{name}: {where}{trend}, and is {means.iloc[-1]:.2g} at k = {means.index[-1]}.")
    failed = Counter(statement for row in rows.conditions for statement, holds in row.items() if not holds)
    if failed:
        each = ", ".join(f"{statement} in {count}" for statement, count in failed.most_common())
        sentences.append(f"Of {len(rows)} certificates {int((~rows.holds.astype(bool)).sum())} fail: {each}.")
    return sentences + unfinished(study)


def _excess(study: CertificateStudy, rows: pd.DataFrame) -> Plot:
    """The excess against k, a curve for each problem, and the limit that the theorem sets."""
    finite = rows[np.isfinite(rows.excess) & (rows.excess > 0)]
    ends, ones = [study.spec.widths[0], study.spec.widths[-1]], [1.0, 1.0]
    limit = Series("what the theorem allows", ends, ones, ones, ones, LIMIT, dashed=True)
    curves = [over_seeds(name, of, "k", "excess", color) for name, of, color in each(finite, "problem")]
    title, y_label = (
        "How far the networks are from a certificate",
        "bound on ‖J − J₀‖ over the allowed ε, mean and range",
    )
    return against_width(study, "excess", title, y_label, [*curves, limit], y_log=True)


def _holds(study: CertificateStudy, rows: pd.DataFrame) -> Plot:
    """The fraction of seeds for which all conditions hold."""
    title, y_label = "Fraction of seeds whose conditions all hold", "fraction of seeds with a certificate"
    return against_width(study, "holds", title, y_label, fractions(rows, "problem", "holds"))


def _row(study: CertificateStudy, rows: pd.DataFrame, width: int) -> list[str]:
    by_problem = [rows[rows.problem == name] for name in study.spec.problems]
    return [
        str(width),
        *(f"{mean_and_deviation(one.excess)} ({one.holds.sum()} of {len(one)})" for one in by_problem),
        f"{study.group_status(width).seconds:.2g}",
        state(study, width),
    ]


def _method(study: CertificateStudy) -> list[str]:
    spec = study.spec
    step = f"η = {spec.eta:g}" if spec.eta else "the largest η that the theorem allows on the ball"
    return [
        "α and ‖J_0‖ are computed; ε and β are proven upper bounds over the ball of the theorem, of the least radius "
        f"that is consistent with them (overgan.theory.certify), with μ = {spec.mu:g} and {step}. Where the "
        "conditions hold, the residual goes to 0, for certain; where they fail, it may do so all the same.",
        "Networks that start at 0 have each unit once with v_l and once with −v_l, so that their first residual does "
        "not grow with k; k counts both.",
    ]
