"""A folder, spec or file of a stranger's is data: it runs nothing, leads nowhere and ends in one line."""

import io
import json
import os
import pickle
import re
import shutil
import struct
import sys
import tarfile
import tracemalloc
import zipfile
import zlib
from contextlib import contextmanager
from html.parser import HTMLParser

import numpy as np
import pytest
from typer.testing import CliRunner

import overgan
from benchmarks.trust import CANARY, MODULE, SCRIPT, make_hostile, read
from overgan.cli import app
from overgan.cli._terminal import print_json
from overgan.data import open_images
from overgan.disk import NpzArrays, read_json, write_json
from overgan.errors import OverganError
from overgan.own import importing_only, load_function
from overgan.study import load_spec
from tests.racing import begun, write_study

HTML = f"{SCRIPT}<img src=x onerror=alert(1)>'\" {{{{7*7}}}}"
TERMINAL = "\x1b]0;owned\x07\x9b31m[/b]\u202e"
MEGABYTE = 2**20


@pytest.fixture
def study(small_study, tmp_path):
    """A stranger's, who has left nothing of before to fall back to."""
    folder = shutil.copytree(small_study / "study", tmp_path / "study")
    (folder / "study-copy.json").unlink()
    for group in folder.glob("k*"):
        (group / "checkpoint-previous.json").unlink()
        _, *older = sorted(group.glob("*.safetensors"), reverse=True)
        for path in older:
            path.unlink()
    return folder


@pytest.fixture
def canary(tmp_path, monkeypatch):
    """A module in the current folder that leaves a file when it is run."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "here" / "canary.py").write_text(MODULE)
    yield tmp_path / "here" / "ran"
    sys.modules.pop("canary", None)


@contextmanager
def little_memory():
    """Fails if more than 100 MiB were taken at once."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < 100 * MEGABYTE
    finally:
        tracemalloc.stop()


def change(folder, **keys):
    """Other values of keys of study.json, such as spec__model__name."""
    description = read_json(folder / "study.json")
    for key, value in keys.items():
        *sections, last = key.split("__")
        section = description
        for name in sections:
            section = section[name]
        section[last] = value
    write_json(folder / "study.json", description)


def refusals(folder, trust=False):
    """What each way of reading a study is refused for, if it is."""
    ways = {
        "status": lambda: overgan.load(folder, trust).status(),
        "recommend": lambda: overgan.load(folder, trust).headlines(),
        "report": lambda: overgan.write_report(folder, figures=False, trust=trust),
        "sample": lambda: overgan.load(folder, trust).sample(2),
        "generator": lambda: overgan.load(folder, trust).generator(2),
        "evaluate": lambda: overgan.load(folder, trust).evaluate(),
    }
    refused = {}
    for name, way in ways.items():
        try:
            way()
        except OverganError as error:
            refused[name] = error
    assert not any("\n" in str(error) for error in refused.values())
    return refused


ALL = {"status", "recommend", "report", "sample", "generator", "evaluate"}


@pytest.mark.parametrize(
    ("key", "value", "refused"),
    [
        ("spec__kind", CANARY, ALL),
        ("spec__model__name", CANARY, {"sample", "generator", "evaluate"}),
        ("spec__train__loss", CANARY, set()),
        ("spec__data__name", CANARY, {"evaluate"}),
        ("spec__evaluate__features", ["pixels", CANARY], {"evaluate"}),
        ("spec__evaluate__final_metrics", [CANARY], set()),
        ("spec__model__name", "overgan.cli:main", {"sample", "generator", "evaluate"}),
    ],
)
def test_no_module_that_a_study_names_is_imported_without_trust(key, value, refused, study, canary, monkeypatch):
    monkeypatch.setattr("overgan.cli.main", lambda *_: canary.touch())  # a stranger may name what is overgan's, too
    change(study, **{key: value})
    found = refusals(study)
    assert found.keys() == refused
    assert {error.argument for error in found.values()} <= {"trust"}
    assert all("look at it" in str(error) for error in found.values())
    assert not canary.exists()
    refusals(study, trust=True)
    assert canary.exists() == (key != "spec__train__loss")  # a loss is needed for training alone


