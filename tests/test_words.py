"""Numbers in words: what sentences say of odd ones, as a reader would write it."""

import math

import pandas as pd
import pytest

from overgan.cli._terminal import duration
from overgan.metrics import Column
from overgan.report._content import mean_and_deviation
from overgan.report.pages._gan_findings import _ratio
from overgan.report.pages._shallow import _lost
from overgan.report.pages._theory import always, power_law
from overgan.study.analysis import Gap
from overgan.words import change, counted, course, joined, number, percent, signed, span

NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (220.0, 2, "220"),
        (1.5e-7, 3, "1.5 × 10⁻⁷"),
        (1e-6, 3, "1 × 10⁻⁶"),
        (123_456.0, 3, "123,000"),
        (1_234_567.0, 3, "1.23 × 10⁶"),
        (99.96, 3, "100"),
        (0.00012, 2, "0.00012"),
        (-2.5, 3, "-2.5"),
        (-0.0, 3, "0"),
        (INF, 3, "∞"),
        (-INF, 3, "-∞"),
        (NAN, 3, "–"),
    ],
)
def test_numbers(value, digits, text):
    assert number(value, digits) == text


@pytest.mark.parametrize(
    ("value", "text"), [(2.94, "+2.9"), (-2.94, "-2.9"), (0.0, "0"), (-0.0, "0"), (INF, "+∞"), (-INF, "-∞"), (NAN, "–")]
)
def test_numbers_with_their_sign(value, text):
    assert signed(value, 2) == text


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (100.0, 106.0, "changes it by +6%"),
        (27.0, 14.5, "changes it by -46%"),
        (100.0, 100.4, "changes it by less than 1%"),
        (100.0, 99.6, "changes it by less than 1%"),
        (13.0, 13.0, "does not change it"),
        (1.0, 220.0, "changes it by +21,900%"),
        (5.0, 0.0, "changes it by -100%"),
        (0.0, 5.0, "takes it from 0 to 5"),
        (0.0, 0.0, "does not change it"),
        (2.0, INF, "takes it from 2 to ∞"),
        (NAN, 2.0, "takes it from – to 2"),
    ],
)
def test_changes(before, after, text):
    assert change(before, after) == text


@pytest.mark.parametrize(
    ("values", "shown", "text"),
    [
        ({2: 52.0, 4: 27.0, 8: 14.5}, [8], "goes from 52 at k = 2 to 14.5 at k = 8"),
        ({2: 52.0, 4: 13.0, 8: 14.5}, [4], "goes from 52 at k = 2 to 13 at k = 4 and 14.5 at k = 8"),
        ({4: 13.0, 8: 20.0}, [4], "goes from 13 at k = 4 to 20 at k = 8"),  # the best is the narrowest
        ({4: 13.0, 8: 13.0}, [4], "stays at 13 from k = 4 to k = 8"),
        ({2: 13.001, 4: 13.0, 8: 13.002}, [4], "stays at 13 from k = 2 to k = 8"),  # as far as is said
        ({2: 13.0, 4: 20.0, 8: 13.0}, [], "is 13 at k = 2 and 8"),  # it does not stay there
        ({2: 52.0, 4: 13.0, 8: 13.001}, [4], "goes from 52 at k = 2 to 13 at k = 4 and 8"),
        ({2: 13.0, 4: 13.001, 8: 20.0}, [4], "goes from 13 at k = 2 and 4 to 20 at k = 8"),
        ({4: 13.0}, [4], "is 13 at k = 4"),
        ({2: NAN, 4: 13.0}, [], "is 13 at k = 4"),
        ({2: NAN}, [], "is not known"),
        ({}, [], "is not known"),
        ({2: INF, 4: 1.5e-7}, [], "goes from ∞ at k = 2 to 1.5 × 10⁻⁷ at k = 4"),
        ({2: -0.5, 4: 0.0}, [], "goes from -0.5 at k = 2 to 0 at k = 4"),
        ({2: 220.0, 1024: 123_456.0}, [], "goes from 220 at k = 2 to 123,000 at k = 1024"),
    ],
)
def test_the_course_over_the_widths(values, shown, text):
    assert course(values, shown=shown) == text


