"""Studies of several learning rates: each width is judged at the best of its own."""

import shutil

import numpy as np
import pandas as pd
import pytest
import torch
from typer.testing import CliRunner

import overgan
from overgan.cli import app
from overgan.disk import read_table
from overgan.errors import OverganError
from overgan.study.gan._rates import best_rates, rates_beyond
from overgan.training import stream
from tests.study.test_runner import HERE

pytestmark = pytest.mark.slow
RATES, RULES = [1e-3, 4e-3, 16e-3], ["constant", "mup"]
SPEC = {
    "name": "rates",
    "data": {"name": "digits"},
    "model": {"name": "mlp", "latent": 4, "depth": 1},
    "widths": [4, 8],
    "seeds": [0, 1],
    "train": {"iterations": 24, "batch": 8, "critic_steps": 1, "log_every": 12, "evaluate_every": 12, "average": 0.5}
    | {"learning_rates": RATES, "learning_rate_rules": RULES, "base_width": 4},
    "evaluate": {"features": ["pixels"], "samples": 50, "final_metrics": ["memorization"]},
}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return overgan.run(SPEC, tmp_path_factory.mktemp("rates") / "study", threads=1, **HERE)


def best(frame, width, rule, column="frechet_train"):
    """By hand."""
    of = frame[(frame.k == width) & (frame.learning_rate_rule == rule) & (frame.iteration == 24)]
    return of.groupby("learning_rate")[column].mean().idxmin()


def test_the_frame_has_every_run(study):
    frame = study.frame()
    runs = frame[frame.iteration == 24][["k", "learning_rate_rule", "learning_rate", "seed"]]
    expected = [(k, rule, rate, seed) for k in (4, 8) for rule in RULES for rate in RATES for seed in (0, 1)]
    assert list(runs.itertuples(index=False, name=None)) == expected
    assert set(study.losses().learning_rate) == set(RATES)
    assert frame.frechet_test_unaveraged.notna().all()


@pytest.mark.parametrize("rule", [None, "mup"])
@pytest.mark.parametrize("averaged", [True, False])
def test_a_width_is_judged_at_its_best_on_training_images(study, rule, averaged):
    frame, name = study.frame(), rule or "constant"
    ending = "" if averaged else "_unaveraged"
    rates = {k: best(frame, k, name, f"frechet_train{ending}") for k in (4, 8)}
    assert study.best_rates(rule=rule, averaged=averaged) == rates
    final = study.final(rule=rule, averaged=averaged)
    assert list(final[["k", "learning_rate", "seed"]].itertuples(index=False, name=None)) == [
        (k, rates[k], seed) for k in (4, 8) for seed in (0, 1)
    ]
    found = study.recommend(rule=rule, averaged=averaged)
    chosen = {k: final[final.k == k][f"frechet_test{ending}"].to_numpy() for k in (4, 8)}
    assert (found.width, found.value) == (overgan.recommend(chosen).width, chosen[found.width].mean())
    assert found.learning_rate == rates[found.width]
    assert f"k = {found.width} at learning rate {rates[found.width]:g}" in str(found)


def test_the_headline_says_how_widths_are_judged(study):
    judged = (
        "Each width is judged at the best of its learning rates, chosen on the training images' distance (by the rule "
        "constant)"
    )
    assert judged in study.headlines()[1:]


def test_status_counts_runs_and_names_the_best_rate(study):
    for group in study.status():
        final = study.final()
        assert group.value == pytest.approx(final.frechet_test[final.k == group.width].mean())
        assert group.learning_rate == study.best_rates()[group.width]
        assert group.result.endswith(f"at learning rate {group.learning_rate:g}")


def test_progress_that_is_lost_is_made_again_with_the_best_rate(study, caplog):
    expected = study.status()
    (study.group(4) / "progress.json").unlink()
    assert study.status() == expected
    caplog.clear()


