"""Images in .npy, .npz, zip and Parquet files are those that were written, on the side that they were written for."""

import hashlib
import zipfile

import datasets
import numpy as np
import pytest
from PIL import Image

from overgan import metrics
from overgan.data import DataConfig, _arrays, load_images, open_images, unread_arrays
from overgan.errors import OverganError
from tests.data.test_folder import classes_tree

RANDOM = np.random.default_rng(0)
COLOUR = RANDOM.integers(256, size=(40, 6, 5, 3), dtype=np.uint8)
CLASSES = RANDOM.choice([3, 7, 9], size=40)


def load(root, **more):
    return load_images(DataConfig(name="folder", root=str(root), **more))


def held_out(n):
    return np.array([int(hashlib.sha256(str(i).encode()).hexdigest(), 16) % 5 == 0 for i in range(n)])


def test_an_array_without_parts_is_split_by_the_hash_of_the_index(tmp_path):
    np.save(tmp_path / "images.npy", COLOUR)
    images = load(tmp_path / "images.npy")
    np.testing.assert_array_equal(images.train, COLOUR[~held_out(40)])
    np.testing.assert_array_equal(images.test, COLOUR[held_out(40)])
    assert images.train_labels is None


def test_labels_go_with_their_images_and_count_from_0(tmp_path):
    np.savez(tmp_path / "set.npz", images=COLOUR, labels=CLASSES)
    images = load(tmp_path / "set.npz")
    expected = np.array([{3: 0, 7: 1, 9: 2}[label] for label in CLASSES])
    np.testing.assert_array_equal(images.train_labels, expected[~held_out(40)])
    np.testing.assert_array_equal(images.test_labels, expected[held_out(40)])


def test_the_parts_of_medmnist(tmp_path):
    names = {"train": slice(0, 20), "val": slice(20, 30), "test": slice(30, 40)}
    arrays = {f"{name}_images": COLOUR[part] for name, part in names.items()}
    arrays |= {f"{name}_labels": CLASSES[part, None].astype(np.uint8) for name, part in names.items()}
    np.savez_compressed(tmp_path / "bloodmnist.npz", **arrays)
    images = load(tmp_path / "bloodmnist.npz")
    np.testing.assert_array_equal(images.train, COLOUR[:20])
    np.testing.assert_array_equal(images.test, COLOUR[20:30])
    np.testing.assert_array_equal(images.train_labels, np.searchsorted([3, 7, 9], CLASSES[:20]))


def test_labels_of_one_part_alone_are_said_to_be_left_out(tmp_path):
    np.savez(tmp_path / "set.npz", x_train=COLOUR[:20], y_train=CLASSES[:20], x_test=COLOUR[20:])
    images = load(tmp_path / "set.npz")
    assert images.train_labels is None
    assert any(note.startswith("labels are left out") for note in images.notes)


def test_parts_are_read_in_any_order():
    read = unread_arrays({"x_train": COLOUR[:20], "x_test": COLOUR[20:]}, "set").read
    some = RANDOM.permutation(40)
    np.testing.assert_array_equal(read(some), COLOUR[some])


def test_fractions_of_255_are_the_levels_that_they_come_from(tmp_path, monkeypatch):
    monkeypatch.setattr(_arrays, "BLOCK", 1000)  # 11 images
    for kind in (np.float32, np.float64):
        np.save(tmp_path / "images.npy", (COLOUR / 255).astype(kind))
        np.testing.assert_array_equal(load(tmp_path / "images.npy").train, COLOUR[~held_out(40)])
        np.save(tmp_path / "images.npy", (COLOUR[..., 0] / 255).astype(kind))
        np.testing.assert_array_equal(load(tmp_path / "images.npy").train[..., 0], COLOUR[~held_out(40), ..., 0])


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -1 / 255, 256 / 255, 0.5])
def test_other_fractions_are_refused(wrong, tmp_path):
    array = COLOUR / 255
    array[-1, 0, 0, 0] = wrong
    np.save(tmp_path / "images.npy", array)
    with pytest.raises(OverganError, match="not n/255"):
        load(tmp_path / "images.npy")


@pytest.mark.parametrize("shape", [(), (0,), (0, 6, 5), (40, 6), (2, 40, 6, 5, 3), (40, 6, 5, 2)])
def test_arrays_of_another_shape_are_refused(shape, tmp_path):
    np.save(tmp_path / "images.npy", np.zeros(shape, np.uint8))
    with pytest.raises(OverganError, match=r"images\.npy: an array \("):
        load(tmp_path / "images.npy")


def test_a_label_that_is_no_array_is_refused(tmp_path):
    np.savez(tmp_path / "images.npz", images=COLOUR, labels=3)
    with pytest.raises(OverganError, match=r"labels \(\)"):
        load(tmp_path / "images.npz")


def test_what_else_is_in_the_file_is_not_read(tmp_path):
    np.savez(tmp_path / "images.npz", images=COLOUR, author=np.array([{"name": "me"}], object))
    assert load(tmp_path / "images.npz").notes[1] == "left out, by their keys: author"


