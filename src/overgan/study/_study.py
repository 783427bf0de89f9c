"""A study on disk, as Python values."""

from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import UInt8

from overgan.errors import OverganError
from overgan.files import read_jsonl, write_atomic
from overgan.study._analysis import Recommendation, recommend
from overgan.study._status import GroupStatus, group_status
from overgan.study._store import Description, group_folder, read_description
from overgan.training import (
    EVALUATIONS,
    LOG,
    generate,
    image_png,
    load_generator,
    load_tensors,
    read_checkpoint,
)


class Study:
    """The results in a study's folder, finished or not, as they are on disk when they are asked for."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.description: Description = read_description(folder)
        self.spec = self.description.spec

    def __repr__(self) -> str:
        return f"Study({str(self.folder)!r})"

    def frame(self) -> pd.DataFrame:
        """One row per run, evaluation and feature space: k, seed, iteration, features, fid_train, fid_test."""
        return self._read(EVALUATIONS, ["k", "seed", "iteration", "features", "fid_train", "fid_test"])

    def losses(self) -> pd.DataFrame:
        """One row per run and logged iteration: k, seed, iteration, the losses, and how far each network has moved."""
        return self._read(LOG, ["k", "seed", "iteration"])

    def group(self, width: int) -> Path:
        """The folder of one width."""
        return group_folder(self.folder, width)

    def status(self) -> list[GroupStatus]:
        """How far every group is, the narrowest first."""
        return [group_status(self.folder, self.spec, width) for width in self.spec.widths]

    def final(self, features: str | None = None) -> pd.DataFrame:
        """The rows of `frame` of the last iteration, of the runs that reached it, in one feature space.

        features: by default the spec's first.
        """
        frame = self.frame()
        chosen = features or self.spec.evaluate.features[0]
        return frame[(frame.iteration == self.spec.train.iterations) & (frame.features == chosen)]

    def recommend(self, tolerance: float | None = None) -> Recommendation:
        """The smallest width whose mean FID on held-out images is within the tolerance of the best.

        tolerance: by default the spec's. Raises OverganError if no run is finished.
        """
        final = self.final()
        return recommend(
            {k: final.fid_test[final.k == k].to_numpy(float) for k in self.spec.widths},
            self.spec.tolerance if tolerance is None else tolerance,
            self.spec.evaluate.features[0],
        )

    def sample(self, width: int, seed: int | None = None, n: int = 16) -> UInt8[np.ndarray, "{n} h w c"]:
        """The first n images of a run's newest checkpoint; the same n whenever it is asked.

        seed: by default the first.

        Raises OverganError if there is no such run, no checkpoint yet, or its checksum is wrong.
        """
        if width not in self.spec.widths:
            raise OverganError(f"{self.folder} has no width {width}; it has {self.spec.widths}")
        group = self.group(width)
        checkpoint = read_checkpoint(group)
        if checkpoint is None:
            raise OverganError(f"{group} has no checkpoint yet; let the study go on")
        seed = self.spec.seeds[0] if seed is None else seed
        if seed not in checkpoint.seeds:
            raise OverganError(f"{group} has no weights of seed {seed}; it has those of {checkpoint.seeds}")
        if n < 1:
            raise OverganError(f"{n} images were asked for; at least 1 is needed")
        height, width_px, channels = self.description.data["shape"]
        model, shape = self.spec.model, (height, width_px, channels)
        tensors = load_tensors(group, checkpoint)
        generator = load_generator(model, width, shape, len(checkpoint.seeds), tensors)
        row = checkpoint.seeds.index(seed)
        images: np.ndarray = generate(generator, checkpoint.seeds, n, model.latent)[row].numpy()
        return images

    def write_samples(self, width: int, seed: int | None = None, n: int = 16, out: str | Path | None = None) -> Path:
        """Write `sample(width, seed, n)` as 00000.png, 00001.png, … and return their folder.

        out: by default images-seed-S in the folder of the width.
        Raises OverganError as `sample` does, or if out cannot be written.
        """
        images = self.sample(width, seed, n)
        seed = self.spec.seeds[0] if seed is None else seed
        folder = Path(out) if out is not None else self.group(width) / f"images-seed-{seed}"
        try:
            for i, image in enumerate(images):
                write_atomic(folder / f"{i:05d}.png", image_png(image))
        except OSError as error:
            raise OverganError(f"{folder} cannot be written ({error}); name another folder with --out") from None
        return folder

    def _read(self, file: str, columns: list[str]) -> pd.DataFrame:
        rows = [{"k": width, **row} for width in self.spec.widths for row in read_jsonl(self.group(width) / file)]
        return pd.DataFrame(rows, columns=None if rows else columns)


def load(folder: str | Path) -> Study:
    """The study in a folder, finished or not. Raises OverganError if there is none."""
    return Study(Path(folder))
