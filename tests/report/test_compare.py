"""Several studies on one page: what compares, what does not, and which differences are larger than seeds explain."""

import json
import math
import re

import numpy as np
import pytest
from typer.testing import CliRunner

import overgan
from overgan.cli import app
from overgan.errors import OverganError
from overgan.report.pages._compared import figures
from overgan.study.analysis import differences
from tests.export.by_hand import theory_study
from tests.racing import write_study

FIRST = {2: [50.0, 51.0, 52.0], 4: [20.0, 21.0, 22.0], 8: [10.0, 10.1, 10.2]}
SECOND = {4: [20.5, 21.5, 21.0], 8: [5.0, 5.1, 5.2], 16: [4.0, 4.1, 4.2]}


def changed(study, **changes):
    """The study with other values in study.json, by keys such as spec__train__loss."""
    for name in ("study.json", "study-copy.json"):
        path = study.folder / name
        content = {key: value for key, value in json.loads(path.read_text()).items() if key != "checksum"}
        for keys, value in changes.items():
            *sections, key = keys.split("__")
            section = content
            for of in sections:
                section = section[of]
            section[key] = value
        path.write_text(json.dumps(content))
    return study


@pytest.fixture
def two(tmp_path):
    """Two studies, of two losses."""
    first, second = write_study(tmp_path / "a", FIRST), write_study(tmp_path / "b", SECOND)
    changed(second, spec__train__loss="hinge")
    return [first.folder, second.folder]


def compared(folders, **settings):
    return overgan.compare(folders, None, **settings)


def text_of(page):
    """What a reader sees, roughly: no scripts, no tags."""
    body = re.sub(r"<(script|style)[^>]*>.*?</\1>", "", page.read_text(), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def test_differences_are_of_the_widths_that_both_have(two):
    found = compared(two).gans
    assert [(of.first, of.second, of.k, of.runs) for of in found.differences] == [
        ("a", "b", 4, (3, 3)),
        ("a", "b", 8, (3, 3)),
    ]
    studies = {name: {k: np.array(of) for k, of in runs.items()} for name, runs in (("a", FIRST), ("b", SECOND))}
    truth = differences(studies, [(("a", k), ("b", k)) for k in (4, 8)])
    assert [of.difference for of in found.differences] == truth
    assert [of.difference.different for of in found.differences] == [False, True]


def test_a_sentence_says_which_are_larger(two):
    found = compared(two)
    assert found.summary == (
        "1 of 2 differences of mean test distances is larger than seeds explain, with 95% confidence in all of them "
        "together: a and b at k = 8."
    )
    assert compared(two, confidence=0.9).gans.confidence == 0.9


def test_what_differs_in_the_specs_is_said(two):
    found = compared(two).gans
    assert found.obstacles == ()
    assert found.settings == {"train.loss": {"a": "wgan-gp", "b": "hinge"}}


def test_recommended_widths_are_of_the_widths_that_all_have(two):
    (found,) = compared(two).gans.recommended
    assert found.widths == (4, 8)
    assert {name: of.width for name, of in found.by_study.items()} == {"a": 8, "b": 8}
    assert not found.different("a", "b")


def test_recommended_widths_that_are_less_sure_than_asked_for_say_so(two):
    (said,) = (of for of in compared(two, confidence=0.999).gans.obstacles if "sure together" in of)
    assert said.startswith("The recommended widths in pixels features are 99.8% sure together, not 99.9%")
    assert not any("sure together" in of for of in compared(two, confidence=0.998).gans.obstacles)


def test_recommended_widths_that_differ_are_found(tmp_path):
    rising = {k: [v, v * 1.01, v * 1.02, v * 0.99] for k, v in ((2, 10.0), (4, 20.0), (8, 40.0))}
    falling = {k: [v, v * 1.01, v * 1.02, v * 0.99] for k, v in ((2, 40.0), (4, 20.0), (8, 10.0))}
    folders = [write_study(tmp_path / "a", rising).folder, write_study(tmp_path / "b", falling).folder]
    (found,) = compared(folders).gans.recommended
    assert found.different("a", "b")


OTHER_IMAGES = {"data__fingerprint": "bad", "data__name": "faces"}


@pytest.mark.parametrize(
    ("changes", "obstacle"),
    [
        (OTHER_IMAGES, "They have other images: a digits (SHA-256 f00); b faces (SHA-256 bad)."),
        ({"features__pixels__dimension": 65}, "The networks of pixels features are not the same (a; b)"),
        ({"data__compared": 200}, "They compare other numbers of images: a 300 with as many; b 200 with as many."),
    ],
)
def test_distances_that_do_not_compare_share_no_axis(two, changes, obstacle):
    changed(overgan.load(two[1]), **changes)
    found = compared(two)
    assert any(said.startswith(obstacle) for said in found.gans.obstacles), found.gans.obstacles
    assert [axis.names for axis in found.gans.axes] == [("a",), ("b",)]
    assert not found.gans.differences
    assert not found.gans.recommended
    assert "No difference is tested" in found.summary
    for plot in figures(found):
        assert {series.name for panel in plot.panels for series in panel.series} & {"a", "b"} != {"a", "b"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"spec__scale": 0.5}, "Not all were run at full scale: a at 1; b at 0.5."),
        ({"spec__evaluate__features": ["random"]}, "pixels features are not measured in b."),
    ],
)
def test_what_else_is_not_the_same_is_said(two, changes, said):
    changed(overgan.load(two[1]), **changes)
    assert said in compared(two).gans.obstacles


