import hashlib
import tarfile
from pathlib import PurePosixPath

import numpy as np
import pytest
from PIL import Image

from overgan.data import DataConfig, class_labels, load_images
from overgan.errors import OverganError
from tests.conftest import SHARED_DATA


def picture(number, shape=(6, 5, 3)):
    return np.random.default_rng(number).integers(256, size=shape, dtype=np.uint8)


def write(path, array):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path)


def load(root):
    return load_images(DataConfig(name="folder", root=str(root)))


def classes_tree(root, parts=("train", "test")):
    for p, part in enumerate(parts):
        for c, name in enumerate(("cat", "dog")):
            for i in range(3):
                write(root / part / name / f"{i}.png", picture(100 * p + 10 * c + i))


def check_classes(images):
    expected = [picture(10 * c + i) for c in range(2) for i in range(3)]
    np.testing.assert_array_equal(images.train, expected)
    assert images.train_labels.tolist() == [0, 0, 0, 1, 1, 1]
    np.testing.assert_array_equal(images.test, [picture(100 + 10 * c + i) for c in range(2) for i in range(3)])
    assert images.test_labels.tolist() == [0, 0, 0, 1, 1, 1]


def test_train_and_test_folders_with_classes(tmp_path):
    classes_tree(tmp_path)
    (tmp_path / "train" / "notes.txt").write_text("not an image")
    (tmp_path / "train" / ".hidden.png").write_text("not an image")
    check_classes(load(tmp_path))


def test_the_folders_of_many_classes_are_not_compared_one_by_one():
    compared = []

    class Folder(PurePosixPath):
        def __eq__(self, other):
            compared.append(other)
            return super().__eq__(other)

        __hash__ = PurePosixPath.__hash__

    folders = [Folder(f"{i:03d}") for i in range(200)]
    assert class_labels(folders[::-1]).tolist() == [*range(199, -1, -1)]
    assert len(compared) < 200  # of nearly 20,000 pairs


def test_folders_behind_links_are_read_and_a_circle_of_links_ends(tmp_path):
    classes_tree(tmp_path / "real")
    (tmp_path / "set" / "train").mkdir(parents=True)
    (tmp_path / "set" / "test").symlink_to(tmp_path / "real" / "test")
    for name in ("cat", "dog"):
        (tmp_path / "set" / "train" / name).symlink_to(tmp_path / "real" / "train" / name)
    (tmp_path / "real" / "train" / "dog" / "again").symlink_to(tmp_path / "set")
    (tmp_path / "set" / "nowhere").symlink_to(tmp_path / "missing")
    check_classes(load(tmp_path / "set"))
    write(tmp_path / "real" / "train" / "dog" / "3.png", picture(13))
    assert len(load(tmp_path / "set").train) == 7  # what is behind a link is looked at, too


