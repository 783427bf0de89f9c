"""The report of a study of predictions: measured and predicted residuals, and the gap between them."""

import pandas as pd

from overgan.report._content import Content, against_width, mean_and_deviation, runs_sentences, state
from overgan.report._plot import Panel, Plot, Series, colors, over_seeds
from overgan.report.pages._theory import (
    each,
    finished_curves,
    fractions,
    over_steps,
    recommended,
    residuals_plot,
    slope,
)
from overgan.study.theory import MEASURED, PREDICTED, PredictionStudy


def content(study: PredictionStudy) -> Content:
    """All that the page says about the study."""
    spec, rows = study.spec, study.frame()
    return Content(
        subtitle=f"Training as the linearization at the start predicts it: {len(spec.gans)} GANs, {len(spec.widths)} "
        f"widths, {len(spec.seeds)} seeds each, {spec.steps:,} steps of GDA.",
        findings=_findings(study, rows),
        plots=[_residuals(study), _gap(study, rows), _within(study, rows)] if len(rows) else [],
        columns=[
            "k",
            f"generator parameters, {study.cases[0]}",
            *(f"gap, {name}" for name in spec.gans),
            *(f"within {spec.within:g}, {name}" for name in spec.gans),
            "seconds",
            "runs",
        ],
        rows=[_row(study, rows[rows.k == width], width) for width in spec.widths],
        table_note="Gap: mean ± standard deviation over the runs, of the largest ‖r_t − r̃_t‖/‖r_0‖ over the steps: "
        "of the residual as a vector from its prediction.",
        method=_method(study),
    )


def _findings(study: PredictionStudy, rows: pd.DataFrame) -> list[str]:
    sentences = [recommended(study)]
    if rows.empty:
        return sentences
    for name, of_gan in rows.groupby("gan", sort=False):
        exponent, means = slope(of_gan, "gap")
        if len(means) > 1:
            sentences.append(
                f"{name}: the gap goes as k^{exponent:.2f}, from {means.iloc[0]:.2g} at k = {means.index[0]} to "
                f"{means.iloc[-1]:.2g} at k = {means.index[-1]} (means over seeds; least squares of the logarithms)."
            )
    return sentences + runs_sentences(study, "they count as not predicted")


def _residuals(study: PredictionStudy) -> Plot:
    """Measured and predicted residuals over the steps, a panel for each GAN and a color for each width."""
    runs, steps = finished_curves(study), study.spec.steps

    def curves(gan: str) -> list[Series]:
        series = []
        for (k, of_k), color in zip(runs.items(), colors(len(runs)), strict=True):
            series.append(over_steps(f"k = {k}", [run[f"{gan} {MEASURED}"] for run in of_k], steps, color))
            predicted = over_steps("", [run[f"{gan} {PREDICTED}"] for run in of_k], steps, color)
            median = predicted.y  # its quartiles would hide the measured ones
            series.append(Series(f"k = {k}, predicted", predicted.x, median, median, median, color, dashed=True))
        return series

    panels = [Panel(curves(gan), title=gan) for gan in study.spec.gans]
    return residuals_plot(study, "Residual over the steps, measured and predicted", "‖f − x̄‖ / ‖r₀‖", panels)


def _gap(study: PredictionStudy, rows: pd.DataFrame) -> Plot:
    """The gap against k, a curve for each GAN."""
    curves = [over_seeds(name, of, "k", "gap", color) for name, of, color in each(rows, "gan")]
    title, y_label = "How far training leaves its prediction", "largest ‖r − r̃‖ / ‖r₀‖, mean and range over seeds"
    return against_width(study, "gap", title, y_label, curves, y_log=True)


def _within(study: PredictionStudy, rows: pd.DataFrame) -> Plot:
    """The fraction of seeds that stay near their prediction."""
    title, y_label = "Fraction of seeds that were predicted", f"fraction with a gap of at most {study.spec.within:g}"
    return against_width(study, "within", title, y_label, fractions(rows, "gan", "within"))


def _row(study: PredictionStudy, rows: pd.DataFrame, width: int) -> list[str]:
    by_gan = [rows[rows.gan == name] for name in study.spec.gans]
    return [
        str(width),
        f"{study.description.parameters[width]['generator']:,}",
        *(mean_and_deviation(of_gan.gap) for of_gan in by_gan),
        *(f"{of_gan.within.sum()} of {len(of_gan)}" for of_gan in by_gan),
        f"{study.group_status(width).seconds:.2g}",
        state(study, width),
    ]


def _method(study: PredictionStudy) -> list[str]:
    spec = study.spec
    return [
        "Before the first step the linearization z̃_{t+1} = A z̃_t of GDA at the initial weights gives the residual at "
        "every t in closed form (Appendix A.2 of the paper); then GDA is run with the same step sizes, "
        f"μ = {spec.mu:g} and η = {f'{spec.eta:g}' if spec.eta else 'the largest that the theorem allows'}.",
        "A deep generator's features are linear if they have no hidden layer, and else fixed random ReLU networks "
        "(Section 2.4). Width is that of the generator; the features keep theirs.",
    ]
