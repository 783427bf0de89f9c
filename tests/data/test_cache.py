"""Sets of image files in the user's cache: the same bits as from the files, whatever happens on the way."""

import errno
import json
import mmap
import os
import shutil
import subprocess
import sys
import tarfile
from collections import namedtuple

import numpy as np
import pytest
from PIL import Image

from overgan.data import DataConfig, ImageSet, _cache, load_images
from overgan.errors import OverganError
from tests.data.test_folder import picture, write

SLOWLY = """
import os, signal, sys, time
from overgan.data import DataConfig, load_images
calls = []
def progress(what, done, total):
    calls.append(done)
    if done and sys.argv[2] == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.02)
print(load_images(DataConfig(name="folder", root=sys.argv[1]), progress).fingerprint, len(calls))
"""


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache folder of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(_cache, "AT_ONCE", 2)
    return tmp_path / "cache" / "overgan" / "images"


@pytest.fixture
def root(tmp_path):
    """Two classes, train and val, grey images but for one in the middle."""
    for p, part in enumerate(("val", "train")):
        for c, name in enumerate(("cat", "dog")):
            for i in range(3):
                write(tmp_path / "set" / part / name / f"{i}.png", pixels(p, c, i))
    (tmp_path / "set" / "notes.txt").write_text("no image")
    return tmp_path / "set"


def pixels(part, label, number):
    image = picture(100 * part + 10 * label + number)
    return image if (part, label, number) == (1, 0, 1) else image[..., 0]


def expected():
    """What is in the set, from its definition."""
    of_parts = [
        [pixels(part, label, i).reshape(6, 5, -1) * np.ones(3, np.uint8) for label in range(2) for i in range(3)]
        for part in (1, 0)
    ]
    labels = np.array([0, 0, 0, 1, 1, 1])
    return ImageSet("set", *map(np.array, of_parts), labels, labels)


def load(root, progress=lambda *_: None, **form):
    return load_images(DataConfig(name="folder", root=str(root), **form), progress)


def check(images, wanted=None):
    wanted = wanted or expected()
    for name in ("train", "test", "train_labels", "test_labels"):
        np.testing.assert_array_equal(getattr(images, name), getattr(wanted, name))
    assert images.fingerprint == wanted.fingerprint


def file_below(array):
    while isinstance(array, np.ndarray):
        array = array.base
    return array


def decodings(monkeypatch):
    """A list that grows with each image that is decoded."""
    decoded, form_array = [], _cache.Form.array
    monkeypatch.setattr(_cache.Form, "array", lambda form, image: decoded.append(1) or form_array(form, image))
    return decoded


@pytest.mark.parametrize("archive", [None, "set.tar", "set.tar.gz"])
def test_what_is_read_is_what_lies_in_the_files_the_first_time_and_later(root, archive, tmp_path, monkeypatch):
    if archive:
        with tarfile.open(tmp_path / archive, "w:gz" if "gz" in archive else "w") as tar:
            tar.add(root, "set")
        root = tmp_path / archive
    first = load(root)
    decoded = decodings(monkeypatch)
    second = load(root)
    assert not decoded
    for images in (first, second):
        check(images)
        assert isinstance(file_below(images.train), mmap.mmap)
        assert (images.name, images.notes) == (root.name, first.notes)
        assert "trained on: train (6 images); held out: val (6 images)" in first.notes
        assert "left out, by their endings: 1 files (.txt)" in first.notes


def test_a_file_of_the_cache_cannot_be_written_to(root):
    with pytest.raises(ValueError, match="read-only"):
        load(root).train[0] = 0


@pytest.mark.parametrize("change", ["another picture", "a new file", "a file less", "the form"])
def test_what_has_changed_is_read_anew(root, change):
    load(root)
    wanted, form = expected(), {}
    if change == "another picture":
        write(root / "train" / "dog" / "2.png", picture(7))
        wanted.train[5] = picture(7)
    elif change == "a new file":
        write(root / "val" / "dog" / "3.png", picture(7))
        labels = np.array([0, 0, 0, 1, 1, 1, 1])
        wanted = ImageSet("set", wanted.train, np.array([*wanted.test, picture(7)]), wanted.train_labels, labels)
    elif change == "a file less":
        (root / "val" / "dog" / "2.png").unlink()
        labels = wanted.train_labels
        wanted = ImageSet("set", wanted.train, wanted.test[:5], labels, labels[:5])
    else:
        form = {"mode": "grey"}
        colour = np.asarray(Image.fromarray(pixels(1, 0, 1)).convert("L"))
        grey = wanted.train[..., :1].copy()
        grey[1, ..., 0] = colour
        wanted = ImageSet("set", grey, wanted.test[..., :1], wanted.train_labels, wanted.test_labels)
    check(load(root, **form), wanted)


