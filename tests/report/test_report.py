import base64
import io
import json
import os
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import overgan
from overgan.errors import OverganError
from overgan.pictures import data_url
from overgan.report import report_content
from overgan.report._plot import Panel, Plot, Series, to_html, to_images
from overgan.report.pages._gan import _method
from overgan.study import Description, machine, parse_spec, versions, write_description
from tests.conftest import without_checksums

WIDTHS, SEEDS = [2, 4, 8], [0, 1, 2]
FACTS = {
    "classifier": {"dimension": 64, "accuracy": 0.5},
    "pixels": {"dimension": 64},
    "inception": {"dimension": 2048, "sha256": "f00", "precision": "float32"},
}


def page_of(study, **settings):
    """Its page alone: the figures beside it are drawn where a test looks at them."""
    return overgan.write_report(study.folder, figures=False, **settings).read_text()


@pytest.fixture
def make_study(tmp_path):
    """A study's folder written by hand, with known numbers."""

    def make(diverged=(), unfinished=(), scale=1.0, features=("classifier", "pixels"), widths=WIDTHS, **train):
        spec = parse_spec(
            {
                "name": "by-hand",
                "data": {"name": "digits"},
                "model": {"name": "mlp"},
                "widths": widths,
                "seeds": SEEDS,
                "train": {"iterations": 20, "evaluate_every": 10, **train},
                "evaluate": {"features": list(features)},
                "scale": scale,
            },
            "test",
        )
        description = Description(
            spec=spec,
            command="overgan run by-hand.yaml",
            data={
                "name": "digits",
                "train": 20,
                "test": 9,
                "compared": 9,
                "unseen": 9,
                "shape": [8, 8, 1],
                "fingerprint": "f00",
            },
            features={name: FACTS[name] for name in features},
            parameters={k: {"generator": 100 * k, "critic": 10 * k} for k in widths},
            versions=versions(),
            machine=machine(workers=1),
        )
        write_description(tmp_path, description)
        for k in widths:
            group = tmp_path / f"k{k:04d}"
            (group / "samples").mkdir(parents=True)
            complete = k not in unfinished
            alive = [s for s in SEEDS if (k, s) not in diverged]
            rows, log = [], []
            for iteration in (10, 20) if complete else (10,):
                for seed in alive:
                    for name in features:
                        distance = (100 / k + seed) * (2 if name == "pixels" else 1)
                        ids = {"seed": seed, "iteration": iteration, "features": name}
                        rows.append(ids | {"frechet_train": distance, "frechet_test": distance + 1})
                    moved = {"moved_generator": 1 / k, "moved_critic": 2 / k}
                    log.append({"seed": seed, "iteration": iteration, "wasserstein": k + seed + iteration, **moved})
            (group / "evaluations.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
            (group / "log.jsonl").write_text("".join(json.dumps(r) + "\n" for r in log))
            iteration = 20 if complete else 10
            (group / "progress.json").write_text(
                json.dumps({"iteration": iteration, "seconds": 3.0, "frechet_test": 1.0})
            )
            index = {"file": "x", "sha256": "x", "iteration": iteration, "seeds": alive, "seconds": 3.0}
            index |= {"diverged": {str(s): 10 for kk, s in diverged if kk == k}, "complete": complete}
            (group / "checkpoint.json").write_text(json.dumps(index))
            Image.new("L", (20, 20)).save(group / "samples" / "00000010.png")
        return overgan.load(tmp_path)

    return make


def test_the_page_says_what_was_found(make_study):
    page = page_of(make_study())
    assert "<p>No recommendation yet; it takes longer runs, train.iterations=100 at least: 20 are too few" in page
    assert "Of what there is, k = 8: mean test classifier Fréchet distance 14.5, the best so far" in page
    assert "<li>The feature spaces classifier and pixels agree on k = 8.</li>" in page
    assert "try wider" in page
    assert "Mean test classifier Fréchet distance goes from 52 at k = 2 to 14.5 at k = 8." in page
    assert "goes from 0.5 at k = 2 to 0.12 at k = 8 for the generator, as k^-1" in page  # 1/8, rounded to even
    assert "goes from 1 at k = 2 to 0.25 at k = 8 for the critic, as k^-1" in page
    assert "0 of 9 runs diverged." in page
    assert "A row for each seed, the same latents at every evaluation and every width.\n" in page
    assert "overgan run by-hand.yaml" in page
    assert "classifies 50.0 % of the held-out images right" in page
    for cell in ("13.5 ± 1", "14.5 ± 1", "27 ± 2", "28 ± 2", "800", "80"):  # k = 8
        assert f"<td>{cell}</td>" in page


def test_the_page_opens_offline(make_study):
    page = page_of(make_study())
    ours = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)  # those of every page
    assert not re.search(r"(?:src|href)=[\"']?(?:https?:)?//", ours)
    assert ours.count("data:image/png;base64,") == 3


