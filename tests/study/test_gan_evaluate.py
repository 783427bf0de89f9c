"""Metrics in studies: while they are trained, at their end, and afterwards."""

import json
import re
import shutil

import numpy as np
import pytest
from typer.testing import CliRunner

import overgan
from overgan import metrics
from overgan.cli import app
from overgan.cli._terminal import console
from overgan.disk import read_jsonl, try_lock, write_jsonl
from overgan.errors import OverganError
from overgan.metrics import evaluate
from overgan.study import load_spec, write_description
from overgan.study.gan._work import facts, real_side
from tests.conftest import SMALL, check_disk, without_checksums
from tests.racing import write_study
from tests.study.test_runner import HERE

GAP = "pixels gap of means in levels, test"
MORE = [
    "widths=[2,4]",
    "evaluate.metrics=[frechet,kernel]",
    "evaluate.final_metrics=[memorization,nnd,tests.metrics.own:gap]",
    "evaluate.nnd={iterations: 4, evaluation_batches: 2, batch: 8, width: 2}",
]


def test_a_width_that_a_job_on_a_cluster_trains_is_not_measured(small_study):
    study = overgan.load(small_study / "study")
    with try_lock(study.group(4)), pytest.raises(OverganError, match=r"k0004 is being trained; wait"):
        study.evaluate()
    (study.group(2) / "later.jsonl").unlink()


@pytest.mark.parametrize(
    ("settings", "message", "mend"),
    [
        (
            {"samples": 20},
            "samples is 20, but this study has evaluate.samples 100, and numbers of both do not compare",
            "name other features, or",
        ),
        (
            {"features": ["random", "pixels"], "reference": "all"},
            "reference is all, but .* evaluate.reference equal",
            "name other features, or",
        ),
        ({"metrics": ["nnd"], "features": ["random"], "samples": 20}, "samples is 20, but", "or"),  # of no features
    ],
)
def test_numbers_of_other_images_than_the_studys_do_not_stand_beside_them(small_study, settings, message, mend):
    with pytest.raises(OverganError, match=f"^{message}.*; leave it out, {mend} measure images of"):
        overgan.load(small_study / "study").evaluate(**settings)


@pytest.fixture(scope="module")
def study(once):
    def fill(folder):
        (folder / "small.yaml").write_text(SMALL)
        overgan.run(folder / "small.yaml", folder / "study", MORE, **HERE)

    return overgan.load(once("metrics", fill) / "study")


@pytest.mark.slow
def test_it_needs_no_more_of_the_disk_than_a_plan_says(study):
    check_disk(study)


@pytest.mark.slow
def test_metrics_at_every_evaluation_and_at_the_end(study):
    frame = study.frame()
    pixels, critic = (frame[frame.features == name] for name in ("pixels", "critic"))
    assert sorted(pixels.iteration.unique()) == [20, 40, 60]
    assert pixels.kernel_test.notna().all()
    assert (pixels.nearer_train.notna() == (pixels.iteration == 60)).all()
    assert set(critic.iteration) == {60}
    assert len(critic) == 4
    assert critic.nnd_memorized.nunique() == 1
    assert (pixels.gap_test.notna() == (pixels.iteration == 60)).all()
    assert study.recommend().quantity == "test pixels Fréchet distance"


@pytest.mark.slow
def test_the_report_shows_them(study):
    text = overgan.write_report(study.folder, trust=True).read_text()
    for part in ("Neural net divergence against width", "Nearest training images", "k = 2, seed 0, nearest by pixels"):
        assert part in text
    for column in ("NND", "pixels kernel distance, test", "pixels share nearer to training images", "pixels C_T", GAP):
        assert f"<th>{column}</th>" in text
    assert "nearer to the training images than to as many held-out ones" in text
    assert (study.folder / "figures" / "nnd.png").exists()


