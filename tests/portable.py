"""The suite once under each of several numbers of threads and instruction sets: `python -m tests.portable`.

`python -m tests.portable --only AVX2 --only "1 thread" -n 2 tests/theory` runs a part; what follows is pytest's.
Every environment is looked at before the suite starts: a variable that does not reach its library ends the run.
"""

import os
import platform
import subprocess
import sys
from collections.abc import Mapping

AVX2 = {
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "OPENBLAS_CORETYPE": "Haswell",
    "NUMBA_CPU_NAME": "haswell",
    "NUMBA_CPU_FEATURES": "",  # those of the processor named above; unset, those of this one
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX512VL",
}
BASELINE = {
    "ATEN_CPU_CAPABILITY": "default",
    "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    "OPENBLAS_CORETYPE": "Prescott",
    "NUMBA_CPU_NAME": "x86-64",
    "NUMBA_CPU_FEATURES": "",
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX2,-FMA,-FMA4",  # exp, sin and pow by other polynomials
}
REPORTED = {  # what PyTorch, OpenBLAS and Numba call it, each in an old and a new version
    "AVX2": {"AVX2", "Haswell", "haswell"},
    "x86-64": {"NO AVX", "DEFAULT", "Prescott", "Katmai", "x86-64"},
}


def threads(count: int) -> dict[str, str]:
    """Variables that give every library so many threads, also on fewer cores."""
    return {f"{name}_NUM_THREADS": str(count) for name in ("OMP", "MKL", "OPENBLAS", "NUMBA")} | {
        "MKL_DYNAMIC": "FALSE"
    }


def environments() -> dict[str, dict[str, str]]:
    """Variables of each environment by its name."""
    from numpy._core._multiarray_umath import __cpu_dispatch__ as numpys  # those beyond what it is compiled for

    named = {"1 thread": threads(1), "4 threads": threads(4)}
    if platform.machine() == "x86_64":
        beyond_avx2 = [name for name in numpys if name.startswith(("AVX512", "X86_V4"))]
        named["AVX2"] = AVX2 | {"NPY_DISABLE_CPU_FEATURES": " ".join(beyond_avx2)}
        named["x86-64"] = BASELINE | {"NPY_DISABLE_CPU_FEATURES": " ".join(numpys)}
    return named


def set_threads(environment: Mapping[str, str]) -> None:
    """Give OpenBLAS the threads that are asked for: by itself it takes no more than there are cores."""
    import numpy as np
    import scipy.linalg  # noqa: F401 — SciPy has an OpenBLAS of its own
    import threadpoolctl

    assert np is not None
    if count := environment.get("OPENBLAS_NUM_THREADS"):
        threadpoolctl.threadpool_limits(int(count), user_api="blas")


def check(environment: Mapping[str, str], name: str) -> str:
    """What took effect in this process, as one line; raises RuntimeError if that is not what is asked for."""
    import numba
    import threadpoolctl
    import torch
    from numpy._core._multiarray_umath import __cpu_features__ as features

    set_threads(environment)
    torch.mm(torch.rand(2, 2), torch.rand(2, 2))
    blas = [library for library in threadpoolctl.threadpool_info() if library["user_api"] == "blas"]
    counts = {torch.get_num_threads(), numba.get_num_threads(), *(library["num_threads"] for library in blas)}
    if (wanted := environment.get("NUMBA_NUM_THREADS")) and counts != {int(wanted)}:
        raise RuntimeError(f"{name}: {wanted} threads are asked for, but libraries have {sorted(counts)}")
    torchs, numbas = torch.backends.cpu.get_cpu_capability(), str(numba.config.CPU_NAME or "as it is")
    cores = {library["architecture"] for library in blas}
    kernels = f"PyTorch {torchs}, OpenBLAS {sorted(cores)}, Numba {numbas}"
    left = [x for x in environment.get("NPY_DISABLE_CPU_FEATURES", "").split() if features[x]]
    if left or (name in REPORTED and not {torchs, numbas, *cores} <= REPORTED[name]):
        raise RuntimeError(f"{name} is asked for, but there are {kernels}, and NumPy has {left}")
    return f"{name}: threads {sorted(counts)}, {kernels}"


def pytest_sessionstart() -> None:
    """Set the threads of a process of the suite, for which this module is a plugin."""
    set_threads(os.environ)


def main(arguments: list[str]) -> int:
    """Run the suite in every environment, or those after --only, and return 1 if it failed in any of them."""
    only = []
    while arguments[:1] == ["--only"]:
        only.append(arguments[1])
        arguments = arguments[2:]
    named = environments()
    if unknown := set(only) - set(named):
        sys.exit(f"no environment {sorted(unknown)}; there are {list(named)}")
    results = {}
    for name in only or named:
        environment = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")} | named[name]
        code = f"import os; from tests.portable import check; print(check(os.environ, {name!r}), flush=True)"
        subprocess.run([sys.executable, "-c", code], env=environment, check=True)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.portable", *arguments]
        results[name] = subprocess.run(command, env=environment, check=False).returncode
    for name, code in results.items():
        print(f"{name}: {'passed' if code == 0 else 'failed'}")
    return int(any(results.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
