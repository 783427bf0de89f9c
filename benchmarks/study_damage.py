"""What single flipped bits and lost ends do to a half-finished study, file by file.

python benchmarks/study_damage.py FOLDER [FLIPS TRUNCATIONS]    by default 500 and 100; goes on where it was stopped

Makes a GAN's width study (a width finished, one interrupted, both measured afterwards) and one of shallow GANs (some
runs done), then damages a copy again and again, in a random file of it; those that are made again at will (report,
figures) are left out. Every time it reads all that the study says, and goes on to the end. Prints how often it was

  nothing   no difference, then or in the end
  healed    told in a notice, and the same bits in the end
  left-out  a picture that cannot be made again, told in a notice, and the same bits of all else in the end
  refused   one line that names the file, by what reads it and by what goes on
  SILENT    another result without a word, or another in the end: there must be none
  TRACE     any other exception: there must be none
"""

import copy
import json
import logging
import shutil
import sys
from collections import Counter
from pathlib import Path

import numpy as np

from overgan.disk import append_jsonl, read_jsonl, sha256
from overgan.errors import OverganError
from overgan.study import KINDS, finish_groups, group_folder, load, load_spec, run
from overgan.training import load_checkpoint

GAN = {
    "name": "gan",
    "data": {"name": "digits"},
    "model": {"name": "mlp", "latent": 4, "depth": 2},
    "widths": [2, 4],
    "seeds": [0, 1],
    "train": {"iterations": 12, "batch": 4, "log_every": 1, "evaluate_every": 4},
    "evaluate": {"features": ["pixels"], "samples": 20},
}
SHALLOW = {
    "name": "shallow",
    "kind": "shallow",
    "problem": {"n": 20, "d": 3, "m": 2},
    "methods": {"GDA": {"method": "gda"}, "optimal": {"method": "optimal"}},
    "widths": [3, 5],
    "seeds": [0, 1, 2],
    "steps": 100,
}
AGAIN = (".lock", ".html", ".log")  # nothing is lost with these


class Here:
    """An executor in this process, which can leave a width on the way."""

    stops: tuple[int, int] | None = None  # a width, and how often its work asks until it is told to stop

    def start(self, job):
        """Finish all groups, or all but one."""
        if self.stops is None:
            finish_groups(job.store, 1, "cpu", lambda: False)
            return
        width, asks = self.stops
        finish_groups(job.store, 1, "cpu", lambda: False, [k for k in load(job.folder).spec.widths if k != width])
        count = iter(range(10**9))
        spec = load(job.folder).spec
        group_folder(job.folder, width).mkdir(exist_ok=True)
        KINDS[spec.kind].worker(spec, job.folder, 1, "cpu")(width, lambda: next(count) >= asks)
        raise KeyboardInterrupt

    def working(self):
        """Never: `start` does it all."""
        return False

    def stop(self):
        """Nothing is left."""


def go_on(spec, folder):
    """Run to the end in this process."""
    return run(copy.deepcopy(spec), folder, workers=1, threads=1, executor="study_damage:Here")


def ended(study):
    """All results of a finished study but the clock."""
    found = {"frame": study.frame().drop(columns="seconds", errors="ignore").to_csv()}
    found["complete"] = [group.complete for group in study.status()]
    for width in study.spec.widths:
        if study.spec.kind == "gan":
            checkpoint, tensors = load_checkpoint(study.group(width))
            found |= {f"{width} {name}": sha256(tensors[name].numpy().tobytes()) for name in tensors}
            found[f"iteration {width}"] = checkpoint.iteration
            found["losses"] = study.losses().to_csv()
            pictures = study.pictures(width, "samples").items()
            found |= {str(path.relative_to(study.folder)): sha256(content) for path, content in pictures}
        else:
            for seed in study.spec.seeds:
                curves = study.residuals(width, seed).items()
                found |= {f"{width} {seed} {name}": values.tobytes() for name, values in curves}
    return found


