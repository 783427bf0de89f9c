"""The claims tangent and game of studies whose truth is known, and of those that lack something."""

import numpy as np
import pytest

from overgan.disk import write_table
from overgan.report import report_content
from tests.claiming import claim_of
from tests.racing import ITERATIONS, write_study

WIDTHS = (2, 4, 8, 16, 32)
INF = float("inf")


def write_measured(folder, numbers, seeds=4, widths=WIDTHS, iteration=ITERATIONS, **settings):
    """A study whose networks are measured. numbers: of a width, and a generator of random numbers, a row's."""
    random = np.random.default_rng(0)
    study = write_study(folder, {k: [1 + 1 / k] * seeds for k in widths}, **settings)
    for k in widths:
        rows = [
            {"seed": seed, "iteration": iteration, "features": "networks"} | numbers(k, random) for seed in range(seeds)
        ]
        write_table(study.group(k) / "later.jsonl", rows)
    return study


def tangent_of(scale, power, spread=0.05):
    return lambda k, random: {
        "tangent_kernel_change": scale * k**power * float(np.exp(spread * random.standard_normal()))
    }


def rotating(power, bump=-0.5):
    return lambda k, random: {
        "game_imaginary_share": 0.5 * k**power * float(random.uniform(0.9, 1.1)),
        "path_angle_step": 0.05,
        "path_angle_bump": 0.05 * k**bump * float(random.uniform(0.9, 1.1)),
    }


@pytest.mark.parametrize(
    ("scale", "power", "verdict", "says"),
    [
        (1.0, -0.5, "supports", "or faster, as here"),
        (1.0, -0.4, "supports", "or faster, as here"),  # nearer to −½ than to 0, as of the weights, however sure
        (1.0, -0.1, "contradicts", "In lazy training it would fall about as k^-0.5"),
        (30.0, -0.6, "contradicts", "Even at k = 32 it has changed by more than its own size"),
        (1.0, 0.0, "contradicts", "In lazy training"),
    ],
)
def test_the_tangent_kernel_is_judged_by_its_exponent_and_by_the_widest_width(tmp_path, scale, power, verdict, says):
    claim = claim_of(write_measured(tmp_path / "study", tangent_of(scale, power)), "tangent")
    assert claim.verdict == verdict
    exponent, widest = claim.numbers
    assert exponent.low < power < exponent.high
    assert widest.low < scale * 32**power < widest.high
    assert says in claim.because
    assert claim.rests_on == "20 runs, 5 widths"
    assert claim.figures == ("tangent-kernel",)


def test_a_change_as_large_as_the_kernel_or_a_bent_course_is_not_told(tmp_path):
    near = claim_of(write_measured(tmp_path / "near", tangent_of(32**0.5, -0.5, 0.3)), "tangent")
    assert (near.verdict, near.needed != "") == ("cannot tell", True)
    bent = write_measured(tmp_path / "bent", lambda k, _: {"tangent_kernel_change": 0.1 + 0.5 * (k in (2, 32))})
    assert claim_of(bent, "tangent").verdict == "cannot tell"


@pytest.mark.parametrize(
    ("share", "bump", "verdict"),
    [(-0.5, -0.5, "supports"), (0.2, 0.2, "contradicts"), (0.0, 0.0, "cannot tell"), (-0.5, 0.5, "cannot tell")],
)
def test_the_game_is_judged_by_the_order_of_its_shares(tmp_path, share, bump, verdict):
    claim = claim_of(write_measured(tmp_path / "study", rotating(share, bump)), "game")
    assert claim.verdict == verdict
    assert bool(claim.needed) == (verdict == "cannot tell")
    assert len(claim.numbers) == 2
    assert claim.figures == ("game-rotation", "path-angle")


def test_a_game_that_never_rotates_is_not_told(tmp_path):
    claim = claim_of(write_measured(tmp_path / "study", lambda *_: {"game_imaginary_share": 0.0}), "game")
    assert (claim.verdict, claim.numbers) == ("cannot tell", ())
    assert "stays at 0 from k = 2 to k = 32" in claim.because


@pytest.mark.parametrize(("name", "metric"), [("tangent", "tangent_kernel"), ("game", "game")])
def test_what_was_not_measured_says_how_to(tmp_path, name, metric):
    study = write_study(tmp_path / "study", {k: [1.0] * 3 for k in WIDTHS})
    claim = claim_of(study, name)
    assert claim.verdict == "cannot tell"
    assert "is measured on request, and that is not done yet" in claim.because
    assert claim.needed == f"Measure it: `overgan evaluate --study {study.place} --metrics {metric}`."


@pytest.mark.parametrize("name", ["tangent", "game"])
def test_studies_that_lack_runs_say_so(tmp_path, name):
    def both(k, random):
        return tangent_of(1, -0.5)(k, random) | rotating(-0.5)(k, random)

    one = claim_of(write_measured(tmp_path / "one", both, widths=(4,)), name)
    assert (one.verdict, one.needed) == ("cannot tell", "Finished runs of three widths or more.")
    assert "runs of k = 4 have come to an end" in one.because
    waiting = claim_of(write_measured(tmp_path / "waiting", both, unfinished=WIDTHS, iteration=800), name)
    assert "no run has come to an end" in waiting.because
    diverged = claim_of(write_study(tmp_path / "diverged", {2: [INF] * 3, 4: [INF] * 3}), name)
    assert (diverged.verdict, diverged.needed) == ("cannot tell", one.needed)  # there is nothing to measure
    seed = claim_of(write_measured(tmp_path / "seed", both, seeds=1), name)
    assert not any(np.isinf(value) for n in seed.numbers for value in (n.value, n.low, n.high))


def test_the_page_has_their_columns_and_plots(tmp_path):
    def all_of_them(k, random):
        return tangent_of(1, -0.5)(k, random) | rotating(-0.5)(k, random) | {"game_real": 3.0, "game_imaginary": 1.0}

    content = report_content(write_measured(tmp_path / "study", all_of_them))
    assert {"tangent-kernel", "game-rotation", "path-angle"} <= {plot.name for plot in content.plots}
    headings = [heading for heading, _ in content.table[0]]
    assert [heading for heading in headings if "game" in heading or "path" in heading or "kernel" in heading] == [
        "change of the tangent kernel",
        "game: largest real part",
        "game: largest imaginary part",
        "game: imaginary share",
        "path-angle: step",
        "path-angle: bump",
    ]
    bare = report_content(write_measured(tmp_path / "bare", lambda *_: {"game_real": 3.0}))
    assert not {"tangent-kernel", "game-rotation", "path-angle"} & {plot.name for plot in bare.plots}


def test_a_folder_within_the_current_one_is_named_from_there(tmp_path, monkeypatch):
    study = write_study(tmp_path / "my runs/one", {k: [1.0] * 3 for k in WIDTHS})
    monkeypatch.chdir(tmp_path)
    assert study.measuring("game", "kernel") == "`overgan evaluate --study 'my runs/one' --metrics game,kernel`"
