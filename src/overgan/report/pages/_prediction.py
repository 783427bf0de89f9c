"""The report of a study of predictions: measured and predicted residuals, and the gap between them."""

import pandas as pd

from overgan.report._content import Content, Row, extent, mean_and_deviation, runs_sentences
from overgan.report._plot import Panel, Plot, against_width, each, over_seeds
from overgan.report.pages._theory import by_case, count, power_law, residuals, successes, theory_content
from overgan.study.theory import MEASURED, PREDICTED, PredictionStudy
from overgan.words import counted, number


def content(study: PredictionStudy) -> Content:
    """All that the page says about the study."""
    spec, rows = study.spec, study.frame()
    return theory_content(
        study,
        rows,
        subtitle=f"Training as the linearization at the start predicts it: {counted(len(spec.gans), 'GAN')}, "
        f"{extent(study)}, {counted(spec.steps, 'step')} of GDA.",
        findings=_findings(study, rows),
        plots=_plots(study, rows),
        cells={k: _cells(study, rows, k) for k in spec.widths},
        table_note="Gap: mean ± standard deviation over the runs, of the largest ‖r_t − r̃_t‖/‖r_0‖ over the steps: "
        "of the residual as a vector from its prediction.",
        method=[
            "Before the first step the linearization z̃_{t+1} = A z̃_t of GDA at the initial weights gives the residual "
            "at every t in closed form (Appendix A.2 of the paper); then GDA is run with the same step sizes, "
            f"μ = {number(spec.mu)} and η = {number(spec.eta) if spec.eta else 'the largest that the theorem allows'}.",
            "A deep generator's features are linear if they have no hidden layer, and else fixed random ReLU networks "
            "(Section 2.4). Width is that of the generator; the features keep theirs.",
        ],
    )


def _findings(study: PredictionStudy, rows: pd.DataFrame) -> list[str]:
    sentences = [
        f"{name}: the gap {power_law(of_gan, 'gap')} (means over seeds; least squares of the logarithms)."
        for name, of_gan in rows.groupby("gan", sort=False)
    ]
    return sentences + runs_sentences(study, "they count as not predicted")


def _plots(study: PredictionStudy, rows: pd.DataFrame) -> list[Plot]:
    gaps = [over_seeds(name, of, "k", "gap", color) for name, of, color in each(rows, "gan")]
    return [
        *residuals(
            study,
            rows,
            study.spec.steps,
            "Residual over the steps, measured and predicted",
            "‖f − x̄‖ / ‖r₀‖, median and quartiles",
            {f" {MEASURED}": "", f" {PREDICTED}": ", predicted"},
        ),
        against_width(
            "gap",
            "How far training leaves its prediction",
            "largest ‖r − r̃‖ / ‖r₀‖, mean and range over seeds",
            [Panel(gaps)],
            y_log=True,
        ),
        *_moved(rows),
        successes(
            study,
            rows,
            "Fraction of seeds that were predicted",
            f"fraction with a gap of at most {number(study.spec.within)}",
        ),
    ]


def _moved(rows: pd.DataFrame) -> list[Plot]:
    """How far the weights have moved in the end; runs of older versions have not measured it."""
    if "moved" not in rows or not rows.moved.notna().any():
        return []
    curves = [over_seeds(name, of, "k", "moved", color) for name, of, color in each(rows.dropna(subset="moved"), "gan")]
    title, y_label = "Distance from initialization against width", "‖θ − θ₀‖ / ‖θ₀‖, mean and range over seeds"
    return [against_width("moved", title, y_label, [Panel(curves)], y_log=True)]


def _cells(study: PredictionStudy, rows: pd.DataFrame, width: int) -> Row:
    by_gan = by_case(study, rows, width)
    return [
        (f"generator parameters, {study.cases[0]}", f"{study.description.parameters[width]['generator']:,}"),
        *((f"gap, {name}", mean_and_deviation(of_gan.gap)) for name, of_gan in by_gan.items()),
        *((f"within {number(study.spec.within)}, {name}", count(of_gan.within)) for name, of_gan in by_gan.items()),
    ]
