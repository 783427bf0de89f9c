"""Fig. 10: generated images beside the training images that are nearest to them."""

import io
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from overgan.errors import OverganError
from overgan.figures._axes import draw_picture, new_figure
from overgan.figures._captions import Original, caption, of_gan, unlike_gan
from overgan.figures._distance import none_finished
from overgan.figures._paper_figure import PaperFigure
from overgan.figures._style import TWO_COLUMNS
from overgan.figures._titles import figure_name, title
from overgan.pictures import enlarged
from overgan.report import narrow_and_wide
from overgan.study.gan import GanStudy
from overgan.training import NEIGHBOURS

FIG_10 = Original(("dcgan",), ("cifar10",))
LARGE = 1000  # pixels of a picture's side, which its own are enlarged to


@dataclass(frozen=True)
class Nearest:
    """The picture of a run: a row for each generated image, which is its first."""

    width: int
    seed: int
    space: str
    picture: UInt8[np.ndarray, "height width 3"]


def fig10(study: GanStudy, features: str) -> PaperFigure:
    """A narrow network's picture at the left, a wide one's at the right."""
    last = study.last()
    if last.empty:
        raise none_finished(study)
    found = {k: one for k in study.spec.widths if (one := _nearest(study, k, set(last.seed[last.k == k]), features))}
    if not found:
        raise OverganError(
            "there are no pictures of nearest training images; training with evaluate.final_metrics=[memorization] "
            "leaves some"
        )
    shown = [found[k] for k in narrow_and_wide(found)]
    heights = [one.picture.shape[0] / one.picture.shape[1] for one in shown]
    figure = new_figure(TWO_COLUMNS, TWO_COLUMNS / 2 * max(heights) + 0.45, title(study))
    for axes, one in zip(figure.subplots(1, len(shown), squeeze=False)[0], shown, strict=True):
        draw_picture(axes, one.picture, f"k = {one.width}: generated, then nearest training images")
    name = figure_name(study, 10)
    of = " and ".join(f"k = {one.width} (seed {one.seed})" for one in shown)
    spaces = sorted({one.space for one in shown})
    said = [
        f"Generated images, not selected, in the first column, and beside each the training images that are nearest to "
        f"it in {' and '.join(spaces)} features, the nearest first: {of}.",
        of_gan(study, [one.width for one in shown]),
    ]
    return PaperFigure(f"fig{name}", figure, caption(study, name, said, unlike_gan(study, FIG_10)))


def _nearest(study: GanStudy, width: int, seeds: set[int], features: str) -> Nearest | None:
    """Of the first seed that has a picture, in those features, or in pixels, or in others."""
    for seed in sorted(seeds):
        pictures = study.pictures(width, f"{NEIGHBOURS}/seed-{seed}")
        by_space = {path.stem: content for path, content in pictures.items()}
        for space in (features.replace(":", "-"), "pixels", *by_space):
            if space in by_space:
                picture = np.asarray(Image.open(io.BytesIO(by_space[space])).convert("RGB"))
                return Nearest(width, int(seed), space, enlarged(picture, max(1, LARGE // max(picture.shape))))
    return None
