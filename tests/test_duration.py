import pytest

from overgan.duration import seconds_of
from overgan.errors import OverganError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("30m", 1800),
        ("30min", 1800),
        ("2h", 7200),
        ("1.5h", 5400),
        (".5h", 1800),
        ("1d", 86400),
        ("1h30m", 5400),
        (" 1 H 30 m ", 5400),
        ("0.001s", 0.001),
        ("3650d", 3650 * 86400),
    ],
)
def test_times_are_read_as_they_are_written(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "budget is empty; write a time, such as 90s, 30m, 2h, 1h30m or 1d"),
        (" ", "write a time"),
        ("2", "budget is 2; write a time"),
        ("-1h", "budget is -1h; write a time"),
        ("nan", "write a time"),
        ("nanh", "write a time"),
        ("inf h", "write a time"),
        ("1e3h", "write a time"),
        ("2hours", "write a time"),
        ("1h-30m", "write a time"),
        ("²h", "write a time"),
        ("0s", "budget is 0s; it must be more than 0, and at most ten years"),
        ("0h0m", "it must be more than 0"),
        ("3651d", "budget is 3651d; it must be more than 0, and at most ten years"),
        (f"{'9' * 400}d", "9…; it must be more than 0, and at most ten years"),
    ],
)
def test_what_is_no_time_is_one_clear_line(text, message):
    with pytest.raises(OverganError, match=message) as error:
        seconds_of(text)
    assert "\n" not in str(error.value)


def test_the_message_names_the_argument_to_blame():
    with pytest.raises(OverganError, match="pace is soon; write a time") as error:
        seconds_of("soon", "pace")
    assert error.value.argument == "pace"
