"""What a study will take, planned before it runs."""

import heapq
import json
import math
import sys
from collections import Counter, deque
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st
from typer.testing import CliRunner

import overgan
from overgan.cli import app, main
from overgan.disk import write_tensors
from overgan.errors import OverganError
from overgan.models import ModelConfig
from overgan.pictures import image_grid, image_png
from overgan.study import KINDS, load_spec, study_seconds
from overgan.training import Replicas, TrainConfig, checkpoint_bytes
from tests.conftest import check_disk

REFERENCE = Path(__file__).parents[2] / "docs/reference.md"
COIN = {"name": "coin", "kind": "tests.extension.kind:COIN", "widths": [1, 2, 4], "seeds": [0, 1, 2, 3]}


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def planned(seconds, *arguments, **settings):
    """The plan of a study whose groups take so many seconds each, the narrowest first."""
    spec = COIN | {"widths": list(range(1, len(seconds) + 1))}
    measured = dict(enumerate(seconds, 1))
    with patch("overgan.study._plan.group_seconds", lambda _spec, **_: measured):
        return overgan.plan(spec, *arguments, **settings)


def simulated(seconds, machines, cores, threads):
    """When all groups are done, found event by event: who has cores to spare takes the longest group that is left."""
    waiting, spare, running, now = deque(sorted(seconds)), Counter(), [], 0.0
    spare.update(dict.fromkeys(range(machines), cores))
    while waiting or running:
        for machine in range(machines):
            while waiting and spare[machine] >= threads:
                spare[machine] -= threads
                heapq.heappush(running, (now + waiting.pop(), machine))
        now, machine = heapq.heappop(running)
        spare[machine] += threads
    return now


work = st.lists(st.integers(1, 1000), min_size=1, max_size=40)


@given(work, st.integers(1, 1000), st.integers(1, 64), st.data())
@settings(max_examples=40)
def test_a_plan_ends_when_a_simulation_event_by_event_does(seconds, machines, cores, data):
    threads = data.draw(st.integers(1, cores))
    plan = planned(seconds, f"{machines}x{cores}", threads=threads)
    at_once = cores // threads
    assert plan.seconds == simulated(seconds, machines, cores, threads)
    assert plan.seconds >= max(plan.longest, sum(seconds) / (machines * at_once))
    assert plan.longest == max(seconds)
    assert plan.core_hours == pytest.approx(sum(seconds) * threads / 3600)
    assert [g.width for g in plan.groups] == sorted(range(1, len(seconds) + 1), key=lambda k: (seconds[k - 1], k))[::-1]
    for group in plan.groups:  # no machine has more groups than it has cores for, at any start
        beside = [g for g in plan.groups if g.machine == group.machine and g.start <= group.start < g.end]
        assert len(beside) <= at_once
        assert 1 <= group.machine <= plan.used <= machines
        assert group.seconds == seconds[group.width - 1]


@given(work, st.integers(1, 8))
@settings(max_examples=30)
def test_fewer_machines_than_are_enough_take_longer_and_more_take_as_long(seconds, cores):
    enough = planned(seconds, f"1x{cores}").enough
    assert simulated(seconds, enough, cores, 1) == max(seconds)
    assert enough == 1 or simulated(seconds, enough - 1, cores, 1) > max(seconds)
    assert simulated(seconds, 1000, cores, 1) == max(seconds)


def test_faster_cores_and_a_price_are_reckoned_with():
    plan = planned([3600.0, 7200.0], "2x4", threads=2, speed=2.0, per_core_hour="0.012 kWh")
    assert plan.seconds == 3600
    assert plan.core_hours == pytest.approx((1800 + 3600) * 2 / 3600)
    assert plan.cost == pytest.approx(0.012 * plan.core_hours)
    assert plan.price.unit == "kWh"
    assert plan.held_core_hours == 4  # both groups fit on the first machine
    assert planned([1.0]).cost is None


def test_the_times_are_those_of_the_kind_and_every_scale_has_its_own():
    plan = overgan.plan(COIN, "3x1", ["tosses=1000"])
    assert [group.seconds for group in plan.groups] == pytest.approx([1e-6 * 1000 * 4] * 3)
    assert len(plan.scales) == 1  # its tosses are given, so no scale changes anything
    scales = overgan.plan(COIN, 1, scale=10.0).scales
    assert [of.scale for of in scales] == pytest.approx([10, 1, 0.1, 0.01])
    assert [of.core_hours * 3600 for of in scales] == pytest.approx([3 * 4e-6 * n for n in (1000, 100, 10, 1)])


def test_what_was_measured_is_measured_again_only_if_that_is_asked_for(tmp_path, monkeypatch):
    said = []
    first = overgan.plan(COIN, progress=said.append)
    assert said.pop(0) == "timing coin"
    said.clear()
    assert overgan.plan(COIN | {"name": "other", "tolerance": 0.2}, progress=said.append).seconds == first.seconds
    assert not said
    overgan.plan(COIN, progress=said.append, measure=True)
    assert said == ["timing coin"]
    (tmp_path / "cache/overgan/paces.json").write_text('{"a": 3')  # damaged: it is measured again
    assert overgan.plan(COIN, progress=said.append).seconds == first.seconds
    monkeypatch.setattr("overgan.study._cost.write_json", lambda *_: (_ for _ in ()).throw(OSError("full")))
    assert overgan.plan(COIN | {"seeds": [7]}, progress=said.append).seconds < first.seconds


