"""What computes: the names that PyTorch has for the processor and the GPUs."""

import re

from overgan.errors import OverganError


def resolve_device(device: str) -> list[str]:
    """PyTorch's names of what is meant: cpu, one GPU, or every GPU that PyTorch sees.

    device: cpu, cuda (every GPU), cuda:N (that GPU), or auto: every GPU if there is one, else cpu.

    Raises OverganError if it is none of these, or the GPU is missing.
    """
    if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", device):
        raise OverganError(f"{{argument}} is {device}; it must be auto, cpu, cuda or cuda:N", "device")
    if device == "cpu":
        return ["cpu"]
    import torch  # here, because the theory's studies do without it

    gpus = [f"cuda:{i}" for i in range(torch.cuda.device_count())]
    if device == "auto":
        return gpus or ["cpu"]
    if not gpus:
        raise OverganError(
            f"{{argument}} is {device}, but PyTorch sees no GPU; install its CUDA build and a driver, or use cpu",
            "device",
        )
    if device not in ("cuda", *gpus):
        raise OverganError(f"{{argument}} is {device}, but PyTorch sees {', '.join(gpus)}; use one of them", "device")
    return gpus if device == "cuda" else [device]
