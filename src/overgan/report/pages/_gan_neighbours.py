"""The training images nearest to generated ones, at a narrow and at a wide width (paper, Fig. 10)."""

from collections.abc import Iterator

from overgan.report._narrow_and_wide import narrow_and_wide
from overgan.report._samples import smaller_url
from overgan.study.gan import GanStudy
from overgan.training import NEIGHBOURS

MOST_BYTES, IN_ALL = 20_000, 800_000  # of a picture as its file is, and of those of the other seeds

Pictures = list[tuple[str, str]]  # caption, and the picture as a data URL
Files = list[tuple[str, bytes]]


def neighbours(study: GanStudy) -> tuple[Pictures, Pictures, int]:
    """The pictures of each width's first seed, and of the other seeds those that the page has room for; how many not.

    They are of runs that reached the last iteration. The widths are the paper's, unless one has no pictures, or the
    other is no wider: then the narrowest and the widest that have some take their places.
    """
    last = study.last()
    by_width = {
        width: files
        for width in study.spec.widths
        if (files := _by_seed(study, width, set(last.seed[last.k == width])))
    }
    shown: Pictures = []
    more: Pictures = []
    if not by_width:
        return shown, more, 0
    chosen = narrow_and_wide(by_width)
    for width in chosen:
        shown += _urls(by_width[width][0])
    others = [file for width in chosen for files in by_width[width][1:] for file in files]
    room = IN_ALL
    for caption, url in _urls(others):
        room -= len(url)
        if room < 0:
            break
        more.append((caption, url))
    return shown, more, len(others) - len(more)


def _by_seed(study: GanStudy, width: int, seeds: set[int]) -> list[Files]:
    """The pictures of each seed that has some; in older studies only the first has, in no folder of its own."""
    of_seeds = [
        _files(study, width, f"{NEIGHBOURS}/seed-{seed}", f"k = {width}, seed {seed}") for seed in sorted(seeds)
    ]
    older = [_files(study, width, NEIGHBOURS, f"k = {width}")] if seeds and not any(of_seeds) else []
    return [files for files in (*older, *of_seeds) if files]


def _files(study: GanStudy, width: int, folder: str, of: str) -> Files:
    """One for each feature space."""
    return [(f"{of}, nearest by {path.stem}", png) for path, png in study.pictures(width, folder).items()]


def _urls(files: Files) -> Iterator[tuple[str, str]]:
    return ((caption, smaller_url(png, MOST_BYTES)) for caption, png in files)
