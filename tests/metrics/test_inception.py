import numpy as np
import pytest
import torch
from PIL import Image

from overgan.disk import sha256
from overgan.errors import OverganError
from overgan.metrics import evaluate, feature_space

IMAGES = 5  # a side; each takes a tenth of a second


def torch_fidelity(first, second, weights, tmp_path, fid):
    """Its KID, and its FID if that is asked for, of two folders of PNG files."""
    from torch_fidelity import calculate_metrics

    folders = []
    for name, images in (("first", first), ("second", second)):
        (tmp_path / name).mkdir()
        for i, image in enumerate(images):
            Image.fromarray(np.repeat(image, 3 // image.shape[2], 2)).save(tmp_path / name / f"{i:03d}.png")
        folders.append(str(tmp_path / name))
    return calculate_metrics(
        input1=folders[0],
        input2=folders[1],
        cuda=False,
        fid=fid,
        kid=True,
        kid_subset_size=len(first),
        kid_subsets=1,
        feature_extractor_weights_path=str(weights),
        samples_shuffle=False,
        cache=False,
        verbose=False,
    )


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of torch-fidelity's own
@pytest.mark.parametrize("channels", [1, 3])
def test_fid_and_kid_are_torch_fidelitys(photos, inception_weights, tmp_path, channels):
    real, generated = photos[:IMAGES], photos[-IMAGES:, ::-1] // 2
    if channels == 1:
        real, generated = (images[..., :1].copy() for images in (real, generated))
    # a root of a matrix of 2048 × 2048 takes it seconds; grey images differ in their features, which KID is of, too
    theirs = torch_fidelity(generated, real, inception_weights, tmp_path, fid=channels == 3)
    ours = evaluate(
        generated, test=real, metrics=["frechet", "kernel"], weights=inception_weights, cache=tmp_path / "cache"
    )
    # the network is the same up to the order of float32 sums
    if channels == 3:
        assert ours["frechet_test"] == pytest.approx(theirs["frechet_inception_distance"], rel=1e-3)
    assert ours["kernel_test"] == pytest.approx(theirs["kernel_inception_distance_mean"], rel=1e-3)
    assert ours.facts["features"]["inception"]["sha256"] == sha256(inception_weights.read_bytes())


def test_bfloat16_is_near_and_says_so(photos, inception_weights):
    spaces = [
        feature_space("inception", (32, 32, 3), weights=inception_weights, precision=precision)
        for precision in ("float32", "bf16")
    ]
    exact, rounded = (space.embed(photos[:4]) for space in spaces)
    assert spaces[1].facts["precision"] == "bf16"
    error = np.linalg.norm(rounded - exact) / np.linalg.norm(exact)
    assert 0 < error < 0.1  # a bfloat16 has 8 bits, and there are some 50 layers


def test_missing_weights_are_named_with_where_they_come_from(monkeypatch, tmp_path, photos):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    where = f"{tmp_path}/hub/checkpoints/weights-inception-2015-12-05-6726825d.pth is missing"
    with pytest.raises(OverganError, match=rf"{where}.*download https://.*name the file with weights=FILE"):
        evaluate(photos[:4], test=photos[4:8])


def test_other_files_are_not_taken_for_weights(monkeypatch, tmp_path):
    other = tmp_path / "other.pth"
    torch.save({"a": torch.ones(1)}, other)
    (tmp_path / "text.pth").write_text("hello")
    torch.save(print, tmp_path / "code.pth")  # a pickle that names a function is not run
    for name in ("other", "text", "code"):
        with pytest.raises(OverganError, match=rf"{name}\.pth does not hold torch-fidelity's Inception weights"):
            feature_space("inception", (32, 32, 3), weights=tmp_path / f"{name}.pth")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    default = tmp_path / "hub/checkpoints/weights-inception-2015-12-05-6726825d.pth"
    default.parent.mkdir(parents=True)
    default.write_bytes(other.read_bytes())
    with pytest.raises(OverganError, match=r"6726825d\.pth is damaged: its SHA-256 is"):
        feature_space("inception", (32, 32, 3))
