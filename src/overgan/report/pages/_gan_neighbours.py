"""The training images nearest to generated ones, at a narrow and at a wide width (paper, Fig. 10)."""

from itertools import chain

from overgan.report._samples import smaller_url
from overgan.study.gan import GanStudy
from overgan.training import NEIGHBOURS

NARROW, WIDE = 8, 128  # the paper's widths
MOST_BYTES = 20_000  # of a picture as its file is

Pictures = list[tuple[str, str]]  # caption, and the picture as a data URL


def neighbours(study: GanStudy) -> tuple[Pictures, Pictures]:
    """The pictures of each width's first seed, and those of the other seeds, of runs that reached the last iteration.

    The widths are the paper's, unless one has no pictures, or the other is no wider: then the narrowest and the widest
    that have some take their places.
    """
    last = study.last()
    by_width = {
        width: pictures
        for width in study.spec.widths
        if (pictures := _by_seed(study, width, set(last.seed[last.k == width])))
    }
    shown: Pictures = []
    more: Pictures = []
    if by_width:
        narrowest, widest = min(by_width), max(by_width)
        narrow = NARROW if NARROW in by_width and widest > NARROW else narrowest
        wide = WIDE if WIDE in by_width and narrowest < WIDE else widest
        for width in sorted({narrow, wide}):
            first, *others = by_width[width]
            shown += first
            more += chain.from_iterable(others)
    return shown, more


def _by_seed(study: GanStudy, width: int, seeds: set[int]) -> list[Pictures]:
    """The pictures of each seed that has some; in older studies only the first has, in no folder of its own."""
    of_seeds = [
        _pictures(study, width, f"{NEIGHBOURS}/seed-{seed}", f"k = {width}, seed {seed}") for seed in sorted(seeds)
    ]
    older = [_pictures(study, width, NEIGHBOURS, f"k = {width}")] if seeds and not any(of_seeds) else []
    return [pictures for pictures in (*older, *of_seeds) if pictures]


def _pictures(study: GanStudy, width: int, folder: str, of: str) -> Pictures:
    """One for each feature space."""
    return [
        (f"{of}, nearest by {path.stem}", smaller_url(png, MOST_BYTES))
        for path, png in study.pictures(width, folder).items()
    ]
