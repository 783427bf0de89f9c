"""docs/data.md says what becomes of each kind of input; each is made here, and read."""

import io
import re
import shutil
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path

import datasets
import numpy as np
import pytest
from PIL import Image

from overgan.data import DataConfig, load_images, open_images
from overgan.errors import OverganError

PAGE = Path(__file__).parents[2] / "docs" / "data.md"
ROWS = re.findall(r"^\| (.+?) \| (.+?) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
SAID = dict(row for row in ROWS if row[0] != "input" and set(row[0]) != {"-"})
RANDOM = np.random.default_rng(0)
GREY = RANDOM.integers(256, size=(6, 5), dtype=np.uint8)
COLOUR = RANDOM.integers(256, size=(6, 5, 3), dtype=np.uint8)
FEW = np.array([[9, 80, 7], [200, 0, 0], [0, 0, 255]], np.uint8)[RANDOM.integers(3, size=(6, 5))]  # of a palette
ALPHA = RANDOM.choice(np.array([0, 255], np.uint8), size=(6, 5))
SMOOTH = np.stack(np.meshgrid(np.linspace(20, 220, 16), np.linspace(200, 30, 16)), 2).astype(np.uint8)
SMOOTH = np.concatenate([SMOOTH, SMOOTH[..., :1]], 2)
LOSSY = 12  # levels: what a lossy format at high quality may change of a smooth picture
ON_WHITE = np.where(ALPHA[..., None], COLOUR, 255)


def encoded(image, kind, **options):
    """The bytes of an array, or of a picture, as a file."""
    buffer = io.BytesIO()
    image = Image.fromarray(image) if isinstance(image, np.ndarray) else image
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def with_alpha(array):
    return np.dstack([array, ALPHA])


def palette(**options):
    return encoded(Image.fromarray(FEW).quantize(3), "PNG", **options)


def transparent_palette():
    """A PNG whose palette's first colour is transparent, and its picture on white."""
    picture = Image.fromarray(FEW).quantize(3)
    return encoded(picture, "PNG", transparency=0), np.where((np.asarray(picture) == 0)[..., None], 255, FEW)


def deep_png(colours):
    """A PNG of 16 bits a channel, which Pillow does not write."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    height, width, _ = colours.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in colours.astype(int) * 256 + 77)
    head = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def turned_jpeg():
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned by 90 degrees clockwise
    return encoded(SMOOTH[:, :8], "JPEG", quality=95, subsampling=0, exif=exif)


def frames(kind):
    first, second = (Image.fromarray(array) for array in (FEW, 255 - FEW))
    return encoded(first, kind, save_all=True, append_images=[second])


def cmyk():
    return Image.fromarray(np.full((8, 8, 4), (0, 0, 0, 255), np.uint8), "CMYK")  # black


# an input: the file's name, its bytes, the picture that it holds, and by how many levels it may differ
FILES = {
    "PNG, grey": ("0.png", encoded(GREY, "PNG"), GREY, 0),
    "PNG, colour": ("0.png", encoded(COLOUR, "PNG"), COLOUR, 0),
    "PNG, black and white (1 bit)": ("0.png", encoded(Image.fromarray(ALPHA > 0), "PNG"), ALPHA, 0),
    "PNG, palette": ("0.png", palette(), FEW, 0),
    "PNG, palette with a transparent colour": ("0.png", *transparent_palette(), 0),
    "PNG, grey with alpha": ("0.png", encoded(with_alpha(GREY), "PNG"), np.where(ALPHA, GREY, 255), 0),
    "PNG, colour with alpha": ("0.png", encoded(with_alpha(COLOUR), "PNG"), ON_WHITE, 0),
    "PNG, grey, 16 bits": ("0.png", encoded(GREY.astype(np.uint16), "PNG"), None, 0),
    "PNG, colour, 16 bits": ("0.png", deep_png(COLOUR), COLOUR, 0),
    "JPEG, grey": ("0.jpg", encoded(SMOOTH[..., 0], "JPEG", quality=95), SMOOTH[..., 0], LOSSY),
    "JPEG, colour": ("0.jpeg", encoded(SMOOTH, "JPEG", quality=95, subsampling=0), SMOOTH, LOSSY),
    "JPEG, CMYK": ("0.jpg", encoded(cmyk(), "JPEG", quality=95), np.zeros((8, 8, 3), np.uint8), LOSSY),
    "JPEG, turned by its EXIF data": ("0.jpg", turned_jpeg(), np.rot90(SMOOTH[:, :8], -1), LOSSY),
    "WebP": ("0.webp", encoded(COLOUR, "WEBP", lossless=True), COLOUR, 0),
    "WebP with alpha": ("0.webp", encoded(with_alpha(COLOUR), "WEBP", lossless=True), ON_WHITE, 0),
    "GIF": ("0.gif", encoded(FEW, "GIF"), FEW, 0),
    "GIF, animated": ("0.gif", frames("GIF"), FEW, 0),
    "TIFF, colour": ("0.tif", encoded(COLOUR, "TIFF", compression="tiff_lzw"), COLOUR, 0),
    "TIFF, several pages": ("0.tiff", frames("TIFF"), FEW, 0),
    "TIFF, grey, 32 bits": ("0.tif", encoded(GREY.astype(np.int32), "TIFF"), None, 0),
    "TIFF, floating point": ("0.tif", encoded(GREY.astype(np.float32), "TIFF"), None, 0),
    "BMP": ("0.bmp", encoded(COLOUR, "BMP"), COLOUR, 0),
    "PGM": ("0.pgm", encoded(GREY, "PPM"), GREY, 0),
    "PPM": ("0.ppm", encoded(COLOUR, "PPM"), COLOUR, 0),
    "ending in capitals": ("0.PNG", encoded(GREY, "PNG"), GREY, 0),
    "a BMP whose ending is `.png`": ("0.png", encoded(COLOUR, "BMP"), COLOUR, 0),
    "a name of any script": ("πορτραίτο 顔.png", encoded(GREY, "PNG"), GREY, 0),
    "an empty file": ("0.png", b"", None, 0),
    "a text file whose ending is `.png`": ("0.png", b"no image", None, 0),
    "a PNG cut short": ("0.png", encoded(COLOUR, "PNG")[:80], None, 0),
    "a JPEG cut short": ("0.jpg", encoded(SMOOTH, "JPEG")[:-40], None, 0),
    "HEIC, and whatever else Pillow does not read by itself": ("0.heic", b"", None, 0),
}


def outcome(config, root):
    """What becomes of an input, as the page says it; what a decoder says of damage is left out."""
    try:
        images = load_images(config)
    except OverganError as error:
        return "refused: " + re.sub(r"(cannot be read [^(]*)\(.*\)", r"\1(…)", str(error).replace(str(root), "PATH"))
    height, width, channels = images.shape
    classes = [] if images.train_labels is None else [f"{len(set(images.train_labels))} classes"]
    return "; ".join([f"{'grey' if channels == 1 else 'colour'}, {width} × {height}", *classes, *images.notes])


def config_of(root, **more):
    return DataConfig(name="folder", root=str(root), **more)


@pytest.mark.parametrize("kind", FILES)
def test_a_file_of_each_kind(kind, tmp_path):
    name, content, picture, levels = FILES[kind]
    for part in ("train", "test"):
        for folder in ("a", "b"):
            path = tmp_path / part / folder / name
            path.parent.mkdir(parents=True)
            path.write_bytes(content)
    said = outcome(config_of(tmp_path), tmp_path)
    # the same in every row: two classes, two parts of two images
    assert SAID[kind] == said.replace("; 2 classes; trained on: train (2 images); held out: test (2 images)", "")
    if picture is None:
        assert said.startswith("refused")
        refused = pytest.raises(OverganError, match=re.escape(str(tmp_path)))
        with refused, open_images(tmp_path / "train", "train") as files:
            files[:]
        return
    train = load_images(config_of(tmp_path)).train
    assert np.abs(train[1].squeeze().astype(int) - picture).max() <= levels
    with open_images(tmp_path / "train", "train") as files:  # as `overgan evaluate` does
        np.testing.assert_array_equal(files[:], train)


def put(root, *paths, picture=GREY):
    """Two different images in every folder, or one of a name."""
    for path in paths:
        for name in [""] if path.endswith(".png") else ["/0.png", "/1.png"]:
            file = root / f"{path}{name}"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(encoded(picture, "PNG"))


def pack(source, target):
    if target.suffix == ".zip":
        shutil.make_archive(target.with_suffix(""), "zip", source.parent, source.name)
        return
    with tarfile.open(target, f"w:{target.suffix[1:].replace('tar', '').replace('tgz', 'gz')}") as archive:
        archive.add(source, "inside")


def packed(ending, parts=("train", "test")):
    def make(root):
        put(root, *parts)
        pack(root, root.with_name(f"images.{ending}"))
        return root.with_name(f"images.{ending}")

    return make


def archive_of_each_part(train, test):
    def make(root):
        put(root, "train/a", "train/b", "test/a", "test/b")
        for part, archive in (("train", train), ("test", test)):
            pack(root / part, root / archive)
            shutil.rmtree(root / part)

    return make


def folder_and_its_tar(root):
    put(root, "train", "test")
    pack(root / "train", root / "train.tar")


def damaged_archive(root):
    archive = packed("tar.gz")(root)
    content = bytearray(archive.read_bytes())
    content[40:60] = bytes(20)
    archive.write_bytes(content)
    return archive


def cut_archive(root):
    archive = packed("tar.xz")(root)
    archive.write_bytes(archive.read_bytes()[:-200])
    return archive


def zipped(name, content, size=None, flags=0):
    """A zip file of one member, whose size or flags are not what they are."""

    def make(root):
        path = root.with_name("images.zip")
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(name, content)
        changed = bytearray(path.read_bytes())
        directory = changed.index(b"PK\1\2")
        changed[directory + 8] |= flags
        if size:
            changed[directory + 24 : directory + 28] = struct.pack("<I", size)
        path.write_bytes(changed)
        return path

    return make


def cut_zip(root):
    path = packed("zip")(root)
    path.write_bytes(path.read_bytes()[:-30])
    return path


def damaged_member(root):
    path = packed("zip")(root)
    content = bytearray(path.read_bytes())
    content[content.index(b"0.png") + 20] ^= 255
    path.write_bytes(content)
    return path


def grey(n):
    return np.stack([GREY] * n)


def array(content):
    def make(root):
        np.save(root.with_name("images.npy"), content)
        return root.with_name("images.npy")

    return make


def arrays(**content):
    def make(root):
        np.savez(root.with_name("images.npz"), **content)
        return root.with_name("images.npz")

    return make


def text_as(name):
    def make(root):
        root.with_name(name).write_text("no array")
        return root.with_name(name)

    return make


def table(n, classes=0, column="image"):
    """Of the library `datasets`: grey images, and labels if there are classes."""
    features = {column: datasets.Image()}
    rows = {column: [Image.fromarray(GREY)] * n}
    if classes:
        features["label"] = datasets.ClassLabel(classes)
        rows["label"] = [i % classes for i in range(n)]
    return datasets.Dataset.from_dict(rows, datasets.Features(features))


def parquet(*parts, **more):
    """A file of each part, or the only one."""

    def make(root):
        if not parts:
            table(40, **more).to_parquet(root.with_name("images.parquet"))
            return root.with_name("images.parquet")
        for part in parts:
            table(4, **more).to_parquet(root / "data" / f"{part}-00000-of-00001.parquet")
        return root

    return make


def saved(*parts, **more):
    def make(root):
        data = datasets.DatasetDict({part: table(4, **more) for part in parts}) if parts else table(40, **more)
        data.save_to_disk(root)

    return make


def parquet_of_numbers(root):
    datasets.Dataset.from_dict({"x": [1, 2], "y": [3, 4]}).to_parquet(root.with_name("images.parquet"))
    return root.with_name("images.parquet")


def forty(root):
    put(root, *(f"{i:02d}.png" for i in range(40)))


def two_sizes(root):
    put(root, "train", "test")
    put(root, "train/2.png", picture=COLOUR[:, :3])


def hidden(root):
    put(root, "train", "test", "__MACOSX/train")
    (root / "train" / "._0.png").write_bytes(b"")
    (root / ".DS_Store").write_bytes(b"")


def others(root):
    put(root, "train", "test")
    for name in ("labels.csv", "train/2.HEIC", "README"):
        (root / name).write_bytes(b"")


def grey_and_colour(root):
    put(root, "train")
    put(root, "test", picture=COLOUR)


def folders(*paths):
    return lambda root: put(root, *paths)


def images_and_parquet(root):
    put(root, "train", "test")
    parquet_of_numbers(root).rename(root / "labels.parquet")


# of every input what makes it, and settings; a maker returns the root, if it is not the folder that it is given
SETS = {
    "`train` and `test`": folders("train", "test"),
    "`train` and `val`, `valid` or `validation`": folders("train", "valid"),
    "`Train` and `VALIDATION`": folders("Train", "VALIDATION"),
    "`train`, `val` and `test`": folders("train", "val", "test"),
    "the same below one more folder": folders("set/train", "set/val", "set/test"),
    "classes in each of `train` and `val`": folders("train/cat", "train/dog", "val/cat", "val/dog"),
    "`train` and `val` in each class": folders("cat/train", "cat/val", "dog/train", "dog/val"),
    "a class that is called `train`": folders("train/car", "train/train", "test/car", "test/train"),
    "no parts": forty,
    "classes without parts": lambda root: put(root, *(f"{c}/{i:02d}.png" for c in "ab" for i in range(20))),
    "`train` alone": lambda root: put(root, *(f"train/{i:02d}.png" for i in range(40))),
    "`train` beside another folder": folders("train", "car"),
    "`train` and `val` beside an image": folders("train", "val", "preview.png"),
    "`val` and `valid`": folders("train", "val", "valid"),
    "`val` and `test` without `train`": folders("val", "test"),
    "`val` within `train`": folders("train", "train/val", "test"),
    "one image in `val`": folders("train", "val/0.png"),
    "a tar file of each part": archive_of_each_part("train.tar", "Test.tar.gz"),
    "`train` and `train.tar`": folder_and_its_tar,
    "a tar file, also `.tar.gz`, `.tgz`, `.tar.bz2`, `.tar.xz`": packed("tgz", ("train", "val")),
    "a damaged `.tar.gz`": damaged_archive,
    "a `.tar.xz` cut short": cut_archive,
    "a folder without images": lambda root: (root / "notes.txt").write_bytes(b""),
    "nothing there": lambda root: root / "nowhere",
    "hidden files, and macOS's `__MACOSX`": hidden,
    "other files": others,
    "grey and colour": grey_and_colour,
    "grey and colour, `data.mode: grey`": (grey_and_colour, {"mode": "grey"}),
    "grey, `data.mode: colour`": (folders("train", "test"), {"mode": "colour"}),
    "two sizes": two_sizes,
    "two sizes, `data.size: 4`": (two_sizes, {"size": 4}),
    "a zip file": packed("zip", ("train/a", "train/b", "val/a", "val/b")),
    "a zip file of each part": archive_of_each_part("train.zip", "TEST.zip"),
    "a zip file cut short": cut_zip,
    "a zip file with a damaged image": damaged_member,
    "an encrypted zip file": zipped("train/0.png", encoded(GREY, "PNG"), flags=1),
    "a zip file that would unpack to gigabytes": zipped("train/0.png", encoded(GREY, "PNG"), size=2**32 - 2**20),
    "a text file whose ending is `.zip`": text_as("images.zip"),
    "`.npy`, uint8 (40, 6, 5)": array(grey(40)),
    "`.npy`, uint8 (40, 6, 5, 3)": array(np.stack([COLOUR] * 40)),
    "`.npy`, uint8 (40, 3, 6, 5)": array(np.stack([COLOUR] * 40).transpose(0, 3, 1, 2)),
    "`.npy`, uint8 (40, 6, 5, 4)": array(np.stack([with_alpha(COLOUR)] * 40)),
    "`.npy`, uint8 (40, 6, 5), `data.size: 4`, `data.mode: colour`": (array(grey(40)), {"size": 4, "mode": "colour"}),
    "`.npy`, floating point, every number n/255": array((grey(40) / 255).astype(np.float32)),
    "`.npy`, floating point": array(RANDOM.random((40, 6, 5), np.float32)),
    "`.npy`, 64-bit integers": array(grey(40).astype(np.int64)),
    "`.npy`, pickled objects": array(np.array([GREY, None], object)),
    "a text file whose ending is `.npy`": text_as("images.npy"),
    "`.npz` with `images` and `labels`": arrays(images=grey(40), labels=np.arange(40) % 3),
    "`.npz` with one array, unnamed": arrays(arr_0=grey(40)),
    "`.npz` as MedMNIST's, `train_images`, `val_images`, `test_images`, `train_labels`, …": arrays(
        **{f"{part}_images": grey(4) for part in ("train", "val", "test")},
        **{f"{part}_labels": np.array([[0], [1], [0], [7]], np.uint8) for part in ("train", "val", "test")},
    ),
    "`.npz` as Keras', `x_train`, `y_train`, `x_test`, `y_test`": arrays(
        x_train=grey(6), y_train=np.arange(6), x_test=grey(4), y_test=np.arange(4)
    ),
    "`.npz` with `train` and `test`, and others": arrays(train=grey(4), test=grey(2), mean=GREY, author=np.array("me")),
    "`.npz` with `train` and `images`": arrays(train=grey(4), images=grey(2)),
    "`.npz` with `train` and `x_train`": arrays(train=grey(4), x_train=grey(2)),
    "`.npz` with `val` and `test` without `train`": arrays(val=grey(4), test=grey(2)),
    "`.npz`, labels of another number": arrays(images=grey(40), labels=np.arange(39)),
    "`.npz`, several labels an image": arrays(images=grey(40), labels=np.ones((40, 14), int)),
    "`.npz` without images": arrays(Z=np.ones(3), W=np.ones(3)),
    "`.npz`, pickled objects": arrays(images=np.array([GREY, None], object)),
    "a text file whose ending is `.npz`": text_as("images.npz"),
    "a Parquet file": parquet(),
    "a Parquet file with classes": parquet(classes=2),
    "a folder of Parquet files, as on the Hugging Face Hub": parquet("train", "validation", "test", classes=2),
    "a Parquet file, the images called `img`": parquet(column="img"),
    "a Parquet file without images": parquet_of_numbers,
    "images beside a Parquet file": images_and_parquet,
    "a text file whose ending is `.parquet`": text_as("images.parquet"),
    "a folder that `save_to_disk` of Hugging Face's `datasets` made": saved("train", "test"),
    "the same, of one split": saved(classes=4),
    "`hf:NAME`, a dataset of the Hugging Face Hub, without internet": lambda _: Path("hf:nobody/nothing"),
}


@pytest.mark.parametrize("kind", SETS)
def test_a_set_of_each_kind(kind, tmp_path):
    make, more = SETS[kind] if isinstance(SETS[kind], tuple) else (SETS[kind], {})
    root = tmp_path / "images"
    root.mkdir()
    made = make(root)
    root = made if isinstance(made, Path) else root
    assert SAID[kind] == outcome(config_of(root, **more), root)


def test_the_page_has_these_inputs_and_no_others():
    assert list(SAID) == [*FILES, *SETS]
