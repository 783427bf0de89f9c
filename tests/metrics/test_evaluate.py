import json
import subprocess
import sys
import tarfile

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from overgan.cli import app, main
from overgan.errors import OverganError
from overgan.metrics import METRICS, SPACES, NNDConfig, Space, evaluate, nearest_neighbours
from overgan.metrics._features import space_record
from overgan.metrics.spaces import _pixels
from overgan.report import evaluation_table, write_evaluation

FAST = NNDConfig(iterations=4, evaluation_batches=2, batch=8, width=2)


def flat(images):
    return images.reshape(len(images), -1) / 255


def near(rows):
    """Rows of the same images: sums round otherwise over memory that is aligned otherwise."""
    return [{key: x if isinstance(x, str) else pytest.approx(x, rel=1e-9) for key, x in row.items()} for row in rows]


def write_folder(folder, images, classes=None):
    for i, image in enumerate(images):
        path = folder / (f"class{classes[i]}" if classes is not None else ".") / f"{i:04d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image.squeeze()).save(path)
    return folder


@pytest.fixture(scope="module")
def sets(digits):
    """Generated images: unseen ones, darker; and real ones that are not among them."""
    return digits.train[:200] // 2, digits.train[200:700], digits.test[:250]


def test_every_metric_of_every_space(sets, tmp_path):
    generated, train, test = sets
    metrics = ["frechet", "kernel", "prdc", "memorization", "nnd"]
    stages = []
    result = evaluate(
        generated,
        train,
        test,
        ["pixels", "random-3"],
        metrics,
        nnd=FAST,
        neighbour_rows=3,
        cache=tmp_path,
        progress=lambda what, *_: stages.append(what),
    )
    assert [row["features"] for row in result.rows] == ["pixels", "random-3", "critic"]
    assert set(result.rows[0]) == set(result.rows[1])
    assert all(np.isfinite(v) for row in result.rows for v in row.values() if not isinstance(v, str))
    assert result["frechet_test"] == result.rows[0]["frechet_test"]
    assert result["nnd"] == result.rows[2]["nnd"]
    assert {"reading train images", "pixels features of generated images", "NND of memorized images"} <= set(stages)
    with pytest.raises(KeyError, match=r"frechet_tets; there are .*frechet_test"):
        result["frechet_tets"]
    compared = {name: facts["compared"] for name, facts in result.facts["images"].items()}
    assert compared == {"generated": 200, "train": 200, "test": 200}
    # the picture's neighbours are among all training images
    _, nearest = nearest_neighbours(flat(generated[:3]).astype(np.float32), flat(train).astype(np.float32), 8)
    picture = result.pictures["pixels"]
    first = picture[:32, 32 + 6 : 32 + 6 + 32]  # magnified four times, after a gap of 6
    assert (first[::4, ::4] == train[nearest[0, 0]]).all()
    assert json.loads(json.dumps(result.rows)) == result.rows
    page = tmp_path / "page.html"
    write_evaluation(result, page)
    text = page.read_text()
    assert text.count("data:image/png;base64") == 2
    assert all(cell in text for row in evaluation_table(result) for cell in row[:2])
    assert "FID" not in "".join(cell for row in evaluation_table(result) for cell in row)
    assert "± one standard error" in text
    assert "in brackets a 95% interval" in text  # of nearer_train


def test_equal_counts_and_the_same_images_each_time(sets, tmp_path):
    generated, train, test = sets
    whole = evaluate(generated, train, test, "pixels", samples="all", cache=tmp_path)
    assert [f["compared"] for f in whole.facts["images"].values()] == [200, 500, 250]
    few, again = (evaluate(generated, train, test, "pixels", samples=50, cache=tmp_path) for _ in range(2))
    assert [f["compared"] for f in few.facts["images"].values()] == [50, 50, 50]
    assert few.rows == near(again.rows)
    assert few.rows != whole.rows


