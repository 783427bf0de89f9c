"""The coordinate check as figures: for each rule and network, how far updates move every layer against the width."""

from collections.abc import Iterator
from pathlib import Path

from overgan.disk import cannot_write, write_atomic
from overgan.errors import OverganError
from overgan.report._plot import Panel, Plot, against_width, each, over_seeds, to_images
from overgan.study import Coordinates
from overgan.words import counted


def write_coordinates(found: Coordinates, folder: Path) -> list[Path]:
    """Write a PNG for each rule and network, RULE-NETWORK.png, into the folder; their paths.

    Raises OverganError if one cannot be written.
    """
    paths = []
    for plot in coordinate_plots(found):
        path = folder / f"{plot.name}.png"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_atomic(path, to_images(plot, ["png"])["png"])
        except OSError as error:
            raise OverganError(cannot_write(folder, error, "make room, or name another folder")) from None
        paths.append(path)
    return paths


def coordinate_plots(found: Coordinates) -> Iterator[Plot]:
    """A panel for each number of updates, a curve for each layer: the mean over seeds, and their range."""
    for (rule, network), rows in found.frame().groupby(["rule", "network"], sort=False):
        panels = [
            Panel(
                [
                    over_seeds(layer, of[of.updates == updates], "k", "rms", color)
                    for layer, of, color in each(rows, "layer")
                ],
                f"after {counted(int(updates), 'update')}",
            )
            for updates in rows.updates.unique()
        ]
        title = f"{found.spec.name}, {rule}: change of what each layer of the {network} gives"
        yield against_width(f"{rule}-{network}", title, "root mean square change, mean and range", panels, y_log=True)
