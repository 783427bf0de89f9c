"""Do 200 SIGKILLs change a bit of a study?

python benchmarks/study_kills.py [FOLDER] [KILLS]

A study of digits is trained without a fault, and then again and again by the command with two workers, which is killed:
the driver, a worker, or both, at a random instant; or, half of the time, driver or workers at a random operation on a
file, before it is made durable or renamed. So kills come in training, evaluations, checkpoints and reports. Every study
that comes to its end is compared with the first: weights, measurements and losses. The counts stay in FOLDER (by
default a new one), from which the script goes on where it was stopped.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import numpy as np

SPEC = """
name: kills
data: {name: digits}
model: {name: mlp, latent: 4, depth: 2}
widths: [2, 4, 8]
seeds: [0, 1]
train: {iterations: 300, batch: 8, learning_rate: 2e-3, log_every: 10, evaluate_every: 50, checkpoint_seconds: 0.2}
evaluate: {features: [pixels], samples: 100}
"""
# a module that Python imports at its start: the process dies at its n-th operation on a file
DIES = """
import os, signal

if left := int(os.environ.get("DIES_AT", 0)):
    def counted(function):
        def call(*arguments, **more):
            global left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **more)
        return call

    os.fsync, os.replace = counted(os.fsync), counted(os.replace)
"""
LONGEST = 14  # seconds that a study takes, about, from its start to its report


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp())
    wanted = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sitecustomize.py").write_text(DIES)
    (folder / "kills.yaml").write_text(SPEC)
    undisturbed, study, counts = folder / "undisturbed", folder / "study", folder / "counts.json"
    if not (undisturbed / "report.html").exists():
        ended(start(folder, undisturbed))
    done = json.loads(counts.read_text()) if counts.exists() else {"kills": {}, "studies": 0, "different": 0}
    while (killed := sum(done["kills"].values())) < wanted:
        draw = np.random.default_rng([killed, done["studies"]])
        victims = str(draw.choice(["driver", "worker", "both", "file"], p=[1 / 6, 1 / 6, 1 / 6, 1 / 2]))
        process = start(folder, study, dies_at=int(draw.integers(1, 120)) if victims == "file" else 0)
        deadline = time.monotonic() + draw.uniform(0, LONGEST)
        while victims != "file" and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        if victims != "file" and process.poll() is None:
            workers = children(process.pid)
            for pid in workers[: victims != "driver"]:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            if victims != "worker":
                process.kill()
            if victims != "worker" or workers:
                done["kills"][victims] = done["kills"].get(victims, 0) + 1
        code, notices = ended(process)
        if victims == "file":
            died = (code == -signal.SIGKILL) + notices.count("overgan: a worker ")
            done["kills"][victims] = done["kills"].get(victims, 0) + died
        if code == 0:
            done["studies"] += 1
            done["different"] += contents(study) != contents(undisturbed)
            shutil.rmtree(study)
        counts.write_text(json.dumps(done))
    print(
        f"{done['kills']}; {done['studies']} studies came to their end, {done['different']} of them not the same bits"
    )


def start(folder: Path, study: Path, dies_at: int = 0) -> subprocess.Popen[str]:
    """The command, which ends itself at that operation on a file, if one is given."""
    environment = os.environ | {"DIES_AT": str(dies_at)}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))
    words = ["run", str(folder / "kills.yaml"), "--out", str(study), "--workers", "2", "--threads", "1", "--quiet"]
    command = [sys.executable, "-m", "overgan", *words]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment)


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit code and what was said; anything but an end, or being killed, is an error of overgan's."""
    _, notices = process.communicate()
    if process.returncode not in (0, -signal.SIGKILL) and "killed by SIGKILL" not in notices:
        raise SystemExit(notices)
    return process.returncode, notices


def children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def contents(study: Path) -> dict[str, str]:
    """The checksums of all rows and of all tensors."""
    import safetensors.torch

    found = {str(p.relative_to(study)): sha256(p.read_bytes()).hexdigest() for p in study.glob("k*/*.jsonl")}
    for group in study.glob("k*"):
        path = group / json.loads((group / "checkpoint.json").read_text())["file"]
        tensors = safetensors.torch.load(path.read_bytes())
        found |= {f"{group.name} {name}": sha256(t.numpy().tobytes()).hexdigest() for name, t in tensors.items()}
    return found


if __name__ == "__main__":
    main()