def test_figures_hold_the_mean_and_range_over_seeds(make_study):
    plots = {plot.name: plot for plot in report_content(make_study()).plots}
    assert set(plots) == {
        "frechet-classifier",
        "frechet-classifier-over-iterations",
        "frechet-pixels",
        "frechet-pixels-over-iterations",
        "gap",
        "wasserstein",
        "iterations-to-target",
        "distance-from-initialization",
    }
    train, test = plots["frechet-classifier"].panels[0].series
    assert train.x == WIDTHS
    np.testing.assert_allclose(train.y, [51, 26, 13.5])
    np.testing.assert_allclose(train.low, [50, 25, 12.5])
    np.testing.assert_allclose(train.high, [52, 27, 14.5])
    np.testing.assert_allclose(test.y, [52, 27, 14.5])
    assert [s.name for s in plots["frechet-pixels-over-iterations"].panels[0].series] == ["k = 2", "k = 4", "k = 8"]
    narrow, *_ = plots["wasserstein"].panels[0].series
    assert (narrow.name, narrow.x) == ("k = 2", [10, 20])
    np.testing.assert_allclose(narrow.y, [13, 23])  # the median of 12, 13 and 14, and of ten more
    generator, _, critic, _ = plots["distance-from-initialization"].panels[0].series
    np.testing.assert_allclose(generator.y, [1 / 2, 1 / 4, 1 / 8])
    np.testing.assert_allclose(critic.y, [1, 1 / 2, 1 / 4])


def with_gaps(study, gap, error=1.0, draws=10):
    """The study with a difference test − train at its last iteration: gap(k) in every run."""
    for k in WIDTHS:
        path = study.group(k) / "evaluations.jsonl"
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        measured = {"frechet_gap": gap(k), "frechet_gap_error": error, "frechet_gap_draws": draws}
        path.write_text("".join(json.dumps(r | (measured if r["iteration"] == 20 else {})) + "\n" for r in rows))
    return study


def test_test_is_said_to_be_above_or_below_train_only_beyond_what_the_draw_explains(make_study):
    # three widths together: Student's quantile of 10 degrees of freedom at 1 − 0.05/6 is 2.87
    study = with_gaps(make_study(), {2: -2.9, 4: 2.8, 8: 2.9}.get)
    assert {k: gap.verdict for k, gap in study.gaps().items()} == {2: "below", 4: "unclear", 8: "above"}
    page = page_of(study)
    assert "Test classifier Fréchet distance is above train at k = 8, by +2.9 standard errors" in page
    assert "Test classifier Fréchet distance is below train at k = 2, by -2.9 standard errors" in page
    assert "Test classifier Fréchet distance differs from train by +2.8 standard errors at k = 4" in page
    assert "<th>classifier Fréchet distance, test − train</th>" in page
    assert "<td>2.9 ± 1</td>" in page