@pytest.mark.slow
def test_a_trained_study_is_measured_again(study, digits):
    before = study.frame()
    study.evaluate(["frechet", "prdc"], features=["random"], samples=80)
    frame = overgan.load(study.folder).frame()
    random = frame[frame.features == "random-0"]
    assert (len(random), set(random.iteration)) == (4, {60})
    (row,) = random[(random.k == 4) & (random.seed == 1)].itertuples()
    parts = np.random.default_rng(0).permutation(len(digits.test))[:80]
    direct = evaluate(
        study.sample(4, 1, 80),
        digits.train[digits.reference[:80]],
        digits.test[parts],
        "random",
        ["frechet", "prdc"],
        samples="all",
    )
    assert row.frechet_test == pytest.approx(direct["frechet_test"], rel=1e-6)
    assert row.coverage_train == direct["coverage_train"]
    rest = frame[frame.features != "random-0"].sort_values(["k", "seed", "iteration", "features"], ignore_index=True)
    before = before.sort_values(["k", "seed", "iteration", "features"], ignore_index=True)
    assert rest[before.columns].equals(before)
    study.evaluate(["kernel"], features=["random"], samples=80)  # beside what is there
    again = study.frame()
    assert len(again) == len(frame)
    assert again[again.features == "random-0"][["kernel_test", "coverage_test"]].notna().all(axis=None)
    text = overgan.write_report(study.folder, figures=False).read_text()
    assert "random-0 coverage" in text
    assert "In pixels features every distance compares 100 generated images with" in text
    assert "In random-0 features every distance compares 80 generated images with" in text
    study.evaluate(["kernel"], features=["random"], samples=40)  # in place of it, for numbers of both do not compare
    random = study.final("random-0")
    assert ("coverage_test" in random, set(random.compared)) == (False, {40})


@pytest.mark.slow
def test_test_less_train_distance_is_measured_at_the_end(study):
    pixels = study.final("pixels")
    difference = pixels.frechet_test - pixels.frechet_train
    np.testing.assert_allclose(pixels.frechet_gap, difference, atol=1e-9)  # sums in batches or at once
    assert (pixels.frechet_gap_error > 0).all()
    assert set(pixels.frechet_gap_draws) == {10}
    before = study.frame()
    assert before[before.iteration < 60].frechet_gap.isna().all()
    assert set(study.gaps()) == {2, 4}


@pytest.mark.slow
def test_frechet_against_all_real_images(study, digits):
    study.evaluate(["frechet", "frechet_gap"], features=["random-5"], samples=500, reference="all", draws=2)
    rows = study.frame()
    (row,) = rows[(rows.features == "random-5") & (rows.k == 4) & (rows.seed == 1)].itertuples()
    space = metrics.feature_space("random-5", digits)
    generated = space.embed(study.sample(4, 1, 500))

    moments = [(x.mean(0, dtype=float), np.cov(x.T.astype(float))) for x in (generated, generated[:360])]
    for name, images in (("train", digits.train), ("test", digits.test)):
        features = space.embed(images).astype(float)
        expected = metrics.frechet_distance(*moments[0], features.mean(0), np.cov(features.T))
        assert getattr(row, f"frechet_{name}") == pytest.approx(expected, rel=1e-6)
    # 360 of each side: as many as are held out
    assert (row.compared, row.generated) == (360, 500)
    draws = [space.embed(images).astype(float) for images in (digits.test, digits.train[digits.reference])]
    to_test, to_train = (metrics.frechet_distance(*moments[1], x.mean(0), np.cov(x.T)) for x in draws)
    assert row.frechet_gap == pytest.approx(to_test - to_train, rel=1e-4)  # a small difference of large numbers


@pytest.mark.slow
def test_rows_of_older_versions_keep_their_meaning(study, tmp_path):
    """What they call fid_infinity had both sides shrink, and their nnd_train was that of all training images."""
    folder = without_checksums(shutil.copytree(study.folder, tmp_path / "old"))
    for width in (2, 4):
        file = folder / f"k{width:04d}" / "evaluations.jsonl"
        rows = read_jsonl(file)
        for row in rows:
            if row["features"] == "critic":
                row["nnd_train"] = row.pop("nnd_memorized")
            else:
                row |= {"fid_infinity_test": 0.5, "fid_infinity_test_error": 0.1}
        write_jsonl(file, rows)
    old = overgan.load(folder)
    assert not any(re.search("fid|infinity|frechet_inf", column) for column in old.frame())
    assert set(old.final("pixels").frechet_population_test) == {0.5}
    later = {"seed": 1, "iteration": 60, "features": "pixels", "fid_inf_test": 0.7}
    write_jsonl(folder / "k0004" / "later.jsonl", [later])
    final = old.final("pixels").set_index(["k", "seed"])
    assert final.frechet_inf_test.dropna().to_dict() == {(4, 1): 0.7}
    assert final.frechet_population_test[4, 1] == 0.5
    text = overgan.write_report(folder, figures=False).read_text()
    assert "<th>pixels Fréchet distance of the distributions, test</th>" in text
    assert "all compared training images, as if memorized" in text  # the key of a curve


