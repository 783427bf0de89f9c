"""Do wider games rotate less? It is asked after the paper, whose theory says when the dynamics spiral."""

from dataclasses import replace

import numpy as np

from overgan.study.analysis import Claim, Kendall, kendall, verdict
from overgan.study.gan._results import GanResults
from overgan.study.gan.claims._basis import Runs, counts, rests_on
from overgan.study.gan.claims._networks import measured, unmeasured
from overgan.words import course

STATEMENT = "Wider games rotate less: less of the leading eigenvalues of their vector field is imaginary."
SHARE, BUMP = "game_imaginary_share", "path_angle_bump"
MORE = "More seeds and widths."


def game(study: GanResults, confidence: float) -> Claim:
    """Whether the imaginary share of the leading eigenvalues at the end of training falls with k.

    It rests on Kendall's τ, for shares of 0 are common, and have no logarithm. The bump of the path-angle, which is
    rotation too, may not surely rise.
    """
    runs = measured(study, SHARE)
    rests = rests_on(study, counts(runs))
    claim = Claim("game", STATEMENT, "cannot tell", "", rests_on=rests)
    if len(runs) < 2:
        because, needed = unmeasured(study, runs, "game", "rotation of the game")
        return replace(claim, because=because, needed=needed)
    share, bump = (_trend(measured(study, column), confidence) for column in (SHARE, BUMP))
    said = verdict(share, [bump], -1)
    means = {k: float(np.mean(of)) for k, of in runs.items()}
    named = {"the imaginary share of the game's leading eigenvalues": share, "the bump of the path-angle": bump}
    return replace(
        claim,
        verdict=said,
        because=f"The imaginary share of the ten leading eigenvalues at the end {course(means, digits=2)}.",
        numbers=tuple(found.estimate(what) for what, found in named.items() if found),
        needed=MORE if said == "cannot tell" else "",
        figures=("game-rotation", "path-angle"),
        p_value=share.p_value if share else None,
    )


def _trend(runs: Runs, confidence: float) -> Kendall | None:
    pairs = [(k, value) for k, of in runs.items() for value in of]
    return kendall([float(k) for k, _ in pairs], [value for _, value in pairs], confidence)