def test_fewer_draws_say_less_and_none_say_nothing(make_study):
    study = with_gaps(make_study(), lambda k: 2.9 * k, error=1.0, draws=2)
    # Student's quantile of 2 degrees of freedom there is 7.6
    assert {k: gap.verdict for k, gap in study.gaps().items()} == {2: "unclear", 4: "above", 8: "above"}
    page = page_of(with_gaps(study, lambda _: 1.0))
    assert "differs from train by +1 standard errors at every width" in page
    for k in WIDTHS:  # a study of before
        path = study.group(k) / "evaluations.jsonl"
        path.write_text(re.sub(r', "frechet_gap.*?}', "}", path.read_text()))
    page = page_of(study)
    assert "It takes the error over draws of the real images (<code>overgan evaluate --study" in page
    assert "test − train</th>" not in page


def test_the_page_says_what_is_compared(make_study):
    study = make_study()
    assert "Every distance compares 9 generated images with as many training images" in page_of(study)
    path = without_checksums(study.folder) / "study.json"
    path.write_text(path.read_text().replace('"reference": "equal"', '"reference": "all"'))
    page = page_of(study)
    assert (
        "The Fréchet distance compares 10,000 generated images with all 20 training images (9 in classifier features)"
        in page
    )
    assert "and all 9 held-out images. It is larger for a set of fewer images" in page


def test_the_page_says_of_how_many_images_other_features_are(make_study):
    study = make_study()
    path = study.group(2) / "later.jsonl"
    row = {"seed": 0, "iteration": 20, "features": "inception", "frechet_train": 3.0, "frechet_test": 4.0}

    def method(**numbers):
        path.write_text(json.dumps(row | numbers) + "\n")
        return _method(study)[0]

    assert method(features="random-0").endswith("compares with a published one: those are in Inception's features.")
    assert method().startswith("Every distance compares 9 generated images with")  # of an older version
    text = method(compared=5, generated=7)
    assert "In classifier and pixels features every distance compares 9 generated images with as many" in text
    assert (
        "In inception features the Fréchet distance compares 7 generated images with all 20 training images and" in text
    )
    assert "all other metrics are of 5 images on every side. The classifier features have" in text
    assert text.endswith("Only FID in inception features compares with a published one, of as many images.")


def test_every_figure_of_a_scaled_study_says_so(make_study):
    study = make_study(scale=0.01)
    assert all("(at 0.01 of full scale)" in plot.title for plot in report_content(study).plots)
    assert "Run at 0.01 of full scale" in page_of(study)


def test_diverged_and_unfinished_runs_are_counted_and_left_out(make_study):
    study = make_study(diverged={(2, 0), (2, 1), (4, 2)}, unfinished={8})
    page = overgan.write_report(study.folder).read_text()
    counts = "they count in the recommendation and the claims, and are in no mean."
    assert f"3 of 9 runs diverged: 2 at k = 2, 1 at k = 4; {counts}" in page
    assert "Not finished yet: k = 8." in page
    assert "About 75% of the work is done." in page  # 3 s of each, and 3 s are left
    assert "1 of 3 runs finished, 2 diverged" in page
    assert "A row for each seed that had not diverged.\n" in page
    assert study.recommend().width == 4


def test_a_study_without_results_has_a_page_too(make_study):
    study = make_study(unfinished=set(WIDTHS), features=("classifier",))
    page = overgan.write_report(study.folder).read_text()
    assert "No run has finished yet." in page
    assert "Not finished yet: k = 2, 4, 8." in page
    assert "About 50% of the work is done." in page
    for path in study.folder.glob("k*/*.jsonl"):
        path.unlink()
    assert "No run has finished yet." in overgan.write_report(study.folder).read_text()
    with pytest.raises(OverganError, match="no width has a finished run"):
        study.recommend()
    with pytest.raises(OverganError, match=r"no width can be recommended \(.*\); name one with width"):
        study.write_samples()


@pytest.fixture
def described(monkeypatch):
    """Figures are not drawn, which takes most of a report's time: each file says what it would show."""

    def drawn(plot):
        return dict.fromkeys(("png", "pdf", "svg"), repr(plot).encode())

    monkeypatch.setattr("overgan.report._files.to_images", drawn)


