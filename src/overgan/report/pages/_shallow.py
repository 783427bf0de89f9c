"""The report of a width study of the shallow GAN (Figs. 2 and 9)."""

import pandas as pd

from overgan.report._content import Content, Row, extent, length, mean_and_deviation, runs_sentences
from overgan.report._plot import Panel, Plot, against_width, over_seeds
from overgan.report.pages._theory import always, by_case, count, fraction, residuals, successes, theory_content
from overgan.study import within_reach
from overgan.study.theory import ShallowStudy
from overgan.words import counted, number

ENDED, OPTIMUM = "#1f5fbf", "#e8590c"
FLOOR = 1e-12  # zeros are drawn here, because the axis is logarithmic
TARGETS = {"gaussian": "a Gaussian", "two_moons": "Two-Moons"}


def content(study: ShallowStudy) -> Content:
    """All that the page says about the study."""
    spec, rows = study.spec, study.frame()
    rows = rows.assign(within_reach=within_reach(rows, spec.tol))
    p = spec.problem
    return theory_content(
        study,
        rows,
        subtitle=f"The shallow GAN on the mean of {TARGETS[p.target]}, n = {p.n:,}, d = {p.d}, m = {p.m}: "
        f"{extent(study)}, at most {length(study)}.",
        findings=_findings(study, rows),
        plots=_plots(study, rows),
        cells={k: _cells(study, rows, k) for k in spec.widths},
        table_note="MSE: mean ± standard deviation over the runs that did not diverge, of ‖f(W) − x̄‖²/m where the run "
        "ended. Within reach: seeds for which some weights have a residual that counts as converged.",
        method=_method(study),
    )


def _findings(study: ShallowStudy, rows: pd.DataFrame) -> list[str]:
    sentences = []
    for name, of_method in rows.groupby("method", sort=False):
        where = always(of_method.groupby("k").converged.mean(), "all do", "no run converges")
        sentences.append(f"By {name}: {where}.")
    lost = rows[~rows.converged.astype(bool)]
    if len(lost):
        hopeless, missed = lost[~lost.within_reach], lost[lost.within_reach]
        sentences.append(_lost(len(hopeless), len(missed)))
        hopeless = _survivors(hopeless)
        if len(hopeless):
            ratio = hopeless.mse / hopeless.optimal_mse
            typical, most = number(ratio.median()), number(ratio.max())
            ended = most if typical == most else f"{typical} (median) and at most {most}"
            sentences.append(f"What could not converge ended at {ended} times the least MSE of any weights.")
    return sentences + runs_sentences(study, "they count as not converged")


def _survivors(rows: pd.DataFrame) -> pd.DataFrame:
    """Without the runs that diverged, whose last residual may be a number, such as 1e100."""
    return rows[~rows.diverged.astype(bool)]


def _lost(hopeless: int, missed: int) -> str:
    """Of the runs that did not converge, how many could not, and how many could have."""
    could_not = "could not: no weights of their network reach the target"
    could = "could have, had they gone on or gone elsewhere"
    who = f"the {counted(hopeless + missed, 'run')} that did not converge"
    if hopeless and missed:
        return f"Of {who}, {hopeless} {could_not}. {missed} {could}."
    return f"{who.capitalize()} {could_not if hopeless else could}."


def _plots(study: ShallowStudy, rows: pd.DataFrame) -> list[Plot]:
    drawn = rows.assign(mse=rows.mse.clip(lower=FLOOR), optimal_mse=rows.optimal_mse.clip(lower=FLOOR))
    of_first = rows[rows.method == study.cases[0]]
    return [
        against_width(
            "mse",
            "Mean of the data against mean of the generated points",
            f"MSE, mean and range over seeds (0 at {number(FLOOR)})",
            [_mse(of_method, str(name)) for name, of_method in drawn.groupby("method", sort=False)],
            y_log=True,
        ),
        successes(
            study,
            rows,
            "Fraction of seeds that converged",
            f"fraction with a residual of at most {number(study.spec.tol)} ‖r₀‖",
            fraction("target within reach", of_first, "within_reach", OPTIMUM, dashed=True),
        ),
        *residuals(
            study,
            rows,
            study.spec.steps,
            "Residual over the steps",
            "‖f(W) − x̄‖ / ‖r₀‖, median and quartiles",
            {"": ""},
        ),
    ]


def _mse(rows: pd.DataFrame, method: str) -> Panel:
    """Final MSE by one method against k, beside the least that any weights could have."""
    final = over_seeds("final MSE", _survivors(rows), "k", "mse", ENDED)
    return Panel([final, over_seeds("global optimum", rows, "k", "optimal_mse", OPTIMUM, dashed=True)], method)


def _cells(study: ShallowStudy, rows: pd.DataFrame, width: int) -> Row:
    by_method = by_case(study, rows, width)
    first = by_method[study.cases[0]]
    return [
        ("generator parameters", f"{study.description.parameters[width]['generator']:,}"),
        *((f"final MSE, {name}", mean_and_deviation(_survivors(of).mse)) for name, of in by_method.items()),
        *((f"converged, {name}", count(of_method.converged)) for name, of_method in by_method.items()),
        ("least MSE of any weights", mean_and_deviation(first.optimal_mse)),
        ("within reach", count(first.within_reach)),
    ]


def _method(study: ShallowStudy) -> list[str]:
    spec = study.spec
    steps = "; ".join(
        f"{name}: μ = {number(config.mu)}, "
        f"η = {number(config.eta) if config.eta else 'the largest that the theorem allows'}"
        + (", fresh latents at every step" if config.latents == "fresh" else "")
        for name, config in spec.methods.items()
    )
    return [
        f"The generator is V ReLU(W z) with fixed V; the discriminator is linear. Every seed draws {spec.problem.n:,} "
        "latents, V, the first W and the data anew. The iterates are exact (no approximation of the dynamics); a run "
        f"ends when its residual has fallen to {number(spec.tol)} of the first one, and counts as converged. {steps}.",
        "The global optimum is the least residual that any W can have: the distance of x̄ from the cone of V's columns, "
        "a non-negative least-squares problem. It tells a network that cannot represent the target from training that "
        "did not find the weights.",
    ]
