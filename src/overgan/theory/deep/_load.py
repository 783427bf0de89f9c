"""A deep GAN from functions of the user's own."""

from typing import Any

from overgan.errors import OverganError
from overgan.own import explained, load_function
from overgan.theory.deep._gan import DeepFeatureGAN


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
