from ._drawing import FIGURES as FIGURES, NotDrawnError as NotDrawnError
from ._figs import (
    fig1 as fig1,
    fig2 as fig2,
    fig3 as fig3,
    fig4 as fig4,
    fig5 as fig5,
    fig6 as fig6,
    fig7 as fig7,
    fig9 as fig9,
    fig10 as fig10,
)
from ._paper_figure import FORMATS as FORMATS, PaperFigure as PaperFigure
from ._write import Written as Written, write_figures as write_figures
