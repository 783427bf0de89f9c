"""The features of FID: torch-fidelity's Inception-v3, ported from TensorFlow."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import nn

from overgan.disk import sha256_of_file
from overgan.errors import OverganError
from overgan.metrics.spaces._space import Embedding, Space, Wanted

LAYER, BATCH = "2048", 32
FILE = "weights-inception-2015-12-05-6726825d.pth"  # ends with the first digits of its SHA-256
SOURCE = f"https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/{FILE}"


def default_weights() -> Path:
    """Where torch-fidelity keeps the weights, too."""
    return Path(torch.hub.get_dir()) / "checkpoints" / FILE


def inception_features(wanted: Wanted) -> tuple[Embedding, dict[str, Any]]:
    """The embedding into 2048 pooled features, and facts: its weights' SHA-256 and its precision.

    Grey images are taken as colour ones. The precision bf16 multiplies bfloat16 numbers, which is faster where the
    processor can and changes the features.

    Raises OverganError if the file is missing, damaged or holds something else.
    """
    path = wanted.weights or default_weights()
    if not path.is_file():
        named = "" if wanted.weights else ", or name the file with {argument}=FILE"
        raise OverganError(
            f"{path} is missing, the weights of inception features: download {SOURCE} to it{named}; "
            "or use other features (classifier, random, pixels)",
            "weights",
        )
    checksum = sha256_of_file(path)
    if wanted.weights is None and not checksum.startswith(FILE.removesuffix(".pth").rpartition("-")[2]):
        raise OverganError(f"{path} is damaged: its SHA-256 is {checksum}; download {SOURCE} again")
    network = _load(path).to(wanted.device)

    @torch.inference_mode()
    def embed(images: UInt8[np.ndarray, "images h w c"]) -> Float[np.ndarray, "images features"]:
        parts = []
        for batch in torch.split(torch.from_numpy(np.ascontiguousarray(images)), wanted.batch or BATCH):
            colour = batch.to(wanted.device).movedim(-1, 1).expand(-1, 3, -1, -1)
            with torch.autocast(colour.device.type, torch.bfloat16, enabled=wanted.precision == "bf16"):
                parts.append(network(colour)[0].float().cpu().numpy())
        return np.concatenate(parts)

    return embed, {"dimension": int(LAYER), "sha256": checksum, "precision": wanted.precision}


def _load(path: Path) -> nn.Module:
    # imported here, because it takes seconds
    from torch_fidelity.feature_extractor_inceptionv3 import BasicConv2d, FeatureExtractorInceptionV3

    try:
        torch.load(path, weights_only=True)  # torch-fidelity, which reads it again, would run code in it
        network = FeatureExtractorInceptionV3("overgan", [LAYER], str(path))
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise OverganError(
            f"{path} does not hold torch-fidelity's Inception weights ({reason}); download {SOURCE}"
        ) from None
    for module in network.modules():
        if isinstance(module, BasicConv2d):  # batch norm of fixed statistics is a part of the convolution
            module.conv = nn.utils.fusion.fuse_conv_bn_eval(module.conv, module.bn)
            module.bn = nn.Identity()
    fused: nn.Module = network.to(memory_format=torch.channels_last)
    return fused


SPACE = Space(inception_features)
