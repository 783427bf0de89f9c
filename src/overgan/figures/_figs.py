"""The paper's figures, one function each; a study may be given as what `overgan.load` returns, or as its folder."""

from pathlib import Path

from overgan.figures._drawing import drawn
from overgan.figures._paper_figure import PaperFigure
from overgan.study import Study


def fig1(study: Study | str | Path, features: str | None = None) -> PaperFigure:
    """Distance from training and held-out images against width, samples, and distance over the iterations.

    features: the space of the distances, by default the spec's first. Samples are of k = 8 and 128, as in the paper, or
    of the narrowest and the widest network.

    Raises OverganError if one network's width is held, no run is finished, or training left no samples.
    """
    return drawn("1", study, features)


def fig2(study: Study | str | Path) -> PaperFigure:
    """The shallow GAN's final MSE of the mean against width, on a Gaussian; a panel for each way of training.

    Raises OverganError if the study is of another kind or target, or no run is finished.
    """
    return drawn("2", study)


def fig3(study: Study | str | Path, features: str | None = None) -> PaperFigure:
    """Distance from training and held-out images against the width of an MLP.

    features: as of `fig1`.

    Raises OverganError if other networks are trained, one's width is held, or no run is finished.
    """
    return drawn("3", study, features)


def fig4(study: Study | str | Path, features: str | None = None) -> PaperFigure:
    """Distance from training and held-out images against width, with samples of a narrow and a wide network beside.

    features, and which samples: as of `fig1`.

    Raises OverganError if one network's width is held, or no run is finished.
    """
    return drawn("4", study, features)


def fig5(study: Study | str | Path, features: str | None = None) -> PaperFigure:
    """Distance from held-out images over the iterations, a curve for each width, of unfinished runs, too.

    features: as of `fig1`. Raises OverganError if nothing has been evaluated.
    """
    return drawn("5", study, features)


def fig6(study: Study | str | Path) -> PaperFigure:
    """Neural net divergence against width, with the line of memorized training images.

    Raises OverganError if no run has an NND.
    """
    return drawn("6", study)


def fig7(study: Study | str | Path, features: str | None = None) -> PaperFigure:
    """Distance from training and held-out images against one network's width, that of the other marked.

    features: as of `fig1`. Raises OverganError if the study varies both widths, or no run is finished.
    """
    return drawn("7", study, features)


def fig9(study: Study | str | Path) -> PaperFigure:
    """The same as `fig2` on Two-Moons. Raises OverganError as that does."""
    return drawn("9", study)


def fig10(study: Study | str | Path, features: str | None = None) -> PaperFigure:
    """Generated images beside the training images that are nearest, of a narrow and a wide network.

    features: the space in which they are nearest, by default the spec's first, if there are such pictures, else pixels.
    Which widths: as of `fig1`.

    Raises OverganError if training left no such pictures, as it does with the metric memorization.
    """
    return drawn("10", study, features)