def test_other_lengths_are_said_and_compared(tmp_path):
    first, second = write_study(tmp_path / "a", FIRST), write_study(tmp_path / "b", SECOND, iterations=800)
    for group in second.folder.glob("k*"):
        for name in ("checkpoint.json", "progress.json"):
            content = json.loads((group / name).read_text())
            (group / name).write_text(json.dumps(content | {"iteration": 800}))
    found = compared([first.folder, second.folder]).gans
    assert len(found.differences) == 2
    assert found.obstacles[0].startswith("They are trained a for 1,000 iterations; b for 800 iterations: ")


def test_plots_have_a_curve_for_each_study_and_a_panel_for_each_side(two):
    width, iterations = figures(compared(two))
    assert [[series.name for series in panel.series] for panel in width.panels] == [["a", "b"], ["a", "b"]]
    assert [panel.title for panel in width.panels] == ["held-out images", "training images"]
    assert [panel.title for panel in iterations.panels] == ["a", "b"]
    color = {}
    for panel in iterations.panels:
        for series in panel.series:
            assert color.setdefault(series.name, series.color) == series.color


@pytest.mark.parametrize(("count", "ordered"), [(8, False), (6, True)])
def test_every_study_has_a_colour_of_its_own_and_ordered_ones_from_dark_to_light(tmp_path, count, ordered):
    folders = [write_study(tmp_path / f"s{i}", {2: [1.0]}).folder for i in range(count)]
    plot, _ = figures(compared(folders), ordered=ordered)
    colors = [series.color for series in plot.panels[0].series]
    assert len(set(colors)) == count
    greens = [int(color[3:5], 16) for color in colors]  # most of what is seen as light
    assert ordered <= (greens == sorted(greens))


def test_the_page_has_all_of_it(two, tmp_path):
    changed(overgan.load(two[1]), spec__scale=0.5)
    found = overgan.compare(two, tmp_path / "page.html")
    assert found.page == tmp_path / "page.html"
    text = text_of(found.page)
    for said in (
        "a and b",
        "1 of 2",
        "What does not compare",
        "Which differences are larger than seeds explain",
        "Recommended widths",
        "The paper's claims",
        "train.loss wgan-gp hinge",
        "Run at 0.5 of full scale",
        "overgan run by-hand.yaml",
        "The plots are drawn by a script, which this browser does not run.",
    ):
        assert said in text.replace("&#39;", "'"), said
    assert "nan" not in text.lower().split()