def test_to_follow_a_study_imports_no_module_that_it_names_without_trust(tmp_path, canary):
    """Whether it is finished is asked of the planner, which would count the parameters of a wider network."""
    study = write_study(
        tmp_path / "study", {2: [9.0, 9.1, 9.2], 4: [3.0, 3.1, 3.2]}, [begun({2: 3, 4: 3})], model=CANARY
    )
    to = "tests.export.test_follow:Memory:place"
    overgan.export_study(study.folder, to, follow=True)
    assert not canary.exists()
    overgan.export_study(study.folder, to, trust=True)
    assert canary.exists()


def test_the_command_says_how_the_folder_is_trusted(study, canary):
    change(study, spec__model__name=CANARY)
    refused = CliRunner().invoke(app, ["sample", str(study), "--width", "2"])
    assert isinstance(refused.exception, OverganError)
    assert not canary.exists()
    CliRunner().invoke(app, ["sample", str(study), "--width", "2", "--trust"])
    assert canary.exists()


def test_a_run_imports_no_module_that_the_folder_names_and_its_spec_does_not(small_spec, study, canary):
    change(study, spec__kind=CANARY)
    with pytest.raises(OverganError, match="canary"):
        overgan.run(small_spec, study)
    assert not canary.exists()


def test_show_imports_no_module_without_trust(small_spec, canary):
    small_spec.write_text(f"kind: {CANARY}\n{small_spec.read_text()}")
    refused = CliRunner().invoke(app, ["show", str(small_spec)])
    assert isinstance(refused.exception, OverganError)
    assert not canary.exists()
    CliRunner().invoke(app, ["show", str(small_spec), "--trust"])
    assert canary.exists()


def test_what_the_caller_names_is_imported(canary):
    with importing_only([CANARY]):
        assert load_function(CANARY, "features")() == 1
        with pytest.raises(OverganError, match="features: os:getcwd is a module"):
            load_function("os:getcwd", "features")
    assert load_function("os:getcwd", "features") is os.getcwd


@pytest.mark.parametrize("place", ["study.json", "k0002", "k0002/evaluations.jsonl", "k0002/images-seed-0", "figures"])
def test_a_link_that_leads_out_of_the_folder_is_neither_followed_nor_written_through(place, study, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "00001.png").write_bytes(b"a picture of the user's")
    path = study / place
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    path.symlink_to(outside)
    with pytest.raises(OverganError, match=f"{place} is a link") as caught:
        overgan.load(study).write_samples(2, n=1)
    assert caught.value.argument == "trust"
    with pytest.raises(OverganError, match=f"{place} is a link"):
        overgan.write_report(study)
    assert [p.name for p in outside.iterdir()] == ["00001.png"]


def test_links_within_the_folder_and_to_it_are_fine(study, tmp_path):
    (study / "again").symlink_to(study / "k0002")
    (study / "round").symlink_to("round")
    (tmp_path / "link").symlink_to(study)
    assert overgan.load(tmp_path / "link").status()[0].complete


def test_a_pipe_in_the_folder_is_refused_and_not_waited_for(study):
    (study / "k0002" / "progress.json").unlink()
    os.mkfifo(study / "k0002" / "progress.json")
    with pytest.raises(OverganError, match="neither a file nor a folder"):
        overgan.load(study)


