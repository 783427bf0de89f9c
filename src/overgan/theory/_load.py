"""Problems of the user's own: a shallow GAN from a file, a deep one from functions."""

from pathlib import Path
from typing import Any

from overgan.check import check
from overgan.disk import NpzArrays
from overgan.errors import OverganError
from overgan.own import explained, load_function
from overgan.theory.deep._gan import DeepFeatureGAN
from overgan.theory.shallow._gan import ShallowGAN

NAMES = ("Z", "V", "W0", "target")
MEND = "write it with numpy.savez(path, Z=, V=, W0=, target=)"


def load_problem(path: str | Path) -> ShallowGAN:
    """The problem of an .npz file with the arrays Z (n, d), V (m, k), W0 (k, d) and target (m,); no code in it is run.

    Raises OverganError if the file is missing or no .npz, or an array is missing, of the wrong shape or no numbers.
    """
    try:
        with Path(path).open("rb") as handle:
            file = NpzArrays(handle)
            if missing := [name for name in NAMES if name not in file]:
                raise ValueError(f"it has no {missing[0]}")
            arrays: dict[str, Any] = {name: file[name] for name in NAMES}
        for name, array in arrays.items():
            check(array.dtype.kind in "fiu", name, f"of type {array.dtype}", "of real numbers")
        return ShallowGAN(**arrays)
    except FileNotFoundError:
        raise OverganError(f"{path} is missing; {MEND}") from None
    except (OSError, ValueError, TypeError) as error:
        raise OverganError(f"{path} is not a problem: {error}; {MEND}") from None


def load_deep_problem(generator: str, features: str) -> DeepFeatureGAN:
    """The problem of two functions of the user's own, each named as `package.module:function`.

    generator: takes nothing and returns the generator and its latents (n, …). features: takes nothing and returns the
    feature network and the data (samples, …). Modules in the current folder are found too.

    Raises OverganError if a function cannot be imported, fails or returns something else, or the parts do not fit.
    """
    parts: list[tuple[Any, Any]] = []
    for argument, name in (("generator", generator), ("features", features)):
        function = load_function(name, argument)
        with explained(f"{argument}: {name} fails"):
            returned = function()
        if not isinstance(returned, tuple) or len(returned) != 2:
            wrong = f"{name} must return a pair, a module and its inputs, not {type(returned)}"
            raise OverganError(f"{{argument}}: {wrong}", argument)
        if not hasattr(returned[1], "shape"):
            wrong = f"the inputs are a {type(returned[1]).__name__}; an array or a tensor is needed"
            raise OverganError(f"{{argument}}: {wrong}", argument)
        parts.append(returned)
    (generator_module, latents), (features_module, data) = parts
    try:
        return DeepFeatureGAN(generator_module, features_module, latents, data)
    except OverganError as error:
        raise OverganError(f"{generator} and {features}: {error}") from None