def test_pictures_are_of_the_best_runs(study):
    assert [p.name for p in sorted((study.group(4) / "neighbours").iterdir())] == ["seed-0", "seed-1"]
    (grid, *_) = study.pictures(4, "samples").values()
    assert grid[:4] == b"\x89PNG"
    height = int.from_bytes(grid[20:24])
    assert height == 2 * 9 + 1  # a row of 8 pixels and a line for each seed


@pytest.mark.parametrize(
    "steps", [{}, {"learning_rate": 1e-3}, {"rule": "mup"}, {"learning_rate": 4e-3, "rule": "mup"}]
)
def test_images_are_of_the_average_of_the_run_that_is_asked_for(study, steps):
    rule = steps.get("rule", "constant")
    rate = steps.get("learning_rate", study.best_rates(rule=rule)[8])
    images = study.sample(8, 1, 5, **steps)
    z = torch.randn(64, 4, generator=stream(1, "evaluation"))[:5]
    with torch.no_grad():
        values = study.generator(8, 1, learning_rate=rate, rule=rule)(z)
    expected = ((values.movedim(1, -1) + 1) * 127.5).round().byte().numpy()
    assert np.abs(images.astype(int) - expected.astype(int)).max() <= 1  # plain layers round otherwise
    assert not np.array_equal(images, study.sample(8, 1, 5, learning_rate=16e-3 if rate != 16e-3 else 1e-3, rule=rule))


def test_what_is_measured_later_is_of_every_run(study):
    before = study.frame()
    rows = study.evaluate(["kernel"])
    assert len(rows) == 24
    after = study.frame()
    assert len(after) == len(before)
    assert after[after.iteration == 24].kernel_test.notna().all()
    keys = [
        (row["seed"], row["learning_rate_rule"], row["learning_rate"])
        for row in read_table(study.group(4) / "later.jsonl")
    ]
    assert len(set(keys)) == 12


def test_the_table_of_what_is_measured_later_is_of_the_best_runs(study):
    rows = study.at_best(study.evaluate(["kernel"]))
    done = CliRunner().invoke(app, ["evaluate", "--study", str(study.folder), "--metrics", "kernel"])
    assert done.exit_code == 0
    cells = [line.split() for line in done.output.splitlines() if "±" in line]
    for (k, of), line in zip(rows.groupby("k"), cells, strict=False):
        at = line.index("±")
        assert line[at - 3 : at] == [str(k), "2", f"{of.kernel_train.mean():.3g}"]
    assert "over the runs, of each width's best learning rate by the rule constant" in done.output


def test_what_to_do_where_all_runs_diverged(tmp_path):
    study = overgan.run(SPEC, tmp_path / "study", ["train.learning_rates=[1e29,1e30]"], threads=1, **HERE)
    with pytest.raises(
        OverganError, match=r"all runs by the rule constant diverged; lower train\.learning_rates, in another folder"
    ):
        study.recommend()
    with pytest.raises(OverganError, match=r"no weights of seed 0 at learning rate .*, constant; its runs diverged"):
        study.sample(4)


def test_the_report_is_written(study):
    assert "learning rate" in overgan.write_report(study.folder, figures=False).read_text()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: s.sample(8, 0, 1, learning_rate=0.5), "one that was tried: 0.001, 0.004 and 0.016"),
        (lambda s: s.sample(8, 0, 1, rule="inverse"), "one of constant, mup"),
        (lambda s: s.sample(8, 7, 1), "no weights of seed 7 at learning rate .*; it has those of \\[0, 1\\]"),
        (lambda s: s.recommend(rule="inverse"), "one of constant, mup"),
        (lambda s: s.final(rule="inverse"), "one of constant, mup"),
        (lambda s: s.best_rates(rule="inverse"), "one of constant, mup"),
    ],
)
def test_runs_that_there_are_not(study, call, message):
    with pytest.raises(OverganError, match=message):
        call(study)


@pytest.mark.parametrize("call", ["recommend", "final", "last", "best_rates"])
def test_averages_that_there_are_not(small_study, call):
    with pytest.raises(OverganError, match="has no averages"):
        getattr(overgan.load(small_study / "study"), call)(averaged=False)