def test_a_page_alone_for_a_study_that_is_running(make_study, described):
    study = make_study(unfinished={8})
    page = page_of(study, refresh=60)
    assert '<meta http-equiv="refresh" content="60">' in page
    assert "The study is running" in page
    assert not (study.folder / "figures").exists()
    page = overgan.write_report(study.folder).read_text()
    assert 'http-equiv="refresh"' not in page
    assert "The study is running" not in page
    assert (study.folder / "figures").is_dir()


def draw_neighbours(study, width, *pictures):
    """A picture of one grey at each path, and its data URL by path."""
    urls = {}
    for picture in pictures:
        path = study.folder / f"k{width:04d}" / "neighbours" / picture
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"{width} {picture}".encode())
        urls[picture] = data_url(path.read_bytes())
    return urls


@pytest.mark.parametrize(
    ("widths", "narrow", "wide"),
    [
        ([4, 8, 64, 128, 256], 8, 128),  # the paper's Fig. 10
        ([4, 16, 128, 256], 4, 256),
        ([4, 8, 64], 4, 64),
        ([2, 4, 8], 2, 8),
        ([128, 256], 128, 256),
        ([16], 16, 16),
    ],
)
def test_neighbours_are_shown_at_the_papers_widths_where_they_are_trained(make_study, widths, narrow, wide):
    study = make_study(widths=widths)
    for width in widths:
        draw_neighbours(study, width, "seed-0/pixels.png")
    captions = [caption for caption, _ in report_content(study).neighbours]
    assert captions == [f"k = {width}, seed 0, nearest by pixels" for width in sorted({narrow, wide})]


def test_neighbours_of_the_other_seeds_are_shown_on_request(make_study):
    study = make_study()
    urls = draw_neighbours(study, 8, *(f"seed-{s}/{space}.png" for s in (1, 2) for space in ("classifier", "pixels")))
    assert report_content(study).neighbours == [  # seed 0 may have diverged
        ("k = 8, seed 1, nearest by classifier", urls["seed-1/classifier.png"]),
        ("k = 8, seed 1, nearest by pixels", urls["seed-1/pixels.png"]),
    ]
    page = page_of(study)
    before, details = page.split("<details><summary>The other seeds</summary>")
    inside, after = details.split("</details>", 1)
    assert {name for name, url in urls.items() if url in before} == {"seed-1/classifier.png", "seed-1/pixels.png"}
    assert {name for name, url in urls.items() if url in inside} == {"seed-2/classifier.png", "seed-2/pixels.png"}
    assert not any(url in after for url in urls.values())


def test_neighbours_of_older_studies_are_those_of_their_first_seed(make_study):
    study = make_study()
    urls = draw_neighbours(study, 2, "pixels.png")
    content = report_content(study)
    assert content.neighbours == [("k = 2, nearest by pixels", urls["pixels.png"])]
    assert content.more_neighbours == []


def test_neighbours_are_those_of_runs_that_reached_the_last_iteration(make_study):
    """Those of a run that was trained longer, and diverged or is on its way, are of its old last iteration."""
    study = make_study(diverged={(8, 0)}, unfinished={2})
    for width in WIDTHS:
        draw_neighbours(study, width, "pixels.png", *(f"seed-{seed}/pixels.png" for seed in SEEDS))
    content = report_content(study)
    assert [caption for caption, _ in content.neighbours] == [
        "k = 4, seed 0, nearest by pixels",
        "k = 8, seed 1, nearest by pixels",
    ]
    others = ["k = 4, seed 1", "k = 4, seed 2", "k = 8, seed 2"]
    assert [caption for caption, _ in content.more_neighbours] == [f"{of}, nearest by pixels" for of in others]


def test_the_distance_from_initialization_is_that_of_the_last_iteration(make_study):
    plots = {plot.name: plot for plot in report_content(make_study(unfinished={4})).plots}
    generator, _ = plots["distance-from-initialization"].panels[0].series  # no line through two widths
    assert generator.x == [2, 8]