class Tags(HTMLParser):
    """The tags of a page, with the names of their attributes, and how many scripts call alert."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.alerts = [], 0
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, tuple(name for name, _ in attributes)))

    def handle_data(self, data):
        self.alerts += self.lasttag == "script" and "alert(1)" in data


def test_text_in_any_field_is_text_on_the_page_and_on_the_terminal(study):
    overgan.write_report(study, figures=False)
    plain = Tags((study / "report.html").read_text())
    hostile = HTML + TERMINAL
    change(
        study,
        spec__name=hostile,
        command=hostile,
        versions={hostile: hostile},
        machine={"workers": 1, "processor": hostile, hostile: hostile},
        data__name=hostile,
        data__fingerprint=hostile,
        data__notes=[hostile],
        features={hostile: {"dimension": 3, "sha256": hostile}},
    )
    path = study / "k0002" / "evaluations.jsonl"
    lines = path.read_text().splitlines()
    (study / "k0002" / "later.jsonl").write_text(json.dumps(json.loads(lines[-1]) | {"features": hostile}) + "\n")
    page = overgan.write_report(study, figures=False).read_text()
    found = Tags(page)
    assert page.count("alert(1)") > 10
    assert found.alerts == 0
    assert set(found.tags) == set(plain.tags)
    assert [tag for tag, _ in found.tags].count("script") == [tag for tag, _ in plain.tags].count("script")
    for words in (["status"], ["status", "--json"], ["recommend"]):
        said = CliRunner().invoke(app, [words[0], str(study), *words[1:]], catch_exceptions=False).output
        assert not re.search("[\x1b\x07\x9b\u202e]", said)
    assert "\\u001b]0;owned\\u0007\\u009b31m[/b]" in CliRunner().invoke(app, ["recommend", str(study)]).output


def test_json_of_any_text_is_json(capsys):
    data = {"name": TERMINAL, "file": os.fsdecode(b"\xff")}
    print_json(data)
    assert json.loads(capsys.readouterr().out) == data


@pytest.mark.parametrize("seed", range(4))
def test_a_folder_in_which_something_else_is_written_is_read_or_refused_in_one_line(seed, study, canary):
    """benchmarks/trust.py does it hundreds of times."""
    make_hostile(study, seed)
    assert sum(read(study, ["status", "recommend", "report", "sample"]).values()) == 4


@pytest.mark.parametrize("name", ["study.json", "k0002/evaluations.jsonl", "k0002/checkpoint.json"])
def test_a_file_of_holes_is_refused_before_it_takes_memory(name, study):
    os.truncate(study / name, 2**40)
    with little_memory(), pytest.raises(OverganError, match=f"{name} is damaged.*MiB"):
        overgan.load(study).recommend()


class Attack:
    def __reduce__(self):
        return open, ("ran", "w")


@pytest.mark.parametrize(
    "content",
    [
        struct.pack("<Q", 10**12) + b"{}",
        struct.pack("<Q", 90)
        + json.dumps({"x": {"dtype": "F32", "shape": [10**6, 10**6], "data_offsets": [0, 4]}}).encode(),
        pickle.dumps(Attack()),
        b"",
    ],
    ids=["header of 10^12 bytes", "tensor of 10^12 numbers", "pickle", "empty"],
)
def test_weights_that_are_none_are_one_line(content, study, canary):
    (path,) = (study / "k0002").glob("*.safetensors")
    path.write_bytes(content)
    with pytest.raises(OverganError, match=f"{path.name} cannot be read") as caught:
        overgan.load(study).sample(2)
    assert "\n" not in str(caught.value)
    assert not canary.exists()


def test_networks_larger_than_their_weights_take_no_memory(study):
    parameters = json.loads((study / "study.json").read_text())["parameters"]
    change(study, spec__widths=[90_000_000], parameters=parameters | {"90000000": parameters["2"]})
    (study / "k0002").rename(study / "k90000000")
    with pytest.raises(OverganError, match="other networks than the spec"):
        overgan.load(study).sample(90_000_000)


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"file": "../k0004/checkpoint-00000008.safetensors"},
        {"rows": {"../k0004/log.jsonl": {"count": 1, "sha256": ""}}},
        {"rows": {"/dev/zero": {"count": 1, "sha256": ""}}},  # which would be read for ever
    ],
)
def test_a_checkpoint_names_no_file_of_another_folder(elsewhere, study):
    path = study / "k0002" / "checkpoint.json"
    index = json.loads(path.read_text())
    path.write_text(json.dumps({k: index[k] for k in index if k != "checksum"} | elsewhere))
    with pytest.raises(OverganError, match="not a checkpoint's index"):
        overgan.load(study).sample(2)


def npy(shape, kind="|u1", content=b"\0" * 1000):
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": kind, "fortran_order": False, "shape": shape})
    return buffer.getvalue() + content


def npz(*arguments, method=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr("images.npy", npy(*arguments))
    return buffer.getvalue()


def lying_zip(method, megabytes=120):
    """A zip file whose images say that they have 100 bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr("0.png", bytes(megabytes * MEGABYTE))
        archive.writestr("1.png", b"x")
    content = bytearray(buffer.getvalue())
    for mark, at in ((b"PK\1\2", 24), (b"PK\3\4", 22)):
        place = content.index(mark)
        content[place + at : place + at + 4] = struct.pack("<I", 100)
    return bytes(content)