@pytest.mark.parametrize("averaged", [True, False])
def test_before_the_first_evaluation_no_width_is_recommended(study, tmp_path, averaged):
    shutil.copy(study.folder / "study.json", tmp_path)
    with pytest.raises(OverganError, match="no width has a finished run yet"):
        overgan.load(tmp_path).recommend(averaged=averaged)


def test_a_rule_by_which_all_runs_diverged_is_named(study, monkeypatch):
    frame = study.frame()
    monkeypatch.setattr(study, "frame", lambda: frame[frame.learning_rate_rule == "constant"])
    assert study.recommend().width in (4, 8)
    with pytest.raises(OverganError, match="all runs by the rule mup diverged; lower"):
        study.recommend(rule="mup")


def test_what_is_measured_later_of_averages_says_nothing_of_the_last_weights(study, tmp_path):
    shutil.copytree(study.folder, tmp_path / "study")
    other = overgan.load(tmp_path / "study")
    other.evaluate(["frechet"], features=["random"], samples=20)
    assert other.recommend(features="random-0").quantity == "test random-0 Fréchet distance"
    with pytest.raises(OverganError, match="no run's last weights are measured in random-0 features, but in pixels"):
        other.recommend(features="random-0", averaged=False)


def test_a_study_goes_on_only_with_the_same_rates(study):
    with pytest.raises(OverganError, match="learning_rates"):
        overgan.run(SPEC, study.folder, ["train.learning_rates=[1e-3]"], threads=1, **HERE)


def test_another_loss_is_named_before_what_it_brings(study):
    with pytest.raises(OverganError, match=r"with train\.loss=wgan-gp, now it is relativistic"):
        overgan.run(SPEC, study.folder, ["train.loss=relativistic"], threads=1, **HERE)


def frame_of(values):
    """A row for each run; values: (k, rate) -> distances."""
    rows = [
        {"k": k, "learning_rate": rate, "learning_rate_rule": "constant", "iteration": 9, "features": "pixels"}
        | {"seed": seed, "frechet_train": value}
        for (k, rate), of in values.items()
        for seed, value in enumerate(of)
    ]
    return pd.DataFrame(rows)


def test_a_rate_with_which_a_run_diverged_is_not_the_best():
    frame = frame_of({(2, 1e-3): [5, 6], (2, 2e-3): [1], (4, 1e-3): [5, 6], (4, 2e-3): [3, 3]})
    assert best_rates(frame, "pixels", "constant") == {2: 1e-3, 4: 2e-3}
    assert best_rates(frame, "pixels", "mup") == {}


def test_the_newest_evaluation_of_each_width_counts():
    old = frame_of({(2, 1e-3): [1], (2, 2e-3): [2]}).assign(iteration=3)
    assert best_rates(pd.concat([old, frame_of({(2, 1e-3): [5], (2, 2e-3): [3]})]), "pixels", "constant") == {2: 2e-3}


def test_the_best_may_lie_beyond_the_rates_that_were_tried():
    frame = frame_of(
        {(2, 1): [5], (2, 2): [10], (4, 1): [10], (4, 2): [10.4], (8, 1): [10], (8, 2): [5], (16, 1): [9], (16, 2): [6]}
    )
    best = best_rates(frame, "pixels", "constant")
    assert rates_beyond(frame, best, [1, 2], [2, 4, 8, 16], 0.05, "frechet_train") == (
        "learning rates below 1: at k = 2 the distance still falls towards them",
        "learning rates above 2: at k = 8 and 16 the distance still falls towards them",
    )
    assert rates_beyond(frame, best, [1, 2], [4], 0.05, "frechet_train") == ()


def test_a_rate_at_which_all_runs_diverged_was_tried_too():
    """At k = 2 the best lies between, at k = 4 all of its neighbour's runs diverged."""
    frame = frame_of({(2, 1): [9], (2, 2): [5], (4, 1): [5], (4, 4): [9]})
    assert rates_beyond(frame, {2: 2, 4: 1}, [1, 2, 4], [2, 4, 8], 0.05, "frechet_train") == (
        "learning rates below 1: at k = 4 the distance still falls towards them",
    )