def test_arrays_npy_files_folders_and_tars_give_the_same(sets, tmp_path):
    generated, train, _ = sets
    generated, train = generated[:40], train[:40]
    np.save(tmp_path / "generated.npy", generated)
    folder = write_folder(tmp_path / "train", train)
    with tarfile.open(tmp_path / "train.tar.gz", "w:gz") as archive:
        archive.add(folder, "train")
    rows = [
        evaluate(g, t, features="pixels", metrics=["frechet", "prdc"], cache=tmp_path / "cache").rows
        for g, t in ((generated, train), (tmp_path / "generated.npy", folder), (generated, tmp_path / "train.tar.gz"))
    ]
    assert rows[0] == near(rows[1]) == near(rows[2])


def test_the_real_side_is_computed_once_and_never_taken_for_another(sets, tmp_path, monkeypatch):
    generated, train, _ = sets
    embedded = []
    original = _pixels.pixels
    monkeypatch.setattr(_pixels, "pixels", lambda x: embedded.append(len(x)) or original(x))
    calls = [evaluate(generated, train[:200], features="pixels", cache=tmp_path).rows for _ in range(2)]
    assert embedded == [200, 200, 200]  # generated, train; generated
    assert calls[0] == near(calls[1])
    embedded.clear()
    changed = train[:200].copy()
    changed[7, 3, 3] += 1
    evaluate(generated, changed, features="pixels", cache=tmp_path)
    assert embedded == [200, 200]
    embedded.clear()
    evaluate(generated, train[:200], features="pixels", metrics=["prdc"], cache=tmp_path)  # needs features as well
    assert embedded == [200, 200]
    for file in tmp_path.glob("*.safetensors"):
        content = bytearray(file.read_bytes())
        content[-5] ^= 1
        file.write_bytes(content)
    embedded.clear()
    assert evaluate(generated, train[:200], features="pixels", cache=tmp_path).rows == near(calls[0])
    assert embedded == [200, 200]


def test_classifier_features_need_class_folders_on_both_sides(digits, tmp_path, monkeypatch):
    monkeypatch.setattr("overgan.metrics.spaces._classifier.STEPS", 3)
    monkeypatch.setattr("overgan.metrics.spaces._classifier.EPOCHS", 0)
    train = write_folder(tmp_path / "train", digits.train[:80], digits.train_labels)
    test = write_folder(tmp_path / "test", digits.test[:60], digits.test_labels)
    result = evaluate(digits.train[80:140], train, test, "classifier", cache=str(tmp_path / "cache"))
    assert len(list((tmp_path / "cache").glob("classifier-*.safetensors"))) == 1  # beside the real images' numbers
    assert result.facts["images"]["train"]["compared"] == 40  # the others trained the classifier
    assert result["frechet_train"] > 0
    with pytest.raises(OverganError, match=r"test images have no labels; .*or use other features"):
        evaluate(digits.train[80:140], train, digits.test, "classifier")
    needed = "classifier features need training and held-out images, both in class sub-folders"
    with pytest.raises(OverganError, match=f"test images have no labels; {needed}"):
        evaluate(digits.train[80:140], train, features="classifier")
    few = write_folder(tmp_path / "few", digits.test[:5], digits.test_labels)
    with pytest.raises(OverganError, match="do not have the same class sub-folders"):
        evaluate(digits.train[80:140], train, few, "classifier")


def own_features(shape):
    return lambda images: images.reshape(len(images), -1)[:, : shape[1]] / 255


@pytest.mark.parametrize("own", [lambda function: lambda _shape: function, None], ids=["function", "space"])
def test_features_of_the_users_own_that_were_changed_are_computed_anew(sets, tmp_path, monkeypatch, own):
    """And those that were not, are not."""
    own = own or (lambda function: Space(lambda _wanted: (function, {"dimension": 3})))
    embedded = []

    def levels(divisor):
        def embed(images):
            embedded.append(len(images))
            return (images.reshape(len(images), -1)[:, :3] / divisor).astype(np.float32)

        return embed

    def distance(divisor, cache):
        monkeypatch.setitem(globals(), "changed_features", own(levels(divisor)))
        embedded.clear()
        name = f"{__name__}:changed_features"
        return evaluate(sets[0], sets[1], features=name, cache=tmp_path / cache)["frechet_train"]

    first = distance(1, "kept")
    assert distance(2, "kept") == pytest.approx(first / 4)  # a distance of squares
    assert distance(1, "kept") == first
    assert embedded.count(len(sets[0])) == 1  # the generated images alone