@pytest.mark.slow
def test_a_study_is_timed_iteration_by_iteration(small_spec):
    spec = load_spec(small_spec)
    plan = overgan.plan(small_spec, "1x1")
    assert [group.width for group in plan.groups] == sorted(
        spec.widths, key=lambda k: next(g.seconds for g in plan.groups if g.width == k), reverse=True
    )
    assert 0 < plan.longest < plan.seconds
    assert plan.seconds == pytest.approx(sum(group.seconds for group in plan.groups))
    assert study_seconds(spec, 1) == pytest.approx(plan.seconds)
    longer = overgan.plan(small_spec, "1x1", ["train.iterations=600", "train.evaluate_every=200"])  # not timed again
    evaluations = overgan.plan(small_spec, "1x1", ["train.evaluate_every=10"])  # six in place of three
    per_iteration = (longer.seconds - plan.seconds) / 540
    assert evaluations.seconds - plan.seconds == pytest.approx(plan.seconds - 60 * per_iteration)


def test_a_group_that_trains_longer_or_samples_more_takes_as_much_longer(small_spec):
    spec = load_spec(small_spec, ["evaluate.final_metrics=[nnd]", "evaluate.nnd.iterations=50"])
    assert KINDS["gan"].cost.times(spec, 1) == {
        "iteration": 60,
        "sample": 3 * 100,
        "Fréchet distance": 3,
        "iteration of nnd": 50 + spec.evaluate.nnd.evaluation_batches / 2,
    }
    many = load_spec(small_spec, ["evaluate.samples=1000", "train.evaluate_every=25"])
    assert KINDS["gan"].cost.times(many, 1)["sample"] == 3 * 360  # the digits have 360 held-out images


def test_runs_of_a_theory_study_are_done_as_many_at_once_as_there_are_threads():
    spec = load_spec("two-moons", ["seeds=[0,1,2,3,4]"])
    assert [KINDS["shallow"].cost.times(spec, threads)["run"] for threads in (1, 2, 3, 8)] == [5, 3, 2, 1]


@pytest.mark.slow
def test_a_real_study_needs_no_more_of_the_disk_than_was_planned(small_study):
    study = overgan.load(small_study / "study")
    sizes, storage = check_disk(study), overgan.plan(small_study / "small.yaml").storage
    assert storage == KINDS["gan"].cost.storage(study.spec)
    assert sizes["pictures"] > storage["pictures"] / 10
    of_one = sizes["checkpoints"] / len(list(study.folder.glob("k*/*.safetensors")))
    assert 2 * 3 * of_one <= storage["checkpoints"] < 2.5 * 3 * of_one  # two of each of three groups
    assert sum(path.stat().st_size for path in study.folder.glob("**/*")) <= sum(storage.values())


@pytest.mark.parametrize(("model", "dither"), [("dcgan", False), ("resnet", True)])
def test_a_checkpoint_is_as_large_as_planned(model, dither, tmp_path):
    config = ModelConfig(name=model, latent=8)
    replicas = Replicas(config, TrainConfig(batch=2, critic_steps=1), 4, (16, 16, 1), [0, 1, 2], dither=dither)
    replicas.iterate(torch.zeros(4, 16, 16, 1, dtype=torch.uint8))
    write_tensors(tmp_path / "checkpoint", replicas.tensors())
    planned = checkpoint_bytes(config, 4, (16, 16, 1), 3, dither=dither)
    assert planned / 1.3 < (tmp_path / "checkpoint").stat().st_size <= planned


def test_pictures_of_noise_are_no_larger_than_planned():
    from overgan.study.gan._disk import _grid

    noise = np.random.default_rng(0).integers(256, size=(3, 10, 32, 32, 3), dtype=np.uint8)
    assert len(image_png(image_grid(noise))) <= _grid((32, 32, 3), 3)


@pytest.mark.parametrize(
    ("changes", "scale", "lacking"),
    [
        ([], 1.0, None),
        (["seeds=[0,1]"], 1.0, "at least three seeds, such as seeds=[0,1,2]"),
        (["widths=[4,8]"], 1.0, "at least three widths"),
        ([], 0.05, "longer runs, train.iterations=100 at least: 50 are too few"),
        (["train.schedule=constant", "train.evaluate_every=500"], 1.0, "three evaluations, such as by"),
        (["evaluate.samples=100"], 1.0, "small differences between 100 on each side of a comparison are chance"),
        (
            ["evaluate.features=[pixels]", "evaluate.metrics=[frechet,frechet_population]", "evaluate.samples=100"],
            1.0,
            "frechet_population in pixels features needs at least",
        ),
    ],
)
def test_a_plan_says_what_a_recommendation_will_lack(changes, scale, lacking):
    spec = load_spec("quickstart", changes, scale)
    plan = planned_as_it_is(spec)
    found = "; ".join(plan.scales[0].lacks)
    assert lacking in found if lacking else not found


