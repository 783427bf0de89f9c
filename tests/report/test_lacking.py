"""A study that is not whole has a page that says what is missing; expected by hand."""

import io
import json
import math
import re

import numpy as np
import pytest
from PIL import Image

import overgan
from overgan.pictures import data_url
from overgan.report import report_content
from overgan.report._answer import answer, lacking
from overgan.report._samples import MOST_BYTES, samples
from tests.racing import write_study
from tests.report.test_report import make_study as make_study

INF = math.inf


def page_of(study):
    page = overgan.write_report(study.folder, figures=False).read_text()
    notice = re.search(r'aria-label="What is missing">(.*?)</div>', page, flags=re.DOTALL)
    assert not re.search(r"\b(?:nan|inf|NaN|Infinity)\b", re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL))
    return page, re.findall("<p>(.*?)</p>", notice[1]) if notice else []


def test_nothing_is_missing_of_a_whole_study(tmp_path):
    _, missing = page_of(write_study(tmp_path, {4: [9.0, 9.1, 9.2], 8: [5.0, 5.1, 5.2]}))
    assert missing == []


def test_diverged_runs_are_counted_where_they_are(tmp_path):
    study = write_study(tmp_path, {4: [INF, INF, INF], 8: [5.0, INF, 5.2], 16: [5.0, 5.1, 5.2]})
    _, missing = page_of(study)
    assert missing == ["Runs diverged at k = 4 (3 of 3) and k = 8 (1 of 3)."]


def test_half_a_study_says_which_widths_are_missing_and_shows_the_rest(tmp_path):
    study = write_study(tmp_path, {4: [9.0] * 3, 8: [5.0] * 3, 16: [4.0] * 3}, unfinished=[8, 16])
    page, missing = page_of(study)
    assert missing[0] == "Not finished yet: k = 8, 16."
    assert len(missing) == 2
    assert page.count("Not finished yet") == 1  # and not among the findings again
    assert 'id="frechet-pixels"' in page


def test_one_width_and_one_seed_say_what_they_cannot(make_study, monkeypatch):
    monkeypatch.setattr("tests.report.test_report.SEEDS", [0])
    page, missing = page_of(make_study(widths=[4]))
    assert missing == [
        "There is one width alone, so nothing is said of how anything goes with the width.",
        "There is one seed a width, so nothing is known of how much seeds differ.",
    ]
    assert page.count("This study supports it") == 0


def test_before_anything_is_measured_there_is_a_page(make_study):
    study = make_study(unfinished={2, 4, 8})
    for path in study.folder.glob("k*/*.jsonl"):
        path.unlink()
    page, missing = page_of(study)
    assert missing[0] == "Not finished yet: k = 2, 4, 8."
    assert ">None yet</p>" in page


def test_a_metric_that_was_not_measured_is_asked_for(make_study):
    page, _ = page_of(make_study())
    card = re.search(r'id="claim-memorization">(.*?)</article>', page, flags=re.DOTALL)[1]
    assert "Cannot tell" in card
    assert "What would tell:" in card


def test_the_answer_is_the_recommendation_or_that_there_is_none(tmp_path, monkeypatch):
    study = write_study(tmp_path, {4: [9.0, 9.1, 9.2], 8: [5.0, 5.1, 5.2], 16: [5.0, 5.05, 5.1]})
    found = study.recommend()
    assert not found.missing
    assert answer(study).text == f"k = {found.width}"
    assert answer(study).note == f"95% interval: {found.interval[0]} to {found.interval[1]}".replace(
        f"{found.width} to {found.width}", f"{found.width} alone"
    )
    for widths in ([4, 8], [8, 16]):  # the best is 8, then 16, and 8 within 5% of it
        few = study.narrowed(widths)
        assert (answer(few).text, answer(few).note) == ("None yet", "of what there is: k = 8")
        assert lacking(few) == []


def picture(random, pixels, columns=10):
    image = Image.fromarray(random.integers(256, size=(pixels, columns * pixels, 3), dtype=np.uint8))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def test_small_pictures_are_all_there_as_they_are():
    random = np.random.default_rng(0)
    files = {k: {10 * i: picture(random, 4) for i in (3, 1, 2)} for k in (2, 4)}
    found = samples(files)
    assert (found.iterations, found.evaluations) == ([10, 20, 30], 3)
    assert [dict(grid.pictures) for grid in found.grids] == [
        {i: data_url(of[i]) for i in (10, 20, 30)} for of in files.values()
    ]
    assert found.grids[0].frames == [(10, data_url(files[2][10])), (20, data_url(files[2][20])), (30, None)]


def test_of_many_pictures_evenly_spaced_ones_are_shown():
    found = samples({2: dict.fromkeys(range(0, 1000, 10), picture(np.random.default_rng(0), 4))})
    assert found.evaluations == 100
    assert (len(found.iterations), found.iterations[0], found.iterations[-1]) == (40, 0, 990)
    assert set(np.diff(found.iterations)) <= {20, 30}


def test_large_pictures_are_made_smaller_until_there_is_room():
    random = np.random.default_rng(0)
    png = picture(random, 120)  # noise is the worst
    found = samples({k: dict.fromkeys(range(100, 2100, 100), png) for k in (2, 4)})
    size = sum(len(url) for grid in found.grids for url in grid.pictures.values()) * 3 / 4
    assert size < MOST_BYTES
    assert {found.iterations[0], found.iterations[-1]} == {100, 2000}
    assert found.grids[0].newest.startswith("data:image/webp")
    assert len(found.grids[0].pictures) > MOST_BYTES // (2 * len(png))


def test_a_width_that_is_behind_has_its_newest_picture():
    png = picture(np.random.default_rng(0), 4)
    found = samples({2: dict.fromkeys(range(1, 101), png), 4: {1: png, 2: png}, 8: {}})
    assert [grid.width for grid in found.grids] == [2, 4]
    assert list(found.grids[1].pictures) == [1, 2]


@pytest.mark.parametrize("content", [b"no picture", b"\x89PNG\r\n\x1a\n damaged"])
def test_a_picture_that_cannot_be_read_is_passed_on(content):
    (grid,) = samples({2: {1: content * 300_000, 2: content}}).grids
    assert grid.newest == data_url(content)


def test_the_content_has_the_samples_of_every_width(make_study):
    found = report_content(make_study()).samples
    assert [grid.width for grid in found.grids] == [2, 4, 8]
    assert found.iterations == [10]
    assert found.grids[0].size == (20, 20)


def test_neighbours_for_which_there_is_no_room_are_counted(make_study, monkeypatch):
    study = make_study()
    for seed in (0, 1, 2):
        folder = study.group(8) / "neighbours" / f"seed-{seed}"
        folder.mkdir(parents=True)
        (folder / "pixels.png").write_bytes(json.dumps(seed).encode() * 60)
    monkeypatch.setattr("overgan.report.pages._gan_neighbours.IN_ALL", 150)
    content = report_content(study)
    assert (len(content.neighbours), len(content.more_neighbours), content.neighbours_left_out) == (1, 1, 1)
    assert "1 more, for which this page has no room" in page_of(study)[0]