def test_claims_stand_side_by_side(two, tmp_path):
    found = overgan.compare(two, tmp_path / "page.html")
    assert set(found.claims) == {"a", "b"}
    assert "Balanced widths of both networks are best. cannot tell cannot tell" in text_of(found.page)


@pytest.mark.parametrize(
    ("first", "second", "tested"),
    [
        ({2: [1.0], 4: [2.0]}, {2: [1.5], 4: [2.5]}, 0),
        ({2: [1.0, 2.0]}, {2: [math.inf, math.inf]}, 0),
        ({2: [1.0, 2.0, math.inf]}, {2: [1.0, 1.5, 2.0]}, 1),
        ({2: [1.0, 2.0]}, {4: [1.0, 2.0]}, 0),
        ({2: [math.inf] * 3, 4: [1.0, 2.0]}, {2: [math.inf] * 3, 4: [1.0, 3.0]}, 1),
    ],
)
def test_studies_that_lack_things_have_a_page(tmp_path, first, second, tested):
    folders = [write_study(tmp_path / name, of).folder for name, of in (("a", first), ("b", second))]
    found = overgan.compare(folders, tmp_path / "page.html")
    known = [of for of in found.gans.differences if not math.isnan(of.difference.low)]
    assert len(known) == tested
    text = text_of(found.page)
    assert "nan" not in text.lower().split()


def test_half_finished_studies_are_compared_where_they_are(tmp_path):
    folders = [write_study(tmp_path / name, FIRST, unfinished=(8,)).folder for name in "ab"]
    found = compared(folders)
    assert [of.k for of in found.gans.differences] == [2, 4]


def test_three_studies_have_three_pairs(tmp_path):
    folders = [write_study(tmp_path / name, FIRST).folder for name in "abc"]
    found = compared(folders).gans
    assert len(found.differences) == 9
    assert {(of.first, of.second) for of in found.differences} == {("a", "b"), ("a", "c"), ("b", "c")}


def test_of_simulated_studies_without_a_difference_few_have_one(tmp_path):
    """Over pairs and widths, from files to the verdict: in 40 families of three studies at most five are wrong.

    Five of 40 or fewer has a probability of 98.6 % if each is wrong with 5 %.
    """
    random, wrong = np.random.default_rng(0), 0
    for _ in range(40):
        studies = {i: {k: 100 / k * (1 + 0.05 * random.standard_normal(4)) for k in (2, 4, 8)} for i in range(3)}
        pairs = [((i, k), (j, k)) for i in range(3) for j in range(i) for k in (2, 4, 8)]
        wrong += any(of.different for of in differences(studies, pairs))
    assert wrong <= 5


def test_studies_of_one_name_are_called_by_their_folders(tmp_path):
    for name in ("x/one", "y/one"):
        write_study(tmp_path / name, FIRST)
    folders = [tmp_path / "x/one", tmp_path / "y/one"]
    assert set(compared(folders).studies) == {str(folder) for folder in folders}


def test_what_is_wrong_is_one_line(tmp_path, two):
    with pytest.raises(OverganError, match="at least two"):
        overgan.compare(two[:1], None)
    with pytest.raises(OverganError, match="at least two"):
        overgan.compare(str(two[0]), None)
    with pytest.raises(OverganError, match="named twice"):
        overgan.compare([two[0], two[1], f"{two[1]}/../a"], None)
    with pytest.raises(OverganError, match=r"is missing|no study|does not exist"):
        overgan.compare([two[0], tmp_path], None)
    waiting = write_study(tmp_path / "waiting", FIRST, unfinished=tuple(FIRST))
    with pytest.raises(OverganError, match="waiting has no finished run yet"):
        overgan.compare([two[0], waiting.folder], None)
    with pytest.raises(OverganError, match="confidence"):
        overgan.compare(two, None, confidence=1.0)
    with pytest.raises(OverganError, match="cannot be written"):
        overgan.compare(two, two[0])
    for name in ("study.json", "study-copy.json"):
        (two[0] / name).write_text("{")
    with pytest.raises(OverganError, match=r"study\.json"):
        overgan.compare(two, None)