def planned_as_it_is(spec):
    with patch("overgan.study._plan.group_seconds", lambda of, **_: dict.fromkeys(of.widths, 1.0)):
        return overgan.plan(spec)


def test_a_share_that_no_number_of_runs_at_hand_could_show_is_said_beforehand():
    (lack,) = planned_as_it_is(load_spec("two-moons")).scales[0].lacks
    needed = math.ceil(math.log(0.05) / math.log(0.95))  # runs without a failure: 0.95ⁿ ≤ 5 %
    assert lack.startswith(f"{needed} seeds, none of which fails,")
    enough = load_spec("two-moons", [f"seeds={list(range(needed))}"])
    assert not planned_as_it_is(enough).scales[0].lacks


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--machines", "0"], "--machines is 0; it must be from 1 to 1,000, or with x and the cores of each"),
        (["--machines", "1001"], "--machines is 1001; it must be from 1 to 1,000"),
        (["--machines", "4xx"], "--machines is 4xx; it must be from 1 to 1,000"),
        (["--machines", "4x0"], "--machines is 4x0; it must be from 1 to 1,000"),
        (["--machines", ""], "--machines is ; it must be from 1 to 1,000"),
        (["--machines", "2x4", "--threads", "5"], "--threads is 5; it must be from 1 to 4, the cores of a machine"),
        (["--threads", "0"], "--threads is 0; it must be from 1 to"),
        (["--speed", "nan"], "--speed is nan; it must be above 0"),
        (["--speed", "0"], "--speed is 0.0; it must be above 0"),
        (["--per-core-hour", "nonsense"], "--per-core-hour is nonsense; it must be a number and its unit, such as"),
        (["--per-core-hour", "0.04"], "--per-core-hour is 0.04; it must be a number and its unit"),
        (["--per-core-hour", "-1USD"], "--per-core-hour is -1USD; it must be a number and its unit"),
        (["--scale", "0"], "--scale is 0.0; it must be from above 0"),
        (["--set", "train.batch=0"], "train.batch"),
    ],
)
def test_a_mistake_is_one_line(words, message, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["overgan", "plan", "quickstart", *words])
    monkeypatch.setattr("overgan.study._plan.group_seconds", None)  # nothing is timed
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line


def test_a_width_that_cannot_be_timed_is_one_line(small_spec):
    with pytest.raises(OverganError, match="widths is 100000000, which needs at least"):
        overgan.plan(small_spec, overrides=["widths=[100000000]"])


def test_images_that_are_not_there_are_one_line():
    with pytest.raises(OverganError, match=r"data\.root"):
        overgan.plan("quickstart", overrides=["data.name=folder", "data.root=nowhere"])


@pytest.fixture
def output(tmp_path):
    def called(*words):
        (tmp_path / "coin.yaml").write_text(json.dumps(COIN))
        measured = {1: 3600.0, 2: 1800.0, 4: 7200.0}
        with patch("overgan.study._plan.group_seconds", lambda _spec, **_: measured):
            result = CliRunner().invoke(app, ["plan", f"{tmp_path}/coin.yaml", *words], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    return called


def test_the_command_says_time_order_work_and_cost(output):
    lines = [" ".join(line.split()) for line in output("--machines", "2x1", "--per-core-hour", "0.04USD").splitlines()]
    assert lines[0] == "coin: a coin, 100 tosses, 3 widths (k = 1, 2, 4) × 4 seeds"
    assert "machines 2 × 1 cores, 1 group at once on each, on paper" in lines
    assert "enough 2 such machines; with more, nothing is done sooner" in lines
    assert "work 3.5 core-hours; 2 machines held until all is done: 4" in lines
    assert "cost 0.14 USD for the work, at 0.04 USD a core-hour" in lines
    first = lines.index("4 2 h 0 min 1 at once after 2 h 0 min")
    assert lines[first + 1 : first + 3] == [
        "1 1 h 0 min 2 at once after 1 h 0 min",
        "2 30 min 0 s 2 after 1 h 0 min after 1 h 30 min",
    ]


def test_a_name_is_no_markup_while_it_is_timed(output):
    assert output("--time", "--set", "name='a [/] b'").startswith("a [/] b: a coin")


def test_json_has_the_keys_that_the_reference_lists(output):
    found = json.loads(output("--machines", "2x1", "--per-core-hour", "0.04USD", "--json"))
    page = REFERENCE.read_text(encoding="utf-8")
    row = next(line for line in page.splitlines() if line.startswith("| `plan` |"))
    assert all(f"`{key}`" in row for key in found)
    assert found["seconds"] == 7200
    assert found["cost"] == {"amount": pytest.approx(0.14), "unit": "USD", "per_core_hour": 0.04}
    assert [group["k"] for group in found["groups"]] == [4, 1, 2]
    assert json.loads(output("--json"))["cost"] is None
