"""The report of a width study of the shallow GAN (Figs. 2 and 9)."""

import pandas as pd

from overgan.report._content import Content, length, mean_and_deviation, runs_sentences, scale_note, state
from overgan.report._plot import Panel, Plot, colors, over_seeds
from overgan.report.pages._theory import always, fraction, log_steps, over_steps, recommended
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
        plots=[_mse(study, rows), _converged(study, rows), _residuals(study, rows)] if len(rows) else [],
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
    return Plot(
        name="mse",
        title=f"Mean of the data against mean of the generated points{scale_note(study)}",
        x_label="width k",
        y_label=f"MSE, mean and range over seeds (0 at {FLOOR:g})",
        panels=[
            Panel(
                [
                    over_seeds("final MSE", of_method, "k", "mse", ENDED),
                    over_seeds("global optimum", of_method, "k", "optimal_mse", OPTIMUM, dashed=True),
                ],
                title=str(name),
            )
            for name, of_method in drawn.groupby("method", sort=False)
        ],
        x="widths",
        y_log=True,
    )


def _converged(study: ShallowStudy, rows: pd.DataFrame) -> Plot:
    """The fraction of seeds that converged, and for which some weights reach the target."""
    names = list(study.spec.methods)

    curves = [
        fraction(name, rows[rows.method == name], "converged", color)
        for name, color in zip(names, colors(len(names)), strict=True)
    ]
    reach = fraction("target within reach", rows[rows.method == names[0]], "within_reach", OPTIMUM, dashed=True)
    return Plot(
        name="converged",
        title=f"Fraction of seeds that converged{scale_note(study)}",
        x_label="width k",
        y_label=f"fraction with a residual of at most {study.spec.tol:g} ‖r₀‖",
        panels=[Panel([*curves, reach])],
        x="widths",
    )


def _residuals(study: ShallowStudy, rows: pd.DataFrame) -> Plot:
    """Residuals over the steps, a curve for each k; a run that ended stays where it did."""
    steps = log_steps(study.spec.steps)
    runs = {
        k: [study.residuals(k, int(seed)) for seed in rows.seed[rows.k == k].unique()]
        for k in study.spec.widths
        if (rows.k == k).any()
    }

    return Plot(
        name="residuals",
        title=f"Residual over the steps{scale_note(study)}",
        x_label="step + 1",
        y_label="‖f(W) − x̄‖ / ‖r₀‖, median and quartiles",
        panels=[
            Panel(
                [
                    over_steps(f"k = {k}", [run[name] for run in runs[k]], steps, color)
                    for k, color in zip(runs, colors(len(runs)), strict=True)
                ],
                title=name,
            )
            for name in study.spec.methods
        ],
        x="log",
        y_log=True,
    )


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