def test_size_and_mode_are_as_pillow_makes_them(tmp_path):
    np.save(tmp_path / "images.npy", COLOUR)
    expected = [
        np.asarray(Image.fromarray(image[:5]).convert("L").resize((4, 4), Image.Resampling.BICUBIC))
        for image in COLOUR[~held_out(40)]
    ]
    np.testing.assert_array_equal(load(tmp_path / "images.npy", size=4, mode="grey").train[..., 0], expected)


def test_a_zip_file_is_read_as_its_folder(tmp_path):
    classes_tree(tmp_path / "set")
    with zipfile.ZipFile(tmp_path / "set.zip", "w", zipfile.ZIP_LZMA) as archive:
        for path in sorted((tmp_path / "set").rglob("*")):
            archive.write(path, f"other/{path.relative_to(tmp_path / 'set')}")
    assert load(tmp_path / "set.zip").fingerprint == load(tmp_path / "set").fingerprint


def dataset(rows, classes=True):
    features = {"number": datasets.Value("int64"), "picture": datasets.Image()}
    columns = {"number": list(rows), "picture": [Image.fromarray(COLOUR[i]) for i in rows]}
    if classes:
        features["kind"] = datasets.ClassLabel(names=["z", "a", "m"])
        columns["kind"] = [int(np.searchsorted([3, 7, 9], CLASSES[i])) for i in rows]
    return datasets.Dataset.from_dict(columns, datasets.Features(features))


def test_parquet_files_of_a_folder_are_their_images_and_classes(tmp_path):
    dataset(range(30)).to_parquet(tmp_path / "data" / "train-00000-of-00001.parquet")
    dataset(range(30, 40)).to_parquet(tmp_path / "data" / "test-00000-of-00001.parquet")
    images = load(tmp_path)
    check_classes_in_order(images.train, images.train_labels, range(30))
    check_classes_in_order(images.test, images.test_labels, range(30, 40))


def check_classes_in_order(images, labels, rows):
    """The images of each class as their rows stand, the classes in the order of the ClassLabel."""
    expected = sorted(rows, key=lambda i: (CLASSES[i], str(i - rows[0])))
    np.testing.assert_array_equal(labels, np.searchsorted([3, 7, 9], CLASSES[expected]))
    np.testing.assert_array_equal(images, COLOUR[expected])


def test_labels_that_are_missing_are_no_classes(tmp_path):
    data = datasets.DatasetDict({"train": dataset(range(30)), "test": dataset(range(30, 40))})
    hidden = data["test"].map(lambda _: {"kind": -1}, features=data["test"].features)
    datasets.DatasetDict({"train": data["train"], "test": hidden}).save_to_disk(tmp_path / "saved")
    assert load(tmp_path / "saved").train_labels is None


@pytest.mark.parametrize("labels", ["several", "masks"])
def test_a_column_of_labels_that_are_no_plain_values_has_no_classes(tmp_path, labels):
    images = [Image.fromarray(image) for image in COLOUR]
    values, feature = (images, datasets.Image()) if labels == "masks" else ([[0, 1], [2]] * 20, None)
    features = datasets.Features(
        {"image": datasets.Image(), "label": feature or datasets.Sequence(datasets.Value("int64"))}
    )
    datasets.Dataset.from_dict({"image": images, "label": values}, features).to_parquet(tmp_path / "images.parquet")
    found = load(tmp_path / "images.parquet")
    assert (len(found.train) + len(found.test), found.train_labels) == (40, None)


def test_without_the_library_a_line_says_how_to_install_it(tmp_path, monkeypatch):
    dataset(range(4)).to_parquet(tmp_path / "images.parquet")
    monkeypatch.setitem(__import__("sys").modules, "datasets", None)
    with pytest.raises(OverganError, match=r"pip install 'overgan\[datasets\]'"):
        load(tmp_path / "images.parquet")


def test_metrics_read_them_too(tmp_path):
    np.save(tmp_path / "images.npy", COLOUR)
    np.savez(tmp_path / "images.npz", x=COLOUR[::-1])
    dataset(range(40), classes=False).to_parquet(tmp_path / "images.parquet")
    with zipfile.ZipFile(tmp_path / "images.zip", "w") as archive:
        for i, image in enumerate(COLOUR):
            Image.fromarray(image).save(tmp_path / "image.png")
            archive.write(tmp_path / "image.png", f"{i}.png")
    for name in ("images.npz", "images.parquet", "images.zip"):
        result = metrics.evaluate(tmp_path / name, train=tmp_path / "images.npy", features="pixels", metrics=["fid"])
        assert result["fid_train"] == pytest.approx(0, abs=1e-4)
        with open_images(tmp_path / name, "train") as images:
            assert sorted(np.asarray(images[:]).tolist()) == sorted(COLOUR.tolist())


def test_metrics_take_one_part_of_an_array_file(tmp_path):
    np.savez(tmp_path / "images.npz", train=COLOUR, test=COLOUR)
    with (
        pytest.raises(OverganError, match=r"test: .* has the parts train, test"),
        open_images(tmp_path / "images.npz", "test"),
    ):
        pass
