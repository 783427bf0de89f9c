"""Runs of one study in several folders, made one."""

import json
import shutil

import pandas as pd
import pytest

import overgan
from overgan.disk import write_table
from overgan.errors import OverganError
from overgan.study import write_description
from tests.export import by_hand
from tests.export.by_hand import WIDTHS, gan_study, go_to, theory_study
from tests.racing import begun, write_study
from tests.study.test_runner import HERE


def part(study, folder, widths, seeds):
    """The study in a folder with some of its runs alone."""
    shutil.copytree(study.folder, folder)
    spec = study.spec.model_copy(update={"widths": widths, "seeds": seeds})
    write_description(folder, study.description.model_copy(update={"spec": spec}))
    return folder


@pytest.fixture
def spec():
    """Small, with digits, that trains in a second."""
    return {
        "name": "apart",
        "data": {"name": "digits"},
        "model": {"name": "mlp", "latent": 5},
        "widths": [2, 4],
        "seeds": [0, 1, 2],
        "train": {"iterations": 4, "evaluate_every": 2, "log_every": 2, "batch": 8},
        "evaluate": {"features": ["pixels"], "draws": 0, "samples": 20},
    }


def run(spec, folder, **changes):
    return overgan.run(spec | changes, folder, **HERE, threads=1)


def sorted_rows(frame):
    columns = ["k", "seed", *(["learning_rate"] if "learning_rate" in frame else []), "iteration"]
    return frame.sort_values(columns).reset_index(drop=True)


@pytest.mark.slow
@pytest.mark.parametrize("train", [{}, {"learning_rates": [1e-3, 1e-2]}])
def test_parts_that_were_trained_apart_are_the_study_that_was_trained_at_once(spec, train, tmp_path):
    """Up to rounding: a run's numbers do not depend on those beside it."""
    spec["train"] |= train
    whole = run(spec, tmp_path / "whole")
    parts = [
        run(spec, tmp_path / "first", seeds=[0, 1]).folder,
        run(spec, tmp_path / "more", seeds=[2]).folder,
    ]
    merged = overgan.merge(parts, tmp_path / "merged")
    assert (merged.spec.widths, merged.spec.seeds, merged.spec.fewer_seeds) == ([2, 4], [0, 1, 2], None)
    for theirs, ours in ((whole.frame(), merged.frame()), (whole.losses(), merged.losses())):
        pd.testing.assert_frame_equal(sorted_rows(ours), sorted_rows(theirs), rtol=1e-3)
    assert merged.recommend().width == whole.recommend().width
    assert all(merged.group_status(k).complete for k in WIDTHS)
    assert [merged.group_status(k).finished for k in WIDTHS] == [whole.group_status(k).finished for k in WIDTHS]


@pytest.mark.slow
def test_a_width_may_have_fewer_seeds_and_what_was_measured_later_comes_along(spec, tmp_path):
    narrow, wide = run(spec, tmp_path / "narrow"), run(spec, tmp_path / "wide", widths=[8], seeds=[0, 1])
    for study in (narrow, wide):
        study.evaluate(["memorization"])
    merged = overgan.merge([narrow.folder, wide.folder], tmp_path / "merged")
    assert merged.spec.fewer_seeds == {8: 2}
    assert [len(merged.seeds(k)) for k in (2, 4, 8)] == [3, 3, 2]
    frame = merged.frame()
    assert frame[frame.k == 8].nearer_train.notna().sum() == 2
    expected = pd.concat([narrow.frame(), wide.frame()], ignore_index=True)
    pd.testing.assert_frame_equal(sorted_rows(frame), sorted_rows(expected))
    assert merged.group_status(8).runs == 2
    overgan.write_report(merged.folder, figures=False)


def test_rows_of_an_older_version_whose_checkpoints_do_not_count_them_come_along(tmp_path):
    study = gan_study(tmp_path / "study")
    parts = [part(study, tmp_path / f"part-{k}", [k], study.spec.seeds) for k in WIDTHS]
    for k, folder in zip(WIDTHS, parts, strict=True):
        index = folder / f"k{k:04d}" / "checkpoint.json"
        values = json.loads(index.read_text())
        del values["checksum"], values["rows"]
        index.write_text(json.dumps(values))
    merged = overgan.merge(parts, tmp_path / "merged")
    assert len(merged.frame())
    pd.testing.assert_frame_equal(merged.frame(), study.frame())
    pd.testing.assert_frame_equal(merged.losses(), study.losses())


