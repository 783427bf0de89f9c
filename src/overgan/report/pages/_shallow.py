"""The report of a width study of the shallow GAN (Figs. 2 and 9)."""

import pandas as pd

from overgan.report._content import Content, against_width, length, mean_and_deviation, runs_sentences, state
from overgan.report._plot import Panel, Plot, colors, over_seeds
from overgan.report.pages._theory import (
    always,
    each,
    finished_curves,
    fraction,
    fractions,
    over_steps,
    recommended,
    residuals_plot,
)
from overgan.study import within_reach
from overgan.study.theory import ShallowStudy

ENDED, OPTIMUM = "#1f5fbf", "#e8590c"
FLOOR = 1e-12  # zeros are drawn here, because the axis is logarithmic


def content(study: ShallowStudy) -> Content:
    """All that the page says about the study."""
    spec, rows = study.spec, study.frame()
    rows = rows.assign(within_reach=within_reach(rows, spec.tol))
    return Content(
        subtitle=f"The shallow GAN on the {_subject(study)}: {len(spec.widths)} widths, {len(spec.seeds)} seeds each, "
        f"at most {length(study)}.",
        findings=_findings(study, rows),
        plots=[_mse(study, rows), _converged(study, rows), _residuals(study)] if len(rows) else [],
        columns=[
            "k",
            "generator parameters",
            *(f"final MSE, {name}" for name in spec.methods),
            *(f"converged, {name}" for name in spec.methods),
            "least MSE of any weights",
            "within reach",
            "seconds",
            "runs",
        ],
        rows=[_row(study, rows[rows.k == width], width) for width in spec.widths],
        table_note="MSE: mean ± standard deviation over the runs, of ‖f(W) − x̄‖²/m where the run ended. Within reach: "
        "seeds for which some weights have a residual that counts as converged.",
        method=_method(study),
    )


def _subject(study: ShallowStudy) -> str:
    p = study.spec.problem
    target = {"gaussian": "a Gaussian", "two_moons": "Two-Moons"}[p.target]
    return f"mean of {target}, n = {p.n}, d = {p.d}, m = {p.m}"


def _findings(study: ShallowStudy, rows: pd.DataFrame) -> list[str]:
    sentences = [recommended(study)]
    if rows.empty:
        return sentences
    for name, of_method in rows.groupby("method", sort=False):
        where = always(of_method.groupby("k").converged.mean(), "all do", "no run converges")
        sentences.append(f"By {name}: {where}.")
    lost = rows[~rows.converged.astype(bool)]
    if len(lost):
        hopeless, missed = lost[~lost.within_reach], lost[lost.within_reach]
        sentences.append(
            f"Of the {len(lost)} that did not converge, {len(hopeless)} could not: no weights of their network reach "
            f"the target. {len(missed)} could have, had they gone on or gone elsewhere."
        )
    if len(lost) and len(hopeless):
        ratio = hopeless.mse / hopeless.optimal_mse
        sentences.append(
            f"Those that could not ended at {ratio.median():.3g} (median) and at most {ratio.max():.3g} times the "
            "least MSE of any weights."
        )
    return sentences + runs_sentences(study, "they count as not converged")


def _mse(study: ShallowStudy, rows: pd.DataFrame) -> Plot:
    """Final MSE against k, beside the least that any weights could have."""
    drawn = rows.assign(mse=rows.mse.clip(lower=FLOOR), optimal_mse=rows.optimal_mse.clip(lower=FLOOR))

    def panel(name: str, of_method: pd.DataFrame) -> Panel:
        ended = over_seeds("final MSE", of_method, "k", "mse", ENDED)
        return Panel([ended, over_seeds("global optimum", of_method, "k", "optimal_mse", OPTIMUM, dashed=True)], name)

    panels = [panel(name, of_method) for name, of_method, _ in each(drawn, "method")]
    title = "Mean of the data against mean of the generated points"
    return against_width(study, "mse", title, f"MSE, mean and range over seeds (0 at {FLOOR:g})", *panels, y_log=True)


def _converged(study: ShallowStudy, rows: pd.DataFrame) -> Plot:
    """The fraction of seeds that converged, and for which some weights reach the target."""
    first = rows[rows.method == study.cases[0]]
    reach = fraction("target within reach", first, "within_reach", OPTIMUM, dashed=True)
    curves = [*fractions(rows, "method", "converged"), reach]
    y_label = f"fraction with a residual of at most {study.spec.tol:g} ‖r₀‖"
    return against_width(study, "converged", "Fraction of seeds that converged", y_label, curves)


def _residuals(study: ShallowStudy) -> Plot:
    """Residuals over the steps, a curve for each k; a run that ended stays where it did."""
    runs, steps = finished_curves(study), study.spec.steps
    shades = dict(zip(runs, colors(len(runs)), strict=True))
    panels = [
        Panel([over_steps(f"k = {k}", [run[name] for run in runs[k]], steps, shades[k]) for k in runs], name)
        for name in study.spec.methods
    ]
    return residuals_plot(study, "Residual over the steps", "‖f(W) − x̄‖ / ‖r₀‖", panels)


def _row(study: ShallowStudy, rows: pd.DataFrame, width: int) -> list[str]:
    by_method = [rows[rows.method == name] for name in study.spec.methods]
    first = by_method[0]
    return [
        str(width),
        f"{study.description.parameters[width]['generator']:,}",
        *(mean_and_deviation(of_method.mse) for of_method in by_method),
        *(f"{of_method.converged.sum()} of {len(of_method)}" for of_method in by_method),
        mean_and_deviation(first.optimal_mse),
        f"{first.within_reach.sum()} of {len(first)}",
        f"{study.group_status(width).seconds:.2g}",
        state(study, width),
    ]


def _method(study: ShallowStudy) -> list[str]:
    spec = study.spec
    steps = "; ".join(
        f"{name}: μ = {config.mu:g}, η = {f'{config.eta:g}' if config.eta else 'the largest that the theorem allows'}"
        + (", fresh latents at every step" if config.latents == "fresh" else "")
        for name, config in spec.methods.items()
    )
    return [
        f"The generator is V ReLU(W z) with fixed V; the discriminator is linear. Every seed draws {spec.problem.n:,} "
        "latents, V, the first W and the data anew. The iterates are exact (no approximation of the dynamics); a run "
        f"ends when its residual has fallen to {spec.tol:g} of the first one, and counts as converged. {steps}.",
        "The global optimum is the least residual that any W can have: the distance of x̄ from the cone of V's columns, "
        "a non-negative least-squares problem. It tells a network that cannot represent the target from training that "
        "did not find the weights.",
    ]