@pytest.mark.slow
def test_too_few_images_for_a_feature_space_are_refused_afterwards(study):
    with pytest.raises(
        OverganError, match=r"frechet_population in random-0 features needs at least 768 .*; add images"
    ):
        study.evaluate(["frechet_population"], features=["random"])


def test_too_few_images_for_a_feature_space_are_said_before_training_and_left_out(tmp_path, digits, caplog):
    (tmp_path / "small.yaml").write_text(SMALL)
    more = ["evaluate.samples=320", "evaluate.features=[pixels,random]", "evaluate.metrics=[frechet,frechet_infinity]"]
    spec = load_spec(tmp_path / "small.yaml", more)
    facts(spec)
    assert caplog.messages == [
        "overgan: frechet_infinity in random-0 features needs at least 1,250 generated images, 4.88 for each of 256 "
        "dimensions, but there are 320; it is left out there"
    ]
    reference = real_side(spec.evaluate, digits, ["frechet_infinity"], "cpu")
    (pixels,) = reference.score(digits.train[:320])  # nothing is measured in random features
    assert {"features", "frechet_inf_train", "frechet_inf_test"} <= set(pixels)


def test_metrics_that_keep_equal_numbers_are_left_out_by_those_when_frechet_has_more_images(tmp_path, digits):
    (tmp_path / "small.yaml").write_text(SMALL)
    more = ["evaluate.samples=1400", "evaluate.features=[random]", "evaluate.reference=all"]
    spec = load_spec(tmp_path / "small.yaml", more)
    reference = real_side(spec.evaluate, digits, ["frechet", "frechet_population"], "cpu")
    (row,) = reference.score(digits.train[:1400])  # frechet_population would have 360 of them, and needs 768
    assert set(row) == {"features", "frechet_train", "frechet_test"}


@pytest.mark.slow
def test_what_a_later_measurement_lacks_is_said(study):
    with pytest.raises(
        OverganError, match=r"frechet_population in random-0 .* 768 generated images.*there are 360; add"
    ):
        study.evaluate(["frechet_population"], features=["random"], samples=1400, reference="all")
    with pytest.raises(OverganError, match=r"^frechet_gap needs draws, for this study has evaluate.draws 0; give 10$"):
        study.evaluate(["frechet_gap"], draws=0)


@pytest.mark.slow
def test_the_command_measures_a_study_as_its_spec_says(study, undrawn):
    before = study.final("critic").sort_values(["k", "seed"]).nnd.to_numpy()
    done = CliRunner().invoke(app, ["evaluate", "--study", str(study.folder), "--metrics", "nnd"])
    assert done.exit_code == 0, done.output
    after = study.final("critic").sort_values(["k", "seed"]).nnd.to_numpy()
    assert (study.folder / "k0002" / "later.jsonl").read_text().count('"critic"') == 2
    # the same critic, not the default one; images are generated 250 at a time or all at once, and sums round otherwise
    np.testing.assert_allclose(after, before, rtol=1e-4)


def test_iterations_of_nnd_change_nothing_else_of_the_studys_critic(tmp_path, monkeypatch):
    given = []

    def evaluate_with(_study, _metrics, *, nnd, **_settings):
        given.append(nnd)
        raise OverganError("far enough")

    monkeypatch.setattr("overgan.study.gan.GanStudy.evaluate", evaluate_with)
    description = write_study(tmp_path, {2: [9.0]}).description
    spec = load_spec("quickstart", ["evaluate.nnd={iterations: 4, evaluation_batches: 2, batch: 8, width: 2}"])
    write_description(tmp_path, description.model_copy(update={"spec": spec.model_copy(update={"widths": [2]})}))
    CliRunner().invoke(app, ["evaluate", "--study", str(tmp_path), "--metrics", "nnd", "--nnd-iterations", "50"])
    assert given == [spec.evaluate.nnd.model_copy(update={"iterations": 50, "evaluation_batches": 5})]
    assert given[0].width == 2