def short_npz():
    """A file whose array says, as its header does, that it has 1,000 bytes, and has one."""
    content = bytearray(npz((1000,), "|u1", b"x"))
    for mark, at in ((b"PK\1\2", 24), (b"PK\3\4", 22)):
        place = content.index(mark) + at
        (there,) = struct.unpack_from("<I", content, place)
        struct.pack_into("<I", content, place, there + 999)
    return bytes(content)


def test_an_array_that_ends_too_early_is_damaged():
    arrays = NpzArrays(io.BytesIO(short_npz()))
    assert "images" in arrays  # which reads none
    assert "labels" not in arrays
    with pytest.raises(ValueError, match="ends too early"):
        arrays[next(iter(arrays))]


def tar_of(*members):
    buffer = io.BytesIO()
    for name, size, kind in members:
        header = tarfile.TarInfo(name)
        header.size, header.type = size, kind
        buffer.write(header.tobuf(tarfile.GNU_FORMAT))
    return buffer.getvalue() + bytes(1024)


def png(width, height, *chunks):
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = [(b"IHDR", head), *chunks, (b"IDAT", zlib.compress(bytes(height * (width + 1))[:100])), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )


def text_chunk(name):
    """A compressed text of 120 MiB."""
    return name, b"a\0\0" + zlib.compress(bytes(120 * MEGABYTE), 1)