def broken_features(_shape):
    return lambda images: np.full((len(images), 2), np.nan)


def test_features_of_the_users_own(sets, tmp_path):
    generated, train, _ = sets
    name = "tests.metrics.test_evaluate:own_features"
    result = evaluate(generated, train, features=name, samples="all", cache=tmp_path)
    top = evaluate(generated[:, :1], train[:, :1], features="pixels", samples="all", cache=tmp_path)
    assert result["frechet_train"] == pytest.approx(top["frechet_train"], rel=1e-5)
    with pytest.raises(OverganError, match="broken_features gives an array"):
        evaluate(generated, train, features="tests.metrics.test_evaluate:broken_features", cache=tmp_path)
    with pytest.raises(OverganError, match=r"features: no\.such:thing cannot be imported"):
        evaluate(generated, train, features="no.such:thing")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"train": None, "test": None}, "nothing to compare with: name training images, held-out images, or both"),
        ({"metrics": []}, "no metric or no features"),
        ({"features": "inceptoin"}, "no features inceptoin; did you mean inception"),
        ({"test": None, "metrics": ["memorization"]}, "memorization needs training and held-out images"),
        ({"test": None, "metrics": ["nnd"]}, "nnd needs held-out images"),
        ({"samples": 201}, "samples is 201, but there are only 200 images on the smallest side"),
        ({"samples": 5, "metrics": ["prdc"]}, "prdc needs at least 6 images on each side, but there are 5"),
        ({"samples": 1}, "frechet needs at least 2 images"),
        ({"samples": "all", "metrics": ["frechet_gap"]}, "frechet_gap needs as many images on every side"),
        ({"test": None, "metrics": ["frechet_gap"]}, "frechet_gap needs training and held-out images"),
        ({"metrics": ["frechet_gap"], "draws": 0}, "draws is 0; it must be at least 1"),
        (
            {"samples": "all", "metrics": ["frechet_population"]},
            "frechet_population needs as many images on every side",
        ),
        (
            {"metrics": ["frechet", "frechet_infinity"]},
            "frechet_infinity in pixels features needs at least 313 generated images, 4.88 for each of 64 dimensions, "
            "but there are 200; add images, name other features, or leave it out",
        ),
        (
            {"metrics": ["frechet_population"], "features": ["pixels", "random"]},
            "frechet_population in random-0 features needs at least 768 generated images",
        ),
        (
            {"train": np.zeros((9, 8, 8, 3), np.uint8)},
            r"generated images have 8 × 8 pixels and 1 channel but train .*3",
        ),
        ({"train": "no/such/folder"}, "train: no/such/folder does not exist"),
    ],
)
def test_mistakes_are_named_before_any_work(sets, arguments, message, monkeypatch):
    monkeypatch.setattr("overgan.metrics._reference.cached", lambda *_: pytest.fail("work was begun"))
    generated, train, test = sets
    with pytest.raises(OverganError, match=message):
        evaluate(generated, **{"train": train, "test": test, "features": "pixels"} | arguments)