@pytest.mark.slow
def test_pictures_come_along_and_samples_are_of_the_first_folder_that_has_some(spec, tmp_path):
    spec["evaluate"]["final_metrics"] = ["memorization"]
    first, more = run(spec, tmp_path / "first", seeds=[0, 1]), run(spec, tmp_path / "more", seeds=[2])
    tables = tmp_path / "tables"
    overgan.export_study(first.folder, "tables", tables)

    def merged(*folders):
        study = overgan.merge(folders, tmp_path / f"merged-{len(list(tmp_path.iterdir()))}")
        names = [f"neighbours/seed-{seed}" for seed in spec["seeds"]]
        return [list(study.pictures(4, of).values()) for of in ("samples", *names)]

    def pictures(study, folder):
        return [path.read_bytes() for path in sorted((study.group(4) / folder).glob("*.png"))]

    neighbours = [pictures(study, f"neighbours/seed-{seed}") for study, seed in ((first, 0), (first, 1), (more, 2))]
    assert all(neighbours)
    assert merged(first.folder, more.folder) == [pictures(first, "samples"), *neighbours]
    assert merged(more.folder, first.folder) == [pictures(more, "samples"), *neighbours]
    assert merged(tables, more.folder) == [pictures(more, "samples"), [], [], neighbours[2]]


def test_seconds_of_threads_are_comparable_and_diverged_runs_stay_diverged(tmp_path):
    whole = gan_study(tmp_path / "whole", diverged=[(2, 7)])
    first = part(whole, tmp_path / "first", [2], whole.spec.seeds)
    second = overgan.load(part(whole, tmp_path / "second", [4], whole.spec.seeds))
    machine = second.description.machine | {"threads": 2}
    write_description(second.folder, second.description.model_copy(update={"machine": machine}))
    merged = overgan.merge([first, second.folder], tmp_path / "merged")
    assert [merged.group_status(k).seconds for k in WIDTHS] == [3.0, 6.0]  # core-seconds, as the first has one thread
    assert merged.group_status(2).diverged == 1
    assert merged.description.command == (
        "overgan run by-hand.yaml && overgan merge runs/first runs/second --out runs/merged"
    )
    pd.testing.assert_frame_equal(merged.frame(), whole.frame())


def test_a_width_whose_runs_all_diverged_in_the_first_folder_is_finished(tmp_path, monkeypatch):
    first, gone = gan_study(tmp_path / "first"), [(2, seed) for seed in by_hand.SEEDS]
    go_to(first.folder, 2, 10, diverged=gone)
    monkeypatch.setattr(by_hand, "SEEDS", [8, 9, 10])
    merged = overgan.merge([first.folder, gan_study(tmp_path / "second").folder], tmp_path / "merged")
    assert [(of.complete, of.done, of.diverged) for of in merged.status()] == [(True, 20, 3), (True, 20, 0)]


def test_the_command_is_that_of_the_parts_wherever_they_are_now_and_the_merging(tmp_path):
    whole = gan_study(tmp_path / "whole")
    parts = []
    for width, name in zip(WIDTHS, ("narrow", "wide"), strict=True):
        study = overgan.load(part(whole, tmp_path / f"renamed-{width}", [width], whole.spec.seeds))
        command = f"overgan run by-hand.yaml --out {tmp_path}/{name}"
        write_description(study.folder, study.description.model_copy(update={"command": command}))
        parts.append(study.folder)
    assert overgan.merge(parts, tmp_path / "merged").description.command == (
        "overgan run by-hand.yaml --out runs/narrow && overgan run by-hand.yaml --out runs/wide "
        "&& overgan merge runs/narrow runs/wide --out runs/merged"
    )


def test_parts_whose_folders_are_called_the_same_have_other_names_in_the_command(tmp_path):
    whole, run = gan_study(tmp_path / "whole"), "overgan run by-hand.yaml --out"
    commands = [
        f"{run} {tmp_path}/one/study",
        f"{run} {tmp_path}/two/study && {run} {tmp_path}/more && overgan merge runs/study runs/more --out runs/merged",
    ]
    for width, command in zip(WIDTHS, commands, strict=True):
        study = overgan.load(part(whole, tmp_path / f"k{width}", [width], whole.spec.seeds))
        write_description(study.folder, study.description.model_copy(update={"command": command}))
    assert overgan.merge([tmp_path / "k2", tmp_path / "k4"], tmp_path / "merged").description.command == (
        f"{run} runs/study && {run} runs/study-2 && {run} runs/more && overgan merge runs/study-2 runs/more "
        "--out runs/merged-2 && overgan merge runs/study runs/merged-2 --out runs/merged"
    )