def test_hidden_files_are_no_change(root, monkeypatch):
    load(root)
    (root / ".DS_Store").write_text("")
    (root / "__MACOSX").mkdir()
    (root / "__MACOSX" / "0.png").write_text("")
    decoded = decodings(monkeypatch)
    check(load(root))
    assert not decoded


def test_progress_is_told_while_images_are_decoded_and_not_later(root):
    calls = []
    load(root, lambda *call: calls.append(call))
    told = [(done, total) for what, done, total in calls if what == "reading set"]
    assert told[0] == (0, 12)
    assert told[-1] == (10, 12)
    calls.clear()
    load(root, lambda *call: calls.append(call))
    assert not calls


def test_a_process_that_is_killed_leaves_nothing_that_is_read(root, cache):
    script = SLOWLY.replace("calls = []", "from overgan.data import _cache; _cache.AT_ONCE = 2; calls = []")
    killed = subprocess.run([sys.executable, "-c", script, root, "kill"], capture_output=True, check=False)
    assert killed.returncode == -9
    (folder,) = cache.iterdir()
    left = [path.name for path in folder.iterdir() if path.name != ".lock"]
    assert left == [".images.npy"]
    check(load(root))
    assert sorted(path.name for path in folder.iterdir()) == [".lock", "images.npy", "set.json"]


@pytest.mark.slow
def test_two_processes_at_once_decode_the_set_once(root):
    command = [sys.executable, "-c", SLOWLY, root, "live"]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    found = [process.communicate()[0].split() for process in processes]
    assert [fingerprint for fingerprint, _ in found] == [expected().fingerprint] * 2
    assert sorted(calls == "0" for _, calls in found) == [False, True]


def test_an_image_that_cannot_be_read_leaves_nothing_that_is_read(root, cache):
    damaged = root / "val" / "dog" / "2.png"
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[:40])
    for _ in range(2):
        with pytest.raises(OverganError, match=r"dog/2\.png cannot be read as an image"):
            load(root)
    assert [path.name for path in cache.glob("*/*")] == [".lock"]
    damaged.write_bytes(whole)
    check(load(root))


@pytest.mark.parametrize("damage", ["cut short", "no pixels", "no facts", "no JSON"])
def test_a_damaged_cache_is_written_again(root, cache, damage):
    load(root)
    (folder,) = cache.iterdir()
    if damage == "cut short":
        os.truncate(folder / "images.npy", 500)
    elif damage == "no pixels":
        (folder / "images.npy").unlink()
    else:
        (folder / "set.json").write_text("{}" if damage == "no facts" else "{")
    check(load(root))
    assert json.loads((folder / "set.json").read_text())["fingerprint"] == expected().fingerprint


def test_without_a_cache_the_images_are_in_memory_and_a_line_says_so(root, tmp_path, monkeypatch, caplog):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    check(load(root))
    (message,) = caplog.messages
    assert message.startswith(f"overgan: {tmp_path}/file/overgan/images/set-")
    assert message.endswith("cannot be written (Not a directory), so every process holds set in memory")


def test_a_full_disk_is_one_line_and_nothing_is_left(root, cache, monkeypatch):
    with monkeypatch.context() as patch:
        usage = namedtuple("usage", "free")(2**20)
        patch.setattr(shutil, "disk_usage", lambda _: usage)
        patch.setattr(_cache, "_filled", lambda _, create, __: create((10000, 32, 32, 3)))
        message = (
            r"no room in .*images for the images of set \(0\.03 GiB are needed, 0\.00 are free\); .*XDG_CACHE_HOME"
        )
        with pytest.raises(OverganError, match=message):
            load(root)
    with monkeypatch.context() as patch:

        def full(*_):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        patch.setattr(_cache._NpyFile, "__setitem__", full)
        with pytest.raises(OverganError, match=r"no room in .* \(No space left on device\)"):
            load(root)
    (folder,) = cache.iterdir()
    assert [path.name for path in folder.iterdir() if path.name != ".lock"] == []
    check(load(root))


def test_celeba_is_kept_too(tmp_path, monkeypatch):
    folder = tmp_path / "celeba" / "img_align_celeba"
    folder.mkdir(parents=True)
    parts = [0, 2, 0, 2, 1]
    for i in range(len(parts)):
        Image.fromarray(picture(i, (12, 10, 3))).resize((178, 218)).save(folder / f"{i}.png")
    lines = "".join(f"{i}.png {part}\n" for i, part in enumerate(parts))
    (folder.parent / "list_eval_partition.txt").write_text(lines)
    config = DataConfig(name="celeba", root=str(tmp_path))
    first = load_images(config)
    decoded = decodings(monkeypatch)
    check(load_images(config), first)
    assert not decoded
    assert isinstance(file_below(first.test), mmap.mmap)