def test_a_narrowed_study_has_these_widths_alone(make_study):
    study = make_study()
    narrowed = study.narrowed([4, 2, 4])
    assert (study.shown, narrowed.shown) == ("", "2 of 3 widths: k = 2, 4")
    assert narrowed.frame().equals(study.frame()[study.frame().k < 8].reset_index(drop=True))
    assert narrowed.recommend().width == 4  # 27 against 52
    assert [group.width for group in narrowed.status()] == [2, 4]
    assert study.recommend().width == 8
    assert narrowed.narrowed([2]).shown == "1 of 3 widths: k = 2"
    assert study.narrowed(WIDTHS).shown == ""
    for widths, message in (
        ([2, 3, 5], r"widths: .* has no k = 3, 5; it has 2, 4, 8"),
        ([], "widths is empty; it must be some of 2, 4, 8"),
    ):
        with pytest.raises(OverganError, match=message):
            study.narrowed(widths)
    with pytest.raises(OverganError, match="has no k = 8; it has 2, 4"):
        narrowed.narrowed([8])


def test_the_report_of_some_widths_is_beside_that_of_all(make_study, described):
    folder = make_study().folder
    overgan.write_report(folder)
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    path = overgan.write_report(folder, [8, 2])
    assert path == folder / "report-k2-k8.html"
    assert {p: p.read_bytes() for p in before} == before
    names = {p.name for p in (folder / "figures").iterdir()}
    assert {p.name for p in (folder / "figures-k2-k8").iterdir()} == names
    page = path.read_text()
    assert "Shown: 2 of 3 widths: k = 2, 8. What is said here is of these alone." in page
    assert "the folder\nfigures-k2-k8 beside this page has them as images" in page
    assert "Shown: " not in (folder / "report.html").read_text()
    assert re.findall(r"<tr><td>(\d+)</td>", page) == ["2", "8"]
    assert "Mean test classifier Fréchet distance goes from 52 at k = 2 to 14.5 at k = 8." in page
    assert page.count('src="data:image/png;base64,') == 2
    assert "k = 4" not in page
    assert "widths:\n- 2\n- 4\n- 8\n" in page  # what its command runs
    assert "Classifier Fréchet distance against width (2 of 3 widths)".lower() in page.lower()
    assert overgan.write_report(folder, WIDTHS, figures=False) == folder / "report.html"
    assert "beside this page" not in (folder / "report.html").read_text()


def test_the_figures_are_beside_the_page_and_the_same_whenever_they_are_drawn(make_study):
    study = make_study()
    overgan.write_report(study.folder)
    files = {p.name: p.read_bytes() for p in (study.folder / "figures").iterdir()}
    plots = report_content(study).plots
    assert set(files) == {f"{plot.name}.{kind}" for plot in plots for kind in ("png", "pdf", "svg")}
    for kind, image in to_images(plots[0]).items():
        assert files[f"{plots[0].name}.{kind}"] == image
    assert files[f"{plots[0].name}.pdf"].startswith(b"%PDF")
    assert b"<svg" in files[f"{plots[0].name}.svg"]


def test_the_recommended_width_is_marked(make_study):
    study = make_study()
    plots = {plot.name: plot for plot in report_content(study).plots}
    assert plots["frechet-pixels"].mark is None  # it does not decide
    found = study.recommend()
    assert plots["frechet-classifier"].mark == (None if found.missing else found.width)


