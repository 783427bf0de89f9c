"""Where the published image sets lie that the user has not named a folder for, and their download by torchvision."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from platformdirs import user_cache_path

from overgan.errors import OverganError


@contextmanager
def downloading(title: str, name: str, holds: str) -> Iterator[Path]:
    """The folder of the user's cache that a set is downloaded to; a failure in the block is one line.

    title, holds: what errors call the set, and what a folder of the user's own must hold in its place.
    """
    root = user_cache_path("overgan") / name
    try:
        yield root
    except OverganError:
        raise
    except Exception as error:  # gdown, by which torchvision has CelebA, has its own
        reason = " ".join(str(error).split())
        raise OverganError(
            f"{title} could not be downloaded to {root} ({reason}); name the folder that holds {holds} with data.root"
        ) from None
