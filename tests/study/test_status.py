"""How far a study is, and how long it takes."""

import pytest

import overgan
from overgan.study import GroupStatus, seconds_left, share_done


def group(width, done, seconds=0.0, total=100, complete=False):
    return GroupStatus(width, "iteration", done, total, seconds, "", 0, complete or done == total)


def test_before_anything_is_measured_the_time_is_not_known():
    assert seconds_left([group(2, 0), group(4, 0)], 1) is None


def test_one_worker_does_what_is_left_of_every_group():
    groups = [group(2, 50, 5.0), group(4, 25, 5.0), group(8, 100, 90.0)]
    assert seconds_left(groups, 1) == pytest.approx(50 * 0.1 + 75 * 0.2)


def test_several_workers_take_the_widest_group_that_is_left_whenever_they_are_free():
    groups = [group(2, 50, 6.0), group(4, 50, 6.0), group(8, 50, 10.0)]  # 6, 6 and 10 s are left
    assert seconds_left(groups, 2) == pytest.approx(12)  # k = 8 until 10; k = 4 until 6, then k = 2 until 12
    assert seconds_left(groups, 3) == pytest.approx(10)
    assert seconds_left(groups[2:], 4) == pytest.approx(10)  # more workers do not make one group faster


def test_the_pace_of_a_group_that_has_not_begun_follows_the_power_law_of_those_that_have():
    pace = {k: 1e-3 * k**1.5 for k in (1, 2, 4, 8, 16, 64)}
    groups = [group(k, 10, 10 * pace[k]) if k in (4, 16) else group(k, 0) for k in pace]
    expected = sum(each * (90 if k in (4, 16) else 100) for k, each in pace.items())
    assert seconds_left(groups, 1) == pytest.approx(expected)


def test_one_pace_is_taken_to_grow_in_proportion_to_the_width():
    assert seconds_left([group(2, 0), group(4, 10, 4.0), group(8, 0)], 1) == pytest.approx(20 + 36 + 80)


def test_a_wider_group_that_happened_to_be_faster_makes_no_narrow_one_slower():
    assert seconds_left([group(2, 0), group(4, 100, 40.0), group(8, 100, 20.0)], 1) == pytest.approx(40)


def test_the_share_of_the_work_is_by_time():
    assert share_done([group(2, 0, total=10), group(4, 0, total=10)]) == 0
    assert share_done([group(2, 100, 10.0), group(8, 50, 45.0)]) == pytest.approx(55 / 100)
    assert share_done([group(2, 100, 10.0), group(8, 100, 90.0)]) == 1


def test_runs_that_all_diverged_leave_nothing_to_do():
    assert share_done([group(2, 30, 3.0, complete=True), group(4, 50, 3.0)]) == pytest.approx(6 / 9)
    assert seconds_left([group(2, 30, 3.0, complete=True)], 1) == 0


def test_without_times_the_share_is_by_count():
    assert share_done([group(2, 100), group(4, 50)]) == pytest.approx(0.75)


def test_a_study_that_gets_more_widths_says_how_far_all_of_them_are_before_it_goes_on(small_study):
    class StopError(Exception):
        pass

    def opened(opening):
        assert [(group.width, group.state) for group in opening.groups] == [
            (2, "finished"),
            (3, "waiting"),
            (4, "finished"),
            (8, "finished"),
        ]
        raise StopError

    with pytest.raises(StopError):
        overgan.run(small_study / "small.yaml", small_study / "study", ["widths=[2,3,4,8]"], opened=opened)


def test_where_study_json_alone_is_gone_its_copy_is_named(tmp_path):
    (tmp_path / "study-copy.json").write_text("{}")
    with pytest.raises(overgan.OverganError, match=r"study\.json is missing; put it back: study-copy\.json is a copy"):
        overgan.load(tmp_path)