def test_one_tar_of_train_and_test(tmp_path):
    classes_tree(tmp_path / "set")
    with tarfile.open(tmp_path / "set.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "set", "anything")
    check_classes(load(tmp_path / "set.tar.gz"))


def test_a_tar_for_each_part(tmp_path):
    classes_tree(tmp_path / "set")
    for part in ("train", "test"):
        with tarfile.open(tmp_path / f"{part}.tar", "w") as archive:
            archive.add(tmp_path / "set" / part, part)
    (tmp_path / "both").mkdir()
    for part in ("train", "test"):
        (tmp_path / f"{part}.tar").rename(tmp_path / "both" / f"{part}.tar")
    check_classes(load(tmp_path / "both"))


def test_without_a_test_folder_the_hash_of_the_path_decides(tmp_path):
    for i in range(40):
        write(tmp_path / f"{i:03d}.png", picture(i))
    images = load(tmp_path)
    held_out = [i for i in range(40) if int(hashlib.sha256(f"{i:03d}.png".encode()).hexdigest(), 16) % 5 == 0]
    assert 2 <= len(held_out) < 20
    np.testing.assert_array_equal(images.test, [picture(i) for i in held_out])
    np.testing.assert_array_equal(images.train, [picture(i) for i in range(40) if i not in held_out])
    assert images.train_labels is None


def test_an_image_keeps_its_side_when_others_are_added(tmp_path):
    for i in range(40):
        write(tmp_path / f"{i:03d}.png", picture(i))
    before = {image.tobytes() for image in load(tmp_path).test}
    for i in range(40, 60):
        write(tmp_path / f"{i:03d}.png", picture(i))
    assert before <= {image.tobytes() for image in load(tmp_path).test}


def test_grey_images_have_one_channel_unless_there_are_colours(tmp_path):
    for i in range(3):
        write(tmp_path / "train" / f"{i}.png", picture(i, (4, 4)))
        write(tmp_path / "test" / f"{i}.png", picture(i, (4, 4)))
    assert load(tmp_path).train.shape == (3, 4, 4, 1)
    write(tmp_path / "train" / "9.png", picture(9, (4, 4, 3)))
    images = load(tmp_path)
    np.testing.assert_array_equal(images.train[0], np.repeat(picture(0, (4, 4))[..., None], 3, axis=2))
    np.testing.assert_array_equal(images.train[3], picture(9, (4, 4, 3)))


@pytest.mark.parametrize("names", [("train", "val", "test"), ("TRAIN", "Validation", "Test"), ("train", "valid")])
@pytest.mark.parametrize("deep", [False, True])  # the parts in each class, or the classes in each part
def test_validation_images_are_held_out_and_test_images_beside_them_not_used(tmp_path, names, deep):
    for p, part in enumerate(names):
        for c in range(2):
            for i in range(2):
                path = f"class{c}/{part}" if deep else f"{part}/class{c}"
                write(tmp_path / path / f"{i}.png", picture(100 * p + 10 * c + i))
    images = load(tmp_path)
    for p, (part, labels) in enumerate([(images.train, images.train_labels), (images.test, images.test_labels)]):
        np.testing.assert_array_equal(part, [picture(100 * p + 10 * c + i) for c in range(2) for i in range(2)])
        assert labels.tolist() == [0, 0, 1, 1]


def test_the_parts_do_not_depend_on_more_folders_around_them(tmp_path):
    classes_tree(tmp_path / "a" / "b")
    check_classes(load(tmp_path))


def test_transparency_is_put_on_white(tmp_path):
    half = picture(0, (4, 4, 4))
    for part in ("train", "test"):
        for i in range(2):
            write(tmp_path / part / f"{i}.png", half)
    alpha = half[..., 3:] / 255
    expected = half[..., :3] * alpha + 255 * (1 - alpha)
    # Pillow rounds the two products apart
    np.testing.assert_allclose(load(tmp_path).train[0], expected, atol=1)


def test_an_alpha_channel_that_is_full_changes_no_pixel(tmp_path):
    for kind, levels in (("opaque", picture(0)), ("alpha", np.dstack([picture(0), np.full((6, 5), 255, np.uint8)]))):
        for part in ("train", "test"):
            for i in range(2):
                write(tmp_path / kind / part / f"{i}.png", levels)
    assert load(tmp_path / "opaque").fingerprint == load(tmp_path / "alpha").fingerprint


def test_mixed_sizes_are_refused_with_both_named(tmp_path):
    write(tmp_path / "a.png", picture(0))
    write(tmp_path / "b.png", picture(1, (7, 7, 3)))
    with pytest.raises(
        OverganError, match=r"b\.png has 7 × 7 pixels but a\.png has 5 × 6; bring all .* data\.size=64.*data\.mode"
    ):
        load(tmp_path)


def test_a_corrupt_image_is_named(tmp_path):
    write(tmp_path / "a.png", picture(0))
    content = (tmp_path / "a.png").read_bytes()
    (tmp_path / "b.png").write_bytes(content[: len(content) // 2])
    with pytest.raises(OverganError, match=r"b\.png cannot be read as an image"):
        load(tmp_path)


def test_a_deep_image_is_refused(tmp_path):
    write(tmp_path / "a.png", np.zeros((4, 4), np.uint16))
    with pytest.raises(OverganError, match="more than 8 bits"):
        load(tmp_path)


def test_a_tar_cut_short_is_named(tmp_path):
    classes_tree(tmp_path / "set")
    with tarfile.open(tmp_path / "set.tar", "w") as archive:
        archive.add(tmp_path / "set", "set")
    (tmp_path / "set.tar").write_bytes((tmp_path / "set.tar").read_bytes()[:5000])
    with pytest.raises(OverganError, match=r"set\.tar"):
        load(tmp_path / "set.tar")
    (tmp_path / "no.tar").write_bytes(b"not a tar")
    with pytest.raises(OverganError, match=r"no\.tar cannot be read as a tar file"):
        load(tmp_path / "no.tar")


def test_nothing_to_read(tmp_path):
    with pytest.raises(OverganError, match=r"data\.root is not set"):
        load_images(DataConfig(name="folder"))
    with pytest.raises(OverganError, match="does not exist"):
        load(tmp_path / "nowhere")
    with pytest.raises(OverganError, match="no image in"):
        load(tmp_path)
    write(tmp_path / "train" / "a.png", picture(0))
    write(tmp_path / "train" / "b.png", picture(0))
    write(tmp_path / "test" / "a.png", picture(0))
    with pytest.raises(OverganError, match="1 held-out images; at least 2"):
        load(tmp_path)


def test_parts_of_different_sizes_are_refused(tmp_path):
    for i in range(2):
        write(tmp_path / "train" / f"{i}.png", picture(i))
        write(tmp_path / "test" / f"{i}.png", picture(i, (7, 7, 3)))
    with pytest.raises(OverganError, match="bring all images to one size"):
        load(tmp_path)


@pytest.mark.skipif(not (SHARED_DATA / "cifar10").exists(), reason="CIFAR-10's JPEG copy is not beside this checkout")
@pytest.mark.slow
def test_the_jpeg_copy_of_cifar10s_held_out_part():
    images = load(SHARED_DATA / "cifar10" / "test.tar")
    together = np.concatenate([images.train, images.test])
    assert together.shape == (10000, 32, 32, 3)
    labels = np.concatenate([images.train_labels, images.test_labels])
    assert np.bincount(labels).tolist() == [1000] * 10
    assert np.abs(together.mean((0, 1, 2)) / 255 - [0.494, 0.485, 0.450]).max() < 0.005  # published test means