def read(folder):
    """What reading commands say of a study, by what is asked: a value, or the line that refuses it."""
    asked = {
        "frame": lambda study: study.frame().to_csv(),
        "status": lambda study: str(study.status()),
        "recommend": lambda study: str(study.recommend()),
    }
    if folder.name == "gan":
        asked["losses"] = lambda study: study.losses().to_csv()
        for k in GAN["widths"]:
            asked[f"sample {k}"] = lambda study, k=k: study.sample(k, n=1).tobytes()
            asked[f"pictures {k}"] = lambda study, k=k: [*study.pictures(k, "samples").values()]
    else:
        asked |= {f"curves {k}": lambda study, k=k: study.residuals(k, 0)["GDA"].tobytes() for k in SHALLOW["widths"]}
    said = {}
    for name, ask in asked.items():
        try:
            said[name] = ask(load(folder))
        except OverganError as error:
            said[name] = f"refused: {error}"
    return said


def outcome(spec, folder, path, expected, end, notices):
    """What a damaged file of a copy leads to."""
    try:
        said = read(folder)
        different = [name for name in said if said[name] != expected[name]]
        refused = [name for name in different if str(path) in str(said[name])]
        if set(different) - set(refused) and not any(str(path) in notice for notice in notices):
            return f"SILENT in {different}"
        try:
            found = ended(go_on(spec, folder))
        except OverganError as error:
            return "refused" if str(path) in str(error) and "\n" not in str(error) else f"SILENT but {error}"
        lost = [name for name in end if found.get(name) != end[name]]
        if lost == [str(path.relative_to(folder))] and lost[0] not in found and notices:
            return "left-out"
        if lost or found.keys() - end:
            return f"SILENT in the end: {lost}"
        return "healed" if notices or different else "nothing"
    except Exception as error:  # it is counted, and must not be there
        return f"TRACE {type(error).__name__}: {error}"


class Listener(logging.Handler):
    """Keeps overgan's notices."""

    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        """Keep one."""
        self.lines.append(record.getMessage())


def main(folder: Path, flips: int = 500, truncations: int = 100) -> None:
    """Make the studies, damage them, count."""
    studies = {"gan": (load_spec(GAN), (4, 10)), "shallow": (load_spec(SHALLOW), (5, 1))}
    listener, results = Listener(), folder / "outcomes.jsonl"
    logging.getLogger("overgan").addHandler(listener)
    logging.getLogger("overgan").propagate = False
    known, expected = {}, {}
    for name, (spec, stops) in studies.items():
        half, whole = folder / "half" / name, folder / "whole" / name
        if not whole.exists():
            shutil.rmtree(half, ignore_errors=True)
            Here.stops = stops
            try:
                go_on(spec, half)
            except KeyboardInterrupt:
                Here.stops = None
            if name == "gan":
                load(half).evaluate(features=["random"], samples=20)
            shutil.copytree(half, folder / "making" / name, dirs_exist_ok=True)
            go_on(spec, folder / "making" / name)
            whole.parent.mkdir(exist_ok=True)
            (folder / "making" / name).rename(whole)
        files = [p.relative_to(half) for p in sorted(half.rglob("*")) if p.is_file() and not p.name.endswith(AGAIN)]
        known[name] = [file for file in files if (half / file).stat().st_size], ended(load(whole))

    done = len(read_jsonl(results))
    for i in range(done, flips + truncations):
        random = np.random.default_rng(i)
        name = ("gan", "gan", "shallow")[i % 3]
        (spec, _), (files, end) = studies[name], known[name]
        copied, file = folder / "damaged" / name, files[random.integers(len(files))]
        shutil.rmtree(copied, ignore_errors=True)
        shutil.copytree(folder / "half" / name, copied)
        if name not in expected:
            expected[name] = read(copied)
        content = bytearray((copied / file).read_bytes())
        place = int(random.integers(len(content)))
        if i < flips:
            content[place] ^= 1 << int(random.integers(8))
        else:
            del content[place:]
        (copied / file).write_bytes(content)
        listener.lines.clear()
        found = outcome(spec, copied, copied / file, expected[name], end, listener.lines)
        row = {"study": name, "file": str(file), "place": place, "flip": i < flips, "outcome": found}
        append_jsonl(results, [row])

    rows = read_jsonl(results)
    for kind, of in (
        ("flipped bits", [r for r in rows if r["flip"]]),
        ("truncations", [r for r in rows if not r["flip"]]),
    ):
        print(len(of), kind, dict(Counter(row["outcome"].split()[0] for row in of)))
    for row in rows:
        if row["outcome"].split()[0] in ("SILENT", "TRACE"):
            print(json.dumps(row))


if __name__ == "__main__":
    import study_damage  # the module that the executor's name means

    study_damage.main(Path(sys.argv[1]).resolve(), *map(int, sys.argv[2:]))
