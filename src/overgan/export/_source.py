"""A generator as a Python file of about 20 lines, which builds it of PyTorch's layers and loads its weights."""

from typing import Any

from torch import nn

from overgan.models import Residual

HEAD = '''"""The generator of k = {width}, seed {seed}: latents (n, {latent}) from N(0, 1) to images.{note}"""

from pathlib import Path

import torch
from safetensors.torch import load_file
{imports}


{block}def load():
    """The generator, whose images (n, {channels}, {height}, {across}) are in [-1, 1]."""
{module}
    module.load_state_dict(load_file(Path(__file__).with_name("{weights}")))
    return module.eval()


@torch.no_grad()
def images(latents):
    """The images of latents as bytes (n, {height}, {across}, {channels})."""
    return {bytes}.clamp(0, 255).byte().movedim(1, 3)
'''
BLOCK = '''class Block(nn.Module):
    """An up-sampling block: the sum of its shortcut and its body."""

    def __init__(self, i, o):
        super().__init__()
        self.shortcut = nn.Sequential(nn.Conv2d(i, o, 1), nn.Upsample(scale_factor=2))
        self.body = nn.Sequential(
            {body}
        )

    def forward(self, x):
        return self.shortcut(x) + self.body(x)


'''
OWN = """    build = import_module({module!r}).{function}  # your own, which must be importable
    module, _ = build({width}, {shape})"""
BATCH = " Batch norm takes each\nbatch's statistics: overgan makes images 64 at a time."


def source(
    module: nn.Module,
    *,
    width: int,
    seed: int,
    latent: int,
    shape: tuple[int, int, int],
    dithered: bool,
    own: str | None,
    weights: str,
) -> str:
    """The file for a generator that `plain` made, or one of the user's own.

    width: that the user's function is called with. shape: height, width and channels of its images.
    own: the user's function as package.module:name. weights: the name of the file beside it.

    Nothing in it is text of the study's: it is run, and the study may be anybody's.
    """
    height, across, channels = shape
    if own:
        package, _, function = own.partition(":")
        made = OWN.format(module=package, function=function, width=width, shape=(height, across, channels))
        imports, block = "", ""
        head = HEAD.replace("from pathlib", "from importlib import import_module\nfrom pathlib")
    else:
        head, imports = HEAD, "from torch import nn"
        layers = ",\n".join(f"        {_layer(layer)}" for layer in module.children())
        made = f"    module = nn.Sequential(\n{layers},\n    )"
        block = _block(module)
    by_batch = any(
        isinstance(of, nn.BatchNorm1d | nn.BatchNorm2d) and of.running_mean is None for of in module.modules()
    )
    text = head.format(
        width=width,
        seed=seed,
        latent=latent,
        note=BATCH if by_batch and not own else "",
        imports=imports,
        block=block,
        module=made,
        weights=weights,
        channels=channels,
        height=height,
        across=across,
        bytes="((load()(latents) + 1) * 128).floor()" if dithered else "((load()(latents) + 1) * 127.5).round()",
    )
    return text.replace("load_file\n\n\n\n", "load_file\n\n\n")


def _block(module: nn.Module) -> str:
    """The class of residual blocks, if there are some: they differ in their channels alone."""
    first: Any = next((layer for layer in module.children() if isinstance(layer, Residual)), None)
    if first is None:
        return ""
    from_inputs = (first.body[0], first.body[3])  # the first norm and the first convolution
    layers = (_layer(layer, {"in": "i" if layer in from_inputs else "o", "out": "o"}) for layer in first.body)
    body = ",\n            ".join(layers)
    return BLOCK.format(body=f"{body},")


def _channels(block: Any) -> tuple[int, int]:
    convolution = block.shortcut[0]
    return convolution.in_channels, convolution.out_channels


def _layer(layer: Any, named: dict[str, str] | None = None) -> str:
    """The call that builds a layer; named: what stands for its channels, in a class."""
    match layer:
        case nn.Linear():
            return f"nn.Linear({layer.in_features}, {layer.out_features})"
        case nn.ReLU() | nn.Tanh():
            return f"nn.{type(layer).__name__}()"
        case nn.Unflatten():
            return f"nn.Unflatten(1, {tuple(map(int, layer.unflattened_size))})"
        case nn.Upsample():
            return "nn.Upsample(scale_factor=2)"
        case nn.BatchNorm1d() | nn.BatchNorm2d():
            features = named["in"] if named else layer.num_features
            batch = "" if layer.track_running_stats else ", track_running_stats=False"
            return f"nn.{type(layer).__name__}({features}{batch})"
        case nn.Conv2d() | nn.ConvTranspose2d():
            i, o = (named["in"], named["out"]) if named else (layer.in_channels, layer.out_channels)
            options = {
                "stride": layer.stride[0],
                "padding": layer.padding[0],
                "output_padding": layer.output_padding[0],
            }
            usual = {"stride": 1, "padding": 0, "output_padding": 0}
            given = "".join(f", {name}={of}" for name, of in options.items() if of != usual[name])
            return f"nn.{type(layer).__name__}({i}, {o}, {layer.kernel_size[0]}{given})"
        case Residual():
            i, o = _channels(layer)
            return f"Block({i}, {o})"
    raise TypeError(f"a {type(layer).__name__} is not a layer of overgan's generators")