@pytest.mark.slow
def test_what_was_measured_is_returned_and_printed(study, undrawn, monkeypatch, tmp_path):
    study = overgan.load(shutil.copytree(study.folder, tmp_path / "study"))
    command = ["evaluate", "--study", str(study.folder), "--metrics", "frechet,prdc", "--features", "pixels,random"]
    done = CliRunner().invoke(app, [*command, "--json", "--batch", "7"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["report"] == str(study.folder / "report.html")
    frame = study.frame().set_index(["k", "seed", "iteration", "features"])
    assert len(found["results"]) == 8  # of two widths, seeds and spaces
    for row in found["results"]:
        kept = frame.loc[(row["k"], row["seed"], row["iteration"], row["features"])]
        assert row["features"] in ("pixels", "random-0")
        assert {"frechet_train", "frechet_test", "recall_test"} <= row.keys()
        assert all(value == kept[key] for key, value in row.items() if key in kept)
    monkeypatch.setattr(console, "width", 80)
    printed = CliRunner().invoke(app, command).stdout
    assert max(map(len, printed.removesuffix(f"report: {study.folder}/report.html\n").splitlines())) <= 80
    rows = [line.split() for line in printed.splitlines()]
    values = [row["frechet_test"] for row in found["results"] if (row["k"], row["features"]) == (2, "pixels")]
    assert any({"2", f"{np.mean(values):.3g}", f"{np.std(values, ddof=1):.2g}"} <= set(row) for row in rows)
    assert printed.endswith(f"report: {study.folder}/report.html\n")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--features", "pixls"], r"features: no features pixls; did you mean pixels\?"),
        (["--html", "page.html"], "--study DIR has images, of its own size, and a report; leave GENERATED"),
        (["--size", "8"], "leave GENERATED, TRAIN and TEST, --size, --mode, --html and --samples all out"),
    ],
)
def test_mistakes_of_the_command_are_named(study, arguments, message):
    done = CliRunner().invoke(app, ["evaluate", "--study", str(study.folder), *arguments])
    assert isinstance(done.exception, OverganError)
    assert re.search(message, str(done.exception))


@pytest.mark.slow
def test_an_unknown_metric_is_one_line(study):
    done = CliRunner().invoke(app, ["evaluate", "--study", str(study.folder), "--metrics", "fdi"])
    assert isinstance(done.exception, OverganError)
    assert str(done.exception) == "no metric fdi; did you mean fid?"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("evaluate.metrics=[kernel]", r"evaluate\.metrics: must have frechet, which decides the width"),
        ("evaluate.features=[clasifier]", r"evaluate\.features: no features clasifier; did you mean classifier\?"),
        ("evaluate.final_metrics=[fdi]", r"evaluate\.final_metrics\.0: "),
        ("evaluate.reference=some", r"evaluate\.reference: .*'equal' or 'all', but it is \"some\""),
        (
            "evaluate={features: [pixels], metrics: [frechet, frechet_gap], draws: 0}",
            "evaluate: frechet_gap needs draws, .*is 0",
        ),
        ("evaluate.nnd.iterations=0", r"evaluate\.nnd\.iterations: "),
    ],
)
def test_mistakes_in_the_spec_are_named(tmp_path, override, message):
    (tmp_path / "small.yaml").write_text(SMALL)
    with pytest.raises(OverganError, match=message):
        load_spec(tmp_path / "small.yaml", [override])


def test_too_few_images_and_missing_weights_are_named_before_training(tmp_path, monkeypatch):
    (tmp_path / "small.yaml").write_text(SMALL)
    with pytest.raises(OverganError, match="frechet_infinity needs at least 20 images on each side, but there are 5"):
        overgan.run(
            tmp_path / "small.yaml",
            tmp_path / "a",
            ["evaluate.samples=5", "evaluate.metrics=[frechet,frechet_infinity]"],
        )
    with pytest.raises(OverganError, match="nnd needs images of at least 8 × 8 pixels, but there are 4 × 4"):
        overgan.run(tmp_path / "small.yaml", tmp_path / "a", ["data.size=4", "evaluate.final_metrics=[nnd]"])
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(OverganError, match="is missing, the weights of inception features: download"):
        overgan.run(tmp_path / "small.yaml", tmp_path / "a", ["evaluate.features=[inception]"])
    assert not (tmp_path / "a" / "study.json").exists()