BOMBS = {  # the large ones are made when they are needed
    "array of 10^12 numbers.npy": (npy((10**12,)), "says 1,000,000,000,000 bytes, but there are 1,128"),
    "array of 10^36 numbers.npy": (npy((10**12,) * 3), "cannot be read"),
    "array of 10^12 numbers.npz": (npz((10**12,)), "says 1,000,000,000,000 bytes, but there are 1,128"),
    "array of 10^36 numbers.npz": (npz((10**12,) * 3), "but there are"),
    "array of fewer than none.npz": (npz((-1, 8, 8)), "but there are"),
    "objects.npy": (npy((1, 8, 8), "|O", pickle.dumps(Attack())), "holds pickled objects"),
    "objects.npz": (npz((1, 8, 8), "|O", pickle.dumps(Attack())), "holds pickled objects"),
    "pickle.npy": (pickle.dumps(Attack()), "in no format of NumPy"),
    "pickle.npz": (pickle.dumps(Attack()), "in no format of NumPy"),
    "open header.npy": (b"\x93NUMPY\x01\x00" + struct.pack("<H", 900) + b"(" * 899 + b"\n", "cannot be read"),
    "other compression.npz": (npz((4, 8, 8), method=zipfile.ZIP_BZIP2), "in another way than NumPy"),
    "deflated lies.zip": (lambda: lying_zip(zipfile.ZIP_DEFLATED), "0.png cannot be read"),
    "packed lies.zip": (lambda: lying_zip(zipfile.ZIP_LZMA), "0.png cannot be read"),
    "bzip2.zip": (lambda: lying_zip(zipfile.ZIP_BZIP2), "0.png cannot be read.*zip it again"),
    "long name.tar": (tar_of(("x", 2**33, tarfile.GNUTYPE_LONGNAME)), "a header of 8,192 MiB"),
    "long header.tar": (tar_of(("x", 2**33, tarfile.XHDTYPE)), "a header of 8,192 MiB"),
    "large image.tar": (tar_of(("x.png", 300 * MEGABYTE, tarfile.REGTYPE)), "cannot be read|300 MiB"),
    "device.tar": (tar_of(("x.png", 0, tarfile.CHRTYPE), ("y.png", 0, tarfile.FIFOTYPE)), "no image in"),
    "links.tar": (
        tar_of(("x.png", 0, tarfile.SYMTYPE), ("/etc/y.png", 0, tarfile.LNKTYPE)),
        "no image in|cannot be read",
    ),
    "pixels.png": (png(60_000, 60_000), "decompression bomb"),
    "many pixels.png": (png(9_000, 9_000), "9,000 × 9,000 pixels; make it smaller"),
    "text.png": (lambda: png(8, 8, text_chunk(b"zTXt")), "too large"),
    "colours.png": (lambda: png(8, 8, text_chunk(b"iCCP")), "too large"),
    "pixels.ppm": (b"P6 100000 100000 255\n", "decompression bomb"),
    "half.tar.xz": (b"\xfd7zXZ\0" + bytes(40), "in no format of tar"),
    "half.parquet": (b"PAR1" + bytes(40) + b"PAR1", "cannot be read by the library datasets"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_file_that_declares_more_than_it_has_is_one_line_and_no_memory(name, tmp_path, canary):
    content, message = BOMBS[name]
    path = tmp_path / "images" / name
    path.parent.mkdir()
    path.write_bytes(content() if callable(content) else content)
    source = path.parent if name.endswith(("png", "ppm")) else path
    with (
        little_memory(),
        pytest.raises(OverganError, match=message) as caught,
        open_images(source, "generated") as images,
    ):
        images[:]
    assert "\n" not in str(caught.value)
    assert not canary.exists()


@pytest.mark.parametrize("kind", ["npy", "npz"])
def test_damaged_arrays_are_read_or_refused_in_one_line(kind, tmp_path):
    arrays, choose, path = (
        np.arange(320, dtype=np.uint8).reshape(5, 8, 8),
        np.random.default_rng(0),
        tmp_path / f"images.{kind}",
    )
    np.save(path, arrays) if kind == "npy" else np.savez_compressed(path, images=arrays)
    whole, refused = path.read_bytes(), []
    for _ in range(200):
        content = bytearray(whole)
        for _ in range(choose.choice([1, 1, 4])):
            content[choose.integers(min(len(content), 200))] = choose.integers(256)
        if choose.random() < 0.2:
            del content[choose.integers(len(content)) :]
        path.write_bytes(content)
        try:
            with open_images(path, "generated") as images:
                np.asarray(images[:]).sum()
        except OverganError as error:
            refused.append(str(error))
    assert len(refused) > 100
    assert not any("\n" in message for message in refused)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("widths: [" + "9" * 10_000 + "]", "cannot be read as YAML"),
        ("name: !!binary aGVsbG8=", "write text or numbers"),
        ("name: !!python/name:os.system", "constructor"),
        (
            "a: &a [x,x,x,x,x,x,x,x,x]\n"
            + "".join(f"{c}: &{c} [{','.join([f'*{b}'] * 9)}]\n" for b, c in zip("abcdefgh", "bcdefghi", strict=True)),
            "cannot be read|unknown key",
        ),
        ("x: " + "y" * 10**6, "x"),
    ],
    ids=["large number", "bytes", "python", "aliases", "long text"],
)
def test_a_spec_from_a_stranger_is_one_short_line(value, message, small_spec):
    small_spec.write_text(
        value
        + "\n"
        + "".join(
            line + "\n"
            for line in small_spec.read_text().splitlines()
            if line and line.split(":")[0] != value.split(":")[0]
        )
    )
    with pytest.raises(OverganError, match=message) as caught:
        load_spec(small_spec)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1_000
