"""Do 200 SIGKILLs change a bit of a study?

python benchmarks/study_kills.py [FOLDER] [KILLS] [until-sure]

A study of digits is trained without a fault, and then again and again by the command with two workers, which is killed:
the driver, a worker, or both, at a random instant; or, half of the time, driver or workers at a random operation on a
file, before it is made durable or renamed. So kills come in training, evaluations, checkpoints and reports. Every study
that comes to its end is compared with the first: weights, measurements and losses. With until-sure it decides what to
train next, and its rounds are compared, too: kills then come while seeds are added and merged, and rounds planned. The
counts stay in FOLDER (by default a new one), from which the script goes on where it was stopped. Driver and workers are
forked from this process, where all is imported, for the start of new ones would take most of the time.
"""

import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # before PyTorch is imported: threads do not outlive a fork
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import safetensors.torch

import overgan
from overgan.study.execute import _local
from tests.forked import Forked, children, forked_command, forked_worker

SPEC = """
name: kills
data: {name: digits}
model: {name: mlp, latent: 4, depth: 2}
widths: [2, 4, 8]
seeds: [0, 1]
train: {iterations: 100, batch: 8, learning_rate: 2e-3, log_every: 5, evaluate_every: 25, checkpoint_seconds: 0.1}
evaluate: {features: [pixels], samples: 100}
tolerance: 0.5
"""
SURE = sys.argv[3:] == ["until-sure"]
HOW = {"until_sure": True, "confidence": 0.8} if SURE else {}
OPERATIONS = 600 if SURE else 120  # on files, at most, before a process dies


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp())
    wanted = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kills.yaml").write_text(SPEC)
    undisturbed, study, counts = folder / "undisturbed", folder / "study", folder / "counts.json"
    overgan.run(folder / "kills.yaml", undisturbed, threads=1, **HOW)
    overgan.write_report(undisturbed, figures=False)
    _local.Popen = forked_worker
    begun = time.monotonic()
    if (code := command(folder, folder / "timed").wait()) != 0:
        raise SystemExit(f"the command ended with exit code {code}")
    shutil.rmtree(folder / "timed")
    longest = time.monotonic() - begun
    done = json.loads(counts.read_text()) if counts.exists() else {"kills": {}, "studies": 0, "different": 0}
    while sum(done["kills"].values()) < wanted:
        draw = np.random.default_rng([sum(done["kills"].values()), done["studies"], 14])
        victims = str(draw.choice(["driver", "worker", "both", "file"], p=[1 / 6, 1 / 6, 1 / 6, 1 / 2]))
        operation = int(draw.integers(1, OPERATIONS)) if victims == "file" else 0
        code, killed = killed_at(command(folder, study, operation), victims, draw.uniform(0, longest))
        done["kills"] = dict(Counter(done["kills"]) + Counter({victims: killed}))
        if code == 0:
            done["studies"] += 1
            done["different"] += contents(study) != contents(undisturbed)
            shutil.rmtree(study)
        counts.write_text(json.dumps(done))
    print(f"kills: {done['kills']}; {done['studies']} studies were finished, {done['different']} with other bits")


def command(folder: Path, study: Path, operation: int = 0) -> Forked:
    """The command; it and each of its workers die at that operation on a file, if one is given."""
    heard, told = os.pipe()
    if operation:
        fsync, replace = os.fsync, os.replace
        os.fsync, os.replace = _dying([operation], fsync, replace)
    words = ["run", folder / "kills.yaml", "--out", study, "--workers", "2", "--threads", "1", "--quiet"]
    words += ["--until-sure", "--confidence", "0.8"] if SURE else []
    process = forked_command(*words, stderr=told)
    if operation:
        os.fsync, os.replace = fsync, replace
    os.close(told)
    process.notices = heard
    return process


def _dying(left: list[int], *functions):
    def counted(function):
        def call(*arguments, **more):
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **more)

        return call

    return [counted(function) for function in functions]


def killed_at(process: Forked, victims: str, seconds: float) -> tuple[int, int]:
    """The exit code, and how many processes were killed; any other end than by kills is an error of overgan's."""
    deadline, killed = time.monotonic() + seconds, 0
    while victims != "file" and process.poll() is None:
        if time.monotonic() > deadline:
            for pid in children(process.pid)[: victims != "driver"]:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    killed += 1
            if victims != "worker":
                process.kill()
                killed += 1
            break
        time.sleep(0.01)
    with os.fdopen(process.notices, errors="replace") as notices:  # open for as long as a worker lives, too
        said = notices.read()
    code = process.wait(600)
    if code not in (0, -signal.SIGKILL) and "killed by SIGKILL" not in said:
        raise SystemExit(f"exit code {code}: {said}")
    if victims == "file":
        killed = (code == -signal.SIGKILL) + said.count("overgan: a worker ")
    return code, killed


def contents(study: Path) -> dict[str, str]:
    """The checksums of all rows and of all tensors, and the rounds."""
    found = {str(p.relative_to(study)): sha256(p.read_bytes()).hexdigest() for p in study.glob("k*/*.jsonl")}
    if SURE:
        found["rounds"] = json.dumps(json.loads((study / "rounds.json").read_text())["rounds"])
    for group in study.glob("k*"):
        path = group / json.loads((group / "checkpoint.json").read_text())["file"]
        tensors = safetensors.torch.load(path.read_bytes())
        found |= {f"{group.name} {name}": sha256(t.numpy().tobytes()).hexdigest() for name, t in tensors.items()}
    return found


if __name__ == "__main__":
    main()
