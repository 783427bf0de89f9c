"""The report of a study of predictions: measured and predicted residuals, and the gap between them."""

import pandas as pd

from overgan.report._content import Content, mean_and_deviation, runs_sentences, scale_note, state
from overgan.report._plot import Panel, Plot, Series, colors, over_seeds
from overgan.report.pages._theory import each, fraction, log_steps, over_steps, recommended, slope
from overgan.study.theory import MEASURED, PREDICTED, PredictionStudy


def content(study: PredictionStudy) -> Content:
    """All that the page says about the study."""
    spec, rows = study.spec, study.frame()
    return Content(
        subtitle=f"Training as the linearization at the start predicts it: {len(spec.gans)} GANs, {len(spec.widths)} "
        f"widths, {len(spec.seeds)} seeds each, {spec.steps:,} steps of GDA.",
        findings=_findings(study, rows),
        plots=[_residuals(study, rows), _gap(study, rows), _within(study, rows)] if len(rows) else [],
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


def _residuals(study: PredictionStudy, rows: pd.DataFrame) -> Plot:
    """Measured and predicted residuals over the steps, a panel for each GAN and a color for each width."""
    steps = log_steps(study.spec.steps)
    finished = [k for k in study.spec.widths if (rows.k == k).any()]
    runs = {k: [study.residuals(k, int(seed)) for seed in rows.seed[rows.k == k].unique()] for k in finished}

    def curves(gan: str) -> list[Series]:
        series = []
        for k, color in zip(finished, colors(len(finished)), strict=True):
            measured = over_steps(f"k = {k}", [run[f"{gan} {MEASURED}"] for run in runs[k]], steps, color)
            predicted = over_steps(
                f"k = {k}, predicted", [run[f"{gan} {PREDICTED}"] for run in runs[k]], steps, color, dashed=True
            )
            median = predicted.y  # its quartiles would hide the measured ones
            series += [measured, Series(predicted.name, predicted.x, median, median, median, color, dashed=True)]
        return series

    return Plot(
        name="residuals",
        title=f"Residual over the steps, measured and predicted{scale_note(study)}",
        x_label="step + 1",
        y_label="‖f − x̄‖ / ‖r₀‖, median and quartiles",
        panels=[Panel(curves(gan), title=gan) for gan in study.spec.gans],
        x="log",
        y_log=True,
    )


def _gap(study: PredictionStudy, rows: pd.DataFrame) -> Plot:
    """The gap against k, a curve for each GAN."""
    return Plot(
        name="gap",
        title=f"How far training leaves its prediction{scale_note(study)}",
        x_label="width k",
        y_label="largest ‖r − r̃‖ / ‖r₀‖, mean and range over seeds",
        panels=[Panel([over_seeds(name, of, "k", "gap", color) for name, of, color in each(rows, "gan")])],
        x="widths",
        y_log=True,
    )


def _within(study: PredictionStudy, rows: pd.DataFrame) -> Plot:
    """The fraction of seeds that stay near their prediction."""
    return Plot(
        name="within",
        title=f"Fraction of seeds that were predicted{scale_note(study)}",
        x_label="width k",
        y_label=f"fraction with a gap of at most {study.spec.within:g}",
        panels=[Panel([fraction(name, of, "within", color) for name, of, color in each(rows, "gan")])],
        x="widths",
    )


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