@pytest.fixture
def theory(tmp_path):
    """Two small studies of the theory's shallow GAN."""
    for name in ("s", "t"):
        theory_study(tmp_path / name)
    return tmp_path


def test_studies_of_the_theory_have_their_curves_side_by_side(theory, tmp_path):
    found = overgan.compare([theory / "s", theory / "t"], tmp_path / "page.html")
    assert found.gans is None
    plots = figures(found)
    assert plots
    assert all(any(panel.title.startswith("s") for panel in plot.panels) for plot in plots)
    assert all(any(panel.title.startswith("t") for panel in plot.panels) for plot in plots)
    assert "Not tested" in text_of(found.page)
    assert text_of(found.page).count("4 of 4 runs") == 2


def test_of_theory_studies_without_a_finished_width_the_finished_runs_count(theory, tmp_path):
    for path in theory.glob("*/k*/runs.jsonl"):
        path.write_text("".join(line for line in path.read_text().splitlines(True) if '"seed": 0' in line))
    found = overgan.compare([theory / "s", theory / "t"], tmp_path / "page.html")
    assert text_of(found.page).count("2 of 4 runs") == 2
    said = CliRunner().invoke(app, ["status", str(theory / "s")], catch_exceptions=False).output
    assert "2 of 4 runs finished, 0 diverged" in said


def test_curves_of_the_theory_have_one_key_and_what_differs_is_said_over_the_panels(theory):
    changed(overgan.load(theory / "s"), spec__widths=[4], spec__tol=0.05)  # in its own plots 4 has the first colour
    changed(overgan.load(theory / "t"), spec__scale=0.5, spec__tol=0.01)  # and here 2
    plots = {plot.name: plot for plot in figures(compared([theory / "s", theory / "t"]))}
    for plot in plots.values():
        key = {(series.name, series.color) for panel in plot.panels for series in panel.series}
        assert len(key) == len({name for name, _ in key}) == len({color for _, color in key})
    residuals, converged = plots["residuals"], plots["converged"]
    assert residuals.title == "Residual over the steps"
    assert [panel.title for panel in residuals.panels] == ["s: GDA", "t: GDA (at 0.5 of full scale)"]
    assert converged.y_label == "fraction with a residual of at most …"
    assert [panel.title for panel in converged.panels] == ["s (… 0.05 ‖r₀‖)", "t (at 0.5 of full scale) (… 0.01 ‖r₀‖)"]


def test_studies_of_two_kinds_have_no_number_in_common(theory, two):
    with pytest.raises(OverganError, match=r"of the kind gan and .* of the kind shallow: they"):
        overgan.compare([two[0], theory / "s"], None)


def test_a_study_and_its_copy_are_said_to_be_the_same_runs(tmp_path):
    studies = [write_study(tmp_path / name, of).folder for name, of in (("a", FIRST), ("b", FIRST), ("c", SECOND))]
    said = [sentence for sentence in compared(studies).gans.obstacles if "digit for digit" in sentence]
    assert said == [
        "a and b have the same distances in every run, digit for digit, as a study and its copy have: that they agree "
        "says nothing."
    ]


def test_studies_whose_shared_runs_all_diverged_are_no_copies(tmp_path):
    lost = {2: [math.inf] * 3}
    studies = [write_study(tmp_path / name, lost | of).folder for name, of in (("a", {4: [1.0]}), ("b", {8: [2.0]}))]
    assert not any("digit for digit" in sentence for sentence in compared(studies).gans.obstacles)


def test_the_page_of_theory_studies_speaks_of_no_images(theory, tmp_path):
    page = overgan.compare([theory / "s", theory / "t"], tmp_path / "page.html").page
    assert "of the same images" not in text_of(page)
