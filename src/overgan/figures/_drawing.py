"""All figures by the paper's numbers; to add one is to add a line."""

from pathlib import Path
from types import FunctionType

import matplotlib

from overgan.errors import OverganError
from overgan.figures._paper_figure import PaperFigure
from overgan.figures._style import PRINTED
from overgan.metrics import canonical
from overgan.registry import Registry
from overgan.study import Study, Surface, fetch, for_reports, load
from overgan.study.gan import GanSpec

FIGURES: Registry[FunctionType] = Registry(
    "figure",
    FunctionType,
    {
        "1": "overgan.figures._overview:fig1",
        "2": "overgan.figures._mean:fig2",
        "3": "overgan.figures._distance:fig3",
        "4": "overgan.figures._distance:fig4",
        "5": "overgan.figures._training:fig5",
        "6": "overgan.figures._divergence:fig6",
        "7": "overgan.figures._distance:fig7",
        "9": "overgan.figures._mean:fig9",
        "10": "overgan.figures._nearest:fig10",
    },
)
OF_SHALLOW = ("2", "9")  # all others are of trained GANs


class NotDrawnError(OverganError):
    """A figure cannot be drawn from a study; `reason` says what is missing."""

    def __init__(self, number: str, error: OverganError):
        super().__init__(f"no Fig. {number}: {error.message}", error.argument)
        self.reason = str(error)


def drawn(number: str, study: Study | str | Path, features: str | None = None) -> PaperFigure:
    """A figure of a study.

    number: the paper's, without a letter. features: the space of its distances, by default the spec's first.

    Raises OverganError with what is missing, if it cannot be drawn from this study, or there is no study.
    """
    study = study if isinstance(study, Study) else load(study)
    kind, needed = study.spec.kind, "shallow" if number in OF_SHALLOW else "gan"
    fetch(study.folder, for_reports)
    try:
        if kind != needed:
            raise OverganError(f"a study of the kind {needed} is needed, and this one is of the kind {kind}")
        if isinstance(study, Surface):
            raise OverganError("this is several studies; each of its `studies` has figures of its own")
        with study.naming(), matplotlib.rc_context(PRINTED):
            figure: PaperFigure = FIGURES[number](study, _features(study, features))
            return figure
    except OverganError as error:
        raise NotDrawnError(number, error) from None


def _features(study: Study, features: str | None) -> str:
    """The name of the feature space, empty for a study without any."""
    if not isinstance(study.spec, GanSpec):
        return ""
    return canonical(features) if features else study.spec.evaluate.features[0]
