"""Images that a program has in memory become the arrays that they stand for."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import Dataset, Subset, TensorDataset
from torchvision.transforms.functional import to_tensor

from overgan.data import given_arrays, keep_arrays
from overgan.errors import OverganError

COLOUR = np.random.default_rng(0).integers(256, size=(9, 6, 5, 3), dtype=np.uint8)
GREY = COLOUR[..., :1]
LABELS = np.arange(9) % 4
FIRST = torch.from_numpy(COLOUR).movedim(3, 1)  # channels first, as PyTorch has them


class Pairs(Dataset):
    """A data set as users write them."""

    def __init__(self, make, labels=LABELS):
        self.make, self.labels = make, labels

    def __len__(self):
        return len(COLOUR)

    def __getitem__(self, i):
        return self.make(i) if self.labels is None else (self.make(i), self.labels[i])


@pytest.mark.parametrize(
    ("given", "expected"),
    {
        "array": (COLOUR, COLOUR),
        "grey array": (GREY[..., 0], GREY),
        "array of fractions": ((COLOUR / 255).astype(np.float32), COLOUR),
        "tensor, channels first": (FIRST, COLOUR),
        "tensor, channels last": (torch.from_numpy(COLOUR), COLOUR),
        "grey tensor": (torch.from_numpy(GREY[..., 0]), GREY),
        "pictures": ([Image.fromarray(image) for image in COLOUR], COLOUR),
        "data set of pictures": (Pairs(lambda i: Image.fromarray(COLOUR[i]), None), COLOUR),
        "data set of arrays": (Pairs(lambda i: GREY[i, ..., 0], None), GREY),
        "data set of tensors": (Pairs(lambda i: FIRST[i], None), COLOUR),
        "data set of torchvision's ToTensor": (Pairs(lambda i: to_tensor(COLOUR[i]), None), COLOUR),
        "data set of one tensor": (TensorDataset(FIRST), COLOUR),
        "grey among colour": ([Image.fromarray(COLOUR[0]), Image.fromarray(GREY[1, ..., 0])], None),
    }.values(),
)
def test_images(given, expected):
    if expected is None:
        expected = np.stack([COLOUR[0], np.repeat(GREY[1], 3, 2)])
    arrays = given_arrays(given)
    assert list(arrays) == ["images"]
    assert arrays["images"].dtype == np.uint8
    np.testing.assert_array_equal(arrays["images"], expected)


@pytest.mark.parametrize("labels", [LABELS, LABELS.tolist(), torch.from_numpy(LABELS)])
def test_labels_of_a_data_set(labels):
    np.testing.assert_array_equal(given_arrays(Pairs(lambda i: FIRST[i], labels))["labels"], LABELS)


def test_what_is_no_whole_number_is_no_label():
    assert list(given_arrays(Pairs(lambda i: FIRST[i], ["cat", *LABELS[1:]]))) == ["images"]
    assert list(given_arrays(Pairs(lambda i: FIRST[i], torch.ones(9, 14)))) == ["images"]


def test_a_pair_is_trained_on_and_held_out():
    data = TensorDataset(FIRST, torch.from_numpy(LABELS))
    arrays = given_arrays((Subset(data, range(6)), Subset(data, range(6, 9))))
    np.testing.assert_array_equal(arrays["train_images"], COLOUR[:6])
    np.testing.assert_array_equal(arrays["test_images"], COLOUR[6:])
    np.testing.assert_array_equal(arrays["test_labels"], LABELS[6:])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (COLOUR.astype(float), "not n/255"),
        (COLOUR.transpose(0, 3, 1, 2), "bring the channels to the end"),
        (to_tensor(COLOUR[0]) * 2 - 1, "not n/255"),
        ((COLOUR, COLOUR, COLOUR), "3 sets of images"),
        ((COLOUR, "path"), "test_images: 0: a str"),
        (3, "a int; an array"),
        ([], "there are none"),
        ([{"image": COLOUR[0]}], "0: a dict; a picture"),
        ([Image.new("L", (5, 6)), Image.new("L", (4, 6))], "1 has 4 × 6 pixels but 0 has 5 × 6"),
        ([Image.new("F", (5, 6))], "more than 8 bits"),
        (Pairs(lambda i: to_tensor(COLOUR[i]) - 0.5), "0: an array .* not n/255"),
    ],
)
def test_what_is_refused(given, message):
    with pytest.raises(OverganError, match=message):
        given_arrays(given)


def test_kept_images_are_never_replaced_by_others(tmp_path):
    path = tmp_path / "study" / "images.npz"
    keep_arrays(path, {"images": COLOUR, "labels": LABELS})
    before = path.read_bytes()
    keep_arrays(path, {"images": COLOUR.copy(), "labels": LABELS})
    for others in ({"images": COLOUR}, {"images": COLOUR[::-1], "labels": LABELS}):
        with pytest.raises(OverganError, match="other images than these"):
            keep_arrays(path, others)
    assert path.read_bytes() == before
    path.write_bytes(before[:100])
    with pytest.raises(OverganError, match="cannot be read"):
        keep_arrays(path, {"images": COLOUR})