def test_counts_ends_and_shares():
    assert (counted(1, "run"), counted(0, "run"), counted(1200, "run")) == ("1 run", "0 runs", "1,200 runs")
    assert (span("+6%", "+6%"), span("0%", "4%")) == ("+6%", "0% to 4%")
    assert (percent(0), percent(0.05), percent(1 / 3, 2), percent(2.2)) == ("0%", "5%", "33%", "220%")
    assert (joined([2]), joined([2, 4]), joined([2, 4, 8])) == ("2", "2 and 4", "2, 4 and 8")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 s"),
        (0.00022, "0.00022 s"),
        (1.5e-7, "1.5 × 10⁻⁷ s"),
        (9.96, "10 s"),
        (61.0, "1 min 1 s"),
        (3600.0, "1 h 0 min"),
        (86_400.0, "1 day 0 h"),
        (2 * 86_400.0 + 3600, "2 days 1 h"),
        (366 * 86_400.0, "1 year 1 day"),
        (INF, "∞ s"),
    ],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([220.0, 260.0], "240 ± 28"),  # √800
        ([1.5e-7, 1.5e-7], "1.5 × 10⁻⁷ ± 0"),
        ([13.0], "13"),
        ([], "–"),
        ([INF, 1.0], "∞"),
        ([INF, INF], "∞"),
    ],
)
def test_means_and_deviations(values, text):
    assert mean_and_deviation(pd.Series(values, dtype=float)) == text


@pytest.mark.parametrize(
    ("shares", "text"),
    [
        ({4: 0, 8: 0, 16: 0.5, 32: 1, 64: 1}, "up to k = 8 no run converges, from k = 32 on all do"),
        ({4: 0, 8: 0.5, 16: 1}, "at k = 4 no run converges, at k = 16 all do"),
        ({4: 0.5, 8: 1, 16: 1}, "from k = 8 on all do"),
        ({4: 1, 8: 0.5}, "even at k = 8 not all do"),
        ({4: 0, 8: 1, 16: 0}, "at k = 4 no run converges, even at k = 16 not all do"),
        ({4: 0, 8: 0}, "no run converges at any width"),
        ({4: 1, 8: 1}, "at every width all do"),
        ({4: 1}, "at k = 4 all do"),
        ({4: 0}, "at k = 4 no run converges"),
        ({4: 0.5}, "at k = 4 not all do"),
    ],
)
def test_where_runs_succeed(shares, text):
    assert always(pd.Series(shares, dtype=float), "all do", "no run converges") == text


@pytest.mark.parametrize(
    ("means", "text"),
    [
        ({10: 5.0, 100: 0.5}, "goes from 5 at k = 10 to 0.5 at k = 100, as k^-1"),
        ({10: 3.0, 100: 3.0}, "stays at 3 from k = 10 to k = 100, as k^0"),
        ({10: 3.0}, "is 3 at k = 10"),
        ({10: INF, 100: INF}, "stays at ∞ from k = 10 to k = 100"),
        (
            {10: INF, 100: 1.0, 10_000: 100.0},
            "goes from ∞ at k = 10 to 100 at k = 10000, as k^1 where it is finite and above 0",
        ),
        ({10: 0.0, 100: 0.0}, "stays at 0 from k = 10 to k = 100"),
    ],
)
def test_power_laws(means, text):
    assert power_law(pd.DataFrame({"k": list(means), "gap": list(means.values())}), "gap") == text


@pytest.mark.parametrize(
    ("hopeless", "missed", "text"),
    [
        (
            6,
            1,
            "Of the 7 runs that did not converge, 6 could not: no weights of their network reach the target. "
            "1 could have, had they gone on or gone elsewhere.",
        ),
        (1, 0, "The 1 run that did not converge could not: no weights of their network reach the target."),
        (0, 2, "The 2 runs that did not converge could have, had they gone on or gone elsewhere."),
    ],
)
def test_runs_that_did_not_converge(hopeless, missed, text):
    assert _lost(hopeless, missed) == text


def test_cells_of_tables_have_no_powers_with_an_e():
    column = Column("x", "x")
    assert column.text({"x": 1.5e-7, "x_error": 2.2e-9}, "train") == "1.5 × 10⁻⁷ ± 2.2 × 10⁻⁹"
    assert column.text({"x": 220.0, "x_low": 1e-9, "x_high": 1e-9}, "train") == "220 (1 × 10⁻⁹)"


@pytest.mark.parametrize(
    ("value", "error", "ratio"), [(3.0, 1.5, 2.0), (0.0, 1.0, 0.0), (0.0, 0.0, 0.0), (1.0, 0.0, INF), (-1.0, 0.0, -INF)]
)
def test_differences_in_standard_errors(value, error, ratio):
    assert _ratio(Gap(value, error, "unclear")) == ratio