def test_what_does_not_belong_together_is_refused_in_one_line(tmp_path):
    study = gan_study(tmp_path / "study")
    first = part(study, tmp_path / "first", [2], study.spec.seeds)
    second = part(study, tmp_path / "second", [4], study.spec.seeds)

    def refused(folders, message, out="merged"):
        with pytest.raises(OverganError, match=message):
            overgan.merge(folders, tmp_path / out)
        assert out == "study" or not (tmp_path / out).exists()

    refused([first], "two studies or more")
    refused([first, second], "is there already", out="study")
    refused([first, first], r"seed 0 of k = 2 is in .*first and .*first")
    refused([first, theory_study(tmp_path / "theory").folder], "of the kind shallow; only those of GANs are merged")
    other = gan_study(tmp_path / "other", batch=16)
    only = "only studies that differ in their widths and seeds alone are merged"
    refused([first, other.folder], rf"first has train\.batch=64 and .*other 16; {only}")
    changed = study.description.model_copy(update={"features": {}})
    write_description(second, changed.model_copy(update={"spec": study.spec.model_copy(update={"widths": [4]})}))
    refused([first, second], f"second: the feature networks are not those that .*first began with .*; {only}")
    unfinished = gan_study(tmp_path / "unfinished", iteration=10)
    refused(
        [part(unfinished, tmp_path / "part", [4], study.spec.seeds), first], "k = 4 of .*part is not finished; go on"
    )


def test_seeds_are_in_the_order_of_a_study_that_has_all(tmp_path, monkeypatch):
    monkeypatch.setattr(by_hand, "SEEDS", [7, 9, 0])
    study = gan_study(tmp_path / "study")
    parts = [part(study, tmp_path / f"part-{k}", [k], [7, 9, 0]) for k in WIDTHS]
    merged = overgan.merge(parts, tmp_path / "merged")
    assert (merged.spec.seeds, merged.spec.fewer_seeds) == ([7, 9, 0], None)


def test_runs_that_a_race_chose_are_not_merged(tmp_path):
    race = write_study(tmp_path / "race", {2: [9.0, 9.5]}, [begun({2: 2})])
    other = write_study(tmp_path / "other", {4: [5.0, 5.5]})
    with pytest.raises(OverganError, match="race went on until it was sure, by seeds that it chose"):
        overgan.merge([other.folder, race.folder], tmp_path / "merged")


@pytest.mark.parametrize("damaged", [False, True])
def test_what_was_measured_later_of_other_numbers_of_images_is_refused_before_anything_is_written(tmp_path, damaged):
    study = gan_study(tmp_path / "study")
    parts = [part(study, tmp_path / f"part-{k}", [k], study.spec.seeds) for k in WIDTHS]
    rows = [{"seed": 0, "iteration": 20, "features": "random-0", "frechet_test": 1.0, "generated": 0}]
    for folder, k, n in zip(parts, WIDTHS, (500, 1000), strict=True):
        write_table(folder / f"k{k:04d}" / "later.jsonl", [row | {"compared": n} for row in rows])
    if damaged:
        with (parts[1] / f"k{WIDTHS[1]:04d}" / "later.jsonl").open("a") as file:
            file.write("{}\n")
    message = "damaged" if damaged else "later in random-0 features is of 1,000 images a side and 500 images a side"
    with pytest.raises(OverganError, match=message):
        overgan.merge(parts, tmp_path / "merged")
    assert not (tmp_path / "merged").exists()


def test_seeds_of_a_width_that_are_not_the_first_are_refused(tmp_path, monkeypatch):
    first = part(gan_study(tmp_path / "study"), tmp_path / "first", [2], [0, 7, 2**32 - 1])
    monkeypatch.setattr(by_hand, "SEEDS", [7])
    second = part(gan_study(tmp_path / "other"), tmp_path / "second", [4], [7])
    with pytest.raises(OverganError, match=r"k = 4 has the seeds \[7\], not the first of \[0, 7, "):
        overgan.merge([first, second], tmp_path / "merged")
