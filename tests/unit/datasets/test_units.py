"""Columnar conversions: exact, and null where there is no value."""

import math

import polars as pl
import pytest

from whaletrader.datasets.units import address, blank_to_null, iso_to_ns, micro, millis_to_ns, seconds_to_ns


def one(expression, value, dtype=None):
    return pl.DataFrame({"x": [value]}, schema={"x": dtype} if dtype else None).select(expression).item()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.29, 290_000),
        (0.57, 570_000),
        (0.1 + 0.2, 300_000),
        (1e-6, 1),
        (4e-7, 0),
        (-0.5, -500_000),
        (2_965_909.0, 2_965_909 * 10**6),
    ],
)
def test_whole_units_become_micro_units(value, expected):
    assert one(micro("x"), value) == expected


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf, 1e13])
def test_what_is_no_amount_becomes_null(value):
    assert one(micro("x"), value, pl.Float64) is None


def test_float32_prices_round_to_what_was_meant():
    values = [n / 1000 for n in range(1001)]
    frame = pl.DataFrame({"x": values}, schema={"x": pl.Float32})
    assert frame.select(micro("x"))["x"].to_list() == [n * 1000 for n in range(1001)]


def test_seconds_and_milliseconds_become_nanoseconds():
    assert one(seconds_to_ns("x"), 7) == 7_000_000_000
    assert one(millis_to_ns("x"), 7) == 7_000_000


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-02", 86_400),
        ("1970-01-02T00:00:01Z", 86_401),
        ("1970-01-02 00:00:01+00", 86_401),
        ("1970-01-02T00:00:01.999Z", 86_401),
        (" 1970-01-02 ", 86_400),
    ],
)
def test_the_three_spellings_of_a_time(text, seconds):
    assert one(iso_to_ns("x"), text) == seconds * 10**9


@pytest.mark.parametrize("text", [None, "", "1970-01-01", "tomorrow", "2026-13-01", "2026"])
def test_what_is_no_time_becomes_null(text):
    assert one(iso_to_ns("x"), text, pl.String) is None


def test_addresses_are_lower_case_and_never_empty():
    assert one(address("x"), " 0xAbC ") == "0xabc"
    assert one(address("x"), "", pl.String) is None
    assert one(address("x"), None, pl.String) is None


@pytest.mark.parametrize("text", ["", "nan", "NaN", "None"])
def test_words_for_nothing_are_nothing(text):
    assert one(blank_to_null(pl.col("x")), text) is None


def test_other_words_stay():
    assert one(blank_to_null(pl.col("x")), "nano") == "nano"
