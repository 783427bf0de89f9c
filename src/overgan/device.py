"""What computes: the names that PyTorch has for the processor and the GPUs."""

import re

from overgan.check import check
from overgan.errors import OverganError


def resolve_device(device: str) -> list[str]:
    """PyTorch's names of what is meant: cpu, one GPU, or every GPU that PyTorch sees.

    device: cpu, cuda (every GPU), cuda:N (that GPU), or auto: every GPU if there is one, else cpu.

    Raises OverganError if it is none of these, or the GPU is missing.
    """
    check(re.fullmatch(r"auto|cpu|cuda(:\d+)?", device), "device", device, "auto, cpu, cuda or cuda:N")
    if device == "cpu":
        return ["cpu"]
    import torch  # here, because the theory's studies do without it

    gpus = [f"cuda:{i}" for i in range(torch.cuda.device_count())]
    if device == "auto":
        return gpus or ["cpu"]
    if device not in ("cuda", *gpus) or not gpus:
        found = (
            f"{', '.join(gpus)}; use one of them" if gpus else "no GPU; install its CUDA build and a driver, or use cpu"
        )
        raise OverganError(f"{{argument}} is {device}, but PyTorch sees {found}", "device")
    return gpus if device == "cuda" else [device]