@pytest.mark.parametrize("missing", [(), ("longer runs",)])
def test_no_width_is_marked_before_one_is_recommended(missing, make_study, monkeypatch):
    study = make_study()
    found = replace(study.recommend(), missing=missing)
    monkeypatch.setattr(type(study), "recommend", lambda *_, **__: found)
    plots = {plot.name: plot for plot in report_content(study).plots}
    assert plots["frechet-classifier"].mark == (None if missing else found.width)
    assert ("recommended=None" in repr(found)) == bool(missing)


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([2.3, 81], ["5", "10", "20", "50"]),
        ([0.03, 4], ["0.05", "0.1", "0.2", "0.5", "1", "2"]),
        ([800, 30_000], ["1,000", "2,000", "5,000", "10,000", "20,000"]),
        ([1e-6, 1], ["10⁻⁶", "10⁻⁵", "10⁻⁴", "0.001", "0.01", "0.1", "1"]),
        ([2.1, 4.8], ["2", "3", "4", "5"]),
        ([2.1e-6, 4.8e-6], ["2 × 10⁻⁶", "3 × 10⁻⁶", "4 × 10⁻⁶", "5 × 10⁻⁶"]),  # as `number` writes them
        ([3.0, 3.0], None),
        ([1.0, 1.0], None),  # a power of ten, such as the limit of certificates without a finite excess
        ([0.0, float("nan")], []),
    ],
)
def test_logarithmic_axes_have_plain_numbers(values, labels):
    curve = Series("runs", [1, 2], values, values, values, "#ff0000")
    plot = Plot("name", "", "iteration", "distance", [Panel([curve])], y_log=True)
    found = [json.loads(text) for text in re.findall(r'"ticktext":(\[[^]]*\])', to_html(plot))]
    assert labels is None or found == ([labels] if labels else [])  # without positive values the axis is linear
    assert to_images(plot)["png"].startswith(b"\x89PNG")


def test_a_page_that_cannot_be_written(make_study):
    study = make_study()
    (study.folder / "report.html").mkdir()
    with pytest.raises(OverganError, match=r"report\.html cannot be written"):
        page_of(study)


def test_a_curve_of_one_point_is_a_point():
    plot = Plot("name", "", "cost", "distance", [Panel([Series("one", [5], [2.0], [2.0], [2.0], "#ff0000")])], "log")
    image = np.asarray(Image.open(io.BytesIO(to_images(plot, ["png"])["png"])).convert("RGB")).astype(int)
    red = (image[..., 0] > 200) & (image[..., 1:].max(2) < 80)
    assert red[:, : red.shape[1] * 3 // 4].any()  # left of the key


def test_a_plot_is_drawn_by_both_renderers():
    curve = Series("runs", [1, 1_234_567], [2.0, 1.0], [1.5, 0.5], [2.5, 1.5], "#ff0000")
    plot = Plot("name", "The title", "width k", "distance", [Panel([curve])], x="widths", y_log=True)
    image = np.asarray(Image.open(io.BytesIO(to_images(plot)["png"])).convert("RGB")).astype(int)
    assert image.shape == (675, 1050, 3)
    red = (image[..., 0] > 200) & (image[..., 1:].max(2) < 80)
    assert red.any()  # the curve
    assert 'id="name"' in to_html(plot)
    assert '"x":[1.0,1234567.0]' in to_html(plot)


def test_pictures_that_are_links_to_elsewhere_are_left_out(make_study, tmp_path, tmp_path_factory):
    study, outside = make_study(), tmp_path_factory.mktemp("outside")
    plain = page_of(study)
    (outside / "secret").write_text("root:x:0:0")
    (outside / "samples").mkdir()
    (outside / "samples" / "99999999.png").write_text("root:x:0:0")
    (study.group(2) / "samples" / "99999999.png").symlink_to(outside / "secret")
    (study.group(8) / "samples" / "99999999.png").mkdir()
    os.mkfifo(study.group(8) / "samples" / "99999998.png")  # reading it would wait for ever
    shutil.rmtree(study.group(4) / "samples")
    (study.group(4) / "samples").symlink_to(outside / "samples")
    for width in study.spec.widths:
        of_seed = study.group(width) / "neighbours" / "seed-0"
        of_seed.mkdir(parents=True)
        (of_seed / "pixels.png").symlink_to(outside / "secret")
    page = page_of(study, trust=True)
    assert base64.b64encode(b"root:x:0:0").decode() not in page
    assert plain.count("data:image/png") == page.count("data:image/png") + 1  # that of k = 4, whose folder is a link


def test_a_study_that_is_reached_by_a_link_has_its_pictures(make_study, tmp_path_factory):
    link = tmp_path_factory.mktemp("links") / "study"
    study = make_study()
    link.symlink_to(study.folder)
    grid = base64.b64encode((study.group(2) / "samples" / "00000010.png").read_bytes()).decode()
    assert overgan.write_report(link, figures=False).read_text().count(grid) == len(WIDTHS)