def test_damaged_files_are_named_before_any_work(sets, tmp_path, monkeypatch):
    monkeypatch.setattr("overgan.metrics._reference.cached", lambda *_, **__: pytest.fail("work was begun"))
    generated, train, _ = sets
    folder = write_folder(tmp_path / "images", generated[:30])
    victim = folder / "0011.png"
    good = victim.read_bytes()
    victim.write_bytes(good[: len(good) // 2])
    for arguments in ((folder, train), (generated, folder)):
        with pytest.raises(OverganError, match=r"0011\.png cannot be read as an image"):
            evaluate(*arguments, features="pixels")
    Image.new("L", (9, 8)).save(victim)
    with pytest.raises(OverganError, match=r"0011\.png has 9 × 8 pixels but 0000\.png has 8 × 8"):
        evaluate(folder, train, features="pixels")
    Image.new("RGB", (8, 8)).save(victim)
    with pytest.raises(OverganError, match="generated images have 8 × 8 pixels and 3 channels but train images"):
        evaluate(folder, train, features="pixels")
    (tmp_path / "bad.npy").write_bytes(b"no array")
    with pytest.raises(OverganError, match=r"bad\.npy cannot be read as a \.npy file"):
        evaluate(tmp_path / "bad.npy", train, features="pixels")
    needed = r"; uint8 \(images, height, width\) or \(images, height, width, 1 or 3\) is needed"
    for array, message in (
        (np.zeros((9, 8, 8, 2), np.uint8), needed),
        (np.zeros((0, 8, 8, 1), np.uint8), needed),
        (np.full((9, 8, 8, 1), 0.3), "which are not n/255"),
    ):
        np.save(tmp_path / "array.npy", array)
        with pytest.raises(OverganError, match=rf"array\.npy: an array .*{message}"):
            evaluate(tmp_path / "array.npy", train, features="pixels")


def test_a_set_with_its_parts_is_refused_and_a_transparent_one_said(sets, tmp_path, caplog):
    generated, train, _ = sets
    write_folder(tmp_path / "set" / "train", train[:30])
    write_folder(tmp_path / "set" / "val", train[30:60])
    with pytest.raises(OverganError, match=r"train: .*set has the parts train, val; name the folder of one of them"):
        evaluate(generated, tmp_path / "set", features="pixels")
    Image.new("LA", (8, 8)).save(tmp_path / "set" / "train" / "0000.png")
    expected = train[:30].copy()
    expected[0] = 255
    found = [
        evaluate(generated[:30], real, features="pixels", cache=tmp_path).rows
        for real in (tmp_path / "set" / "train", expected)
    ]
    assert found[0] == near(found[1])
    assert caplog.messages == ["overgan: train images: put on white, for they have an alpha channel: 1 of 30 images"]


def test_the_command(sets, tmp_path, monkeypatch):
    generated, train, test = sets
    for name, images in (("generated", generated), ("train", train), ("test", test)):
        np.save(tmp_path / f"{name}.npy", images)
    monkeypatch.chdir(tmp_path)
    options = ["evaluate", "--generated", "generated.npy", "--train", "train.npy", "--test", "test.npy"]
    options += ["--features", "pixels,random", "--metrics", "frechet,prdc,tests.metrics.own:gap"]

    def call(*more):
        return CliRunner().invoke(app, [*options, *more])

    printed = call("--json", "--html", "page.html")
    assert printed.exit_code == 0, printed.output
    found = json.loads(printed.stdout)
    direct = evaluate(
        generated, train, test, ["pixels", "random"], ["frechet", "tests.metrics.own:gap"], cache=tmp_path
    )
    assert [row["features"] for row in found["results"]] == ["pixels", "random-0"]
    for key in ("frechet_test", "gap_test"):
        assert found["results"][0][key] == pytest.approx(direct[key], rel=1e-6)
    assert (tmp_path / "page.html").exists()
    table = call()
    for part in ("Fréchet distance", "gap of means in levels", "200 generated images of 200", "± one standard error"):
        assert part in table.stdout
    assert "in brackets" not in table.stdout  # nothing there is
    lost = call("--html", "train.npy/page.html")
    assert "page.html cannot be written" in str(lost.exception)
    assert lost.stdout == table.stdout
    with pytest.raises(OverganError, match="--samples many: must be a whole number or all"):
        raise call("--samples", "many").exception


@pytest.mark.slow
def test_a_mistake_of_the_command_is_one_line(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((3, 8, 8, 1), np.uint8))
    command = [sys.executable, "-m", "overgan", "evaluate", "--generated", "a.npy", "--train", "a.npy"]
    wrong = subprocess.run([*command, "--metrics", "fdi"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (wrong.returncode, wrong.stderr) == (2, "overgan: no metric fdi; did you mean fid?\n")


def test_the_help_names_every_metric_and_feature_space():
    help_ = CliRunner().invoke(app, ["evaluate", "--help"]).output
    assert all(name in help_ for name in [*METRICS, *SPACES])


def test_a_mistake_of_an_argument_is_named_by_its_option(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    np.save("a.npy", np.zeros((3, 8, 8, 1), np.uint8))
    images = ["--generated", "a.npy", "--test", "a.npy", "--features", "pixels"]
    for more, message in (
        (["--samples", "4"], "--samples is 4, but there are only 3 images"),
        (["--train", "none"], "--train: none does not exist"),
        (["--device", "tpu"], "--device is tpu; it must be auto, cpu, cuda or cuda:N"),
        (["--features", "inception", "--samples", "2"], "or name the file with --inception-weights=FILE"),
    ):
        monkeypatch.setattr(sys, "argv", ["overgan", "evaluate", *images, *more])
        monkeypatch.setattr("torch.hub.get_dir", lambda: str(tmp_path))
        with pytest.raises(SystemExit, match="2"):
            main()
        assert message in capfd.readouterr().err.replace("\n", " ")


def command(monkeypatch, capfd, *arguments):
    """What a mistake prints on the error output."""
    monkeypatch.setattr(sys, "argv", ["overgan", "evaluate", *map(str, arguments)])
    with pytest.raises(SystemExit, match="2"):
        main()
    out, err = capfd.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    return err


def test_paths_are_named_by_their_positions_or_by_options(sets, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    for name, images in zip(("g", "tr", "te"), sets, strict=True):
        np.save(f"{name}.npy", images[:50])
    more = ["--features", "pixels", "--metrics", "frechet", "--json"]
    ways = [
        ["g.npy", "tr.npy", "te.npy"],
        ["--generated", "g.npy", "--train", "tr.npy", "--test", "te.npy"],
        ["g.npy", "tr.npy", "--test", "te.npy"],
        ["g.npy", "--train", "tr.npy", "--test", "te.npy"],
    ]
    found = [json.loads(CliRunner().invoke(app, ["evaluate", *way, *more]).stdout)["results"] for way in ways]
    assert {"frechet_train", "frechet_test"} <= found[0][0].keys()
    assert all(rows == near(found[0]) for rows in found)
    one = json.loads(CliRunner().invoke(app, ["evaluate", "g.npy", "--test", "te.npy", *more]).stdout)["results"]
    assert one == near([{"features": "pixels", "frechet_test": found[0][0]["frechet_test"]}])
    message = command(monkeypatch, capfd, "g.npy", "--generated", "te.npy", "--train", "tr.npy")
    assert message == "overgan: GENERATED is given twice, g.npy and --generated te.npy; leave one out\n"
    assert "GENERATED, the path of images, is missing" in command(monkeypatch, capfd, "--train", "tr.npy")
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "study.json").touch()
    assert "study is a study's folder; measure it with --study study" in command(monkeypatch, capfd, "study")
    assert "leave GENERATED, TRAIN and TEST" in command(monkeypatch, capfd, "g.npy", "--study", "study")


def grown(images, side):
    """Each image in the middle of a black one, so that neither a crop nor a resize gives it back."""
    larger = np.zeros((len(images), side, side, images.shape[3]), np.uint8)
    larger[:, side // 4 : side // 4 + images.shape[1], side // 4 : side // 4 + images.shape[2]] = images
    return larger


def test_sizes_that_differ_are_refused_with_the_option_that_mends_it(sets, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    generated, train, _ = (images[:20] for images in sets)
    height = generated.shape[1]
    np.save("small.npy", generated)
    np.save("large.npy", grown(train, 2 * height))
    np.save("colour.npy", train.repeat(3, axis=3))
    more = ["--features", "pixels", "--metrics", "frechet"]
    message = command(monkeypatch, capfd, "small.npy", "large.npy", *more)
    sizes = [f"{side} × {side} pixels and 1 channel" for side in (height, 2 * height)]
    assert f"generated images have {sizes[0]} but train images {sizes[1]}; " in message
    assert f"--size={height}, which changes distances" in message
    done = CliRunner().invoke(app, ["evaluate", "small.npy", "large.npy", f"--size={height}", *more])
    assert f"resized to {height} × {height} pixels, with antialiasing" in " ".join(done.output.split())
    assert "all grey or all colour, such as with --mode=grey" in command(
        monkeypatch, capfd, "small.npy", "colour.npy", *more
    )
    done = CliRunner().invoke(app, ["evaluate", "small.npy", "colour.npy", "--mode=grey", "--json", *more])
    assert json.loads(done.stdout)["form"] == "every image was converted to grey"
    both = ["evaluate", "small.npy", "colour.npy", "--mode=grey", f"--size={height}", "--json", *more]
    form = json.loads(CliRunner().invoke(app, both).stdout)["form"]
    assert form.endswith("pixels, with antialiasing, and converted to grey")
    write_folder(tmp_path / "mixed", [*generated[:3], *grown(train[:3], 2 * height)])
    folder = command(monkeypatch, capfd, "mixed", "small.npy", *more)
    assert "have each cropped and resized with --size=64 or so" in folder
    with pytest.raises(OverganError, match=r"size is 0; it must be at least 1"):
        evaluate(generated, train, features="pixels", size=0)


def test_images_are_brought_to_a_form_as_pillow_does(sets, tmp_path):
    generated, train, _ = (images[:40] for images in sets)
    height = generated.shape[1]
    wide = np.concatenate([grown(train, 2 * height), np.full((40, 2 * height, 6, 1), 255, np.uint8)], axis=2)

    def by_pillow(image):
        left = 3  # the middle square of 2h × (2h + 6) pixels
        square = Image.fromarray(image[..., 0]).crop((left, 0, left + 2 * height, 2 * height))
        return np.asarray(square.resize((height, height), Image.Resampling.BICUBIC))[..., None]

    expected = np.stack([by_pillow(image) for image in wide])
    np.save(tmp_path / "wide.npy", wide)
    write_folder(tmp_path / "wide", wide)
    direct = evaluate(generated, expected, features="pixels", metrics=["frechet", "prdc"], cache=tmp_path / "cache")
    assert "form" not in direct.facts
    for source in (wide, tmp_path / "wide.npy", tmp_path / "wide"):
        result = evaluate(
            generated, source, features="pixels", metrics=["frechet", "prdc"], size=height, cache=tmp_path / "cache"
        )
        assert result.rows == near(direct.rows)
        assert result.facts["images"]["train"]["sha256"] == direct.facts["images"]["train"]["sha256"]
        assert result.facts["form"].startswith("every image was cropped to the middle square")
    write_evaluation(result, tmp_path / "page.html")
    assert "every image was cropped to the middle square" in (tmp_path / "page.html").read_text()


@pytest.mark.parametrize("features", ["pixels", "random"])
def test_a_batch_is_what_goes_through_a_network_at_once(features, sets, tmp_path, monkeypatch):
    seen = []
    create = space_record(features).create

    def watched(wanted):
        embed, facts = create(wanted)
        return lambda images: seen.append(len(images)) or embed(images), facts

    monkeypatch.setattr("overgan.metrics._features.space_record", lambda _: Space(watched))
    generated, train, _ = (images[:50] for images in sets)
    given = [
        evaluate(generated, train, features=features, batch=batch, cache=tmp_path / str(batch)) for batch in (None, 16)
    ]
    assert seen == [50, 50, 16, 16, 16, 2, 16, 16, 16, 2]
    assert given[1].rows == [
        {key: x if isinstance(x, str) else pytest.approx(x, rel=1e-5) for key, x in row.items()}
        for row in given[0].rows
    ]
    with pytest.raises(OverganError, match=r"batch is 0; it must be at least 1"):
        evaluate(generated, train, features=features, batch=0)


def test_a_space_in_which_nothing_was_measured_has_no_row(sets, tmp_path):
    result = evaluate(*sets, ["pixels"], ["nnd"], nnd=FAST, cache=tmp_path)
    assert [row["features"] for row in result.rows] == ["critic"]
