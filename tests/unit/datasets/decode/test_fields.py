"""One value of the venue's JSON: numbers as text, times in every spelling, ids in either case."""

from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.datasets.decode import fields
from whaletrader.datasets.decode.fields import Unusable

SECOND = 1_790_258_536
NS = 1_000_000_000


@pytest.mark.parametrize(
    "written",
    [
        SECOND,
        str(SECOND),
        f" {SECOND} ",
        SECOND * 1_000,
        str(SECOND * 1_000),
        SECOND * 1_000_000,
        SECOND * NS,
        float(SECOND),
        "2026-09-24T14:02:16Z",
        "2026-09-24 14:02:16+00",
        "2026-09-24T14:02:16.000000000Z",
        "2026-09-24T16:02:16+02:00",
        "2026-09-24 14:02:16",
    ],
)
def test_a_time_is_the_same_in_every_spelling(written):
    assert fields.instant(written) == SECOND * NS


def test_a_bare_day_is_its_midnight():
    assert fields.optional_instant("2026-09-24") == 1_790_208_000 * NS


def test_a_fraction_of_a_second_is_kept():
    assert fields.instant("2026-09-24T14:02:16.042792Z") == SECOND * NS + 42_792_000
    assert fields.instant("1790258536.5") == SECOND * NS + NS // 2


@pytest.mark.parametrize(
    "written", [None, "", True, 0, -5, "soon", "2026-13-01", [], {}, "NaN", 10**30, "1e400", 28_644_356_112]
)
def test_what_is_no_time_is_none(written):
    assert fields.optional_instant(written) == -1
    with pytest.raises(Unusable, match="time_missing"):
        fields.instant(written)


@pytest.mark.parametrize(
    ("written", "micro"),
    [
        (0.03, 30_000),
        ("0.03", 30_000),
        (1, 1_000_000),
        ("1e-6", 1),
        (0.9597472099, 959_747),
        (1030.92, 1_030_920_000),
        (Decimal("0.0000005"), 0),
        (Decimal("0.0000015"), 2),
        (2.5e-6, 2),
        ("3099740.02", 3_099_740_020_000),
    ],
)
def test_a_number_is_what_was_written_whether_text_or_not(written, micro):
    assert fields.optional_micro(written) == micro


@pytest.mark.parametrize(
    "written", [None, "", "x", True, "NaN", "Infinity", float("nan"), float("inf"), "1_0", [], "1e40"]
)
def test_what_is_no_number_is_none(written):
    assert fields.optional_micro(written) is None


@settings(max_examples=300, deadline=None)
@given(st.floats(min_value=-1e9, max_value=1e9, allow_nan=False))
def test_floats_become_what_their_text_says(value):
    expected = int((Decimal(str(value)) * 1_000_000).to_integral_value(ROUND_HALF_EVEN))
    assert fields.optional_micro(value) == expected


@settings(max_examples=200, deadline=None)
@given(st.integers(-(10**9), 10**9))
def test_ties_of_seven_decimals_go_to_even_as_in_decimal_arithmetic(number):
    value = (number * 10 + 5) / 10_000_000
    expected = int((Decimal(str(value)) * 1_000_000).to_integral_value(ROUND_HALF_EVEN))
    assert fields.optional_micro(value) == expected


@pytest.mark.parametrize(
    ("value", "reason"),
    [(None, "price_missing"), ("-0.1", "price_negative"), (1.000001, "price_above_one"), ("abc", "price_missing")],
)
def test_a_price_that_cannot_be_has_a_reason(value, reason):
    with pytest.raises(Unusable, match=reason):
        fields.price(value)


@pytest.mark.parametrize(
    ("value", "reason"), [(0, "size_not_positive"), ("-1", "size_not_positive"), ({}, "size_missing")]
)
def test_a_size_that_cannot_be_has_a_reason(value, reason):
    with pytest.raises(Unusable, match=reason):
        fields.size(value)


def test_a_condition_id_is_lower_case_with_its_prefix():
    assert fields.condition("0X" + "AB" * 32) == "0x" + "ab" * 32
    assert fields.condition("ab" * 32) == "0x" + "ab" * 32


def test_a_combos_id_has_a_reason_of_its_own():
    with pytest.raises(Unusable, match="combination_trade"):
        fields.condition("0x" + "ab" * 31)
    with pytest.raises(Unusable, match="condition_id_malformed"):
        fields.condition("0x" + "ab" * 30)
    with pytest.raises(Unusable, match="market_unknown"):
        fields.condition(None)


@pytest.mark.parametrize("written", ["255", 255, "0xff", "0XFF", "0255", " 255 "])
def test_a_token_is_decimal_text(written):
    assert fields.token(written) == "255"


@pytest.mark.parametrize("written", [None, "", "0", "0x", "-1", "12.5", "9" * 79, [], 1.5])
def test_what_is_no_token_is_refused(written):
    with pytest.raises(Unusable, match="token_missing"):
        fields.token(written)


def test_an_address_is_lower_case_whatever_its_checksum():
    assert fields.address("0xf5848342fc388908f2D25a9012Cc18a0Ad193979") == "0xf5848342fc388908f2d25a9012cc18a0ad193979"
    with pytest.raises(Unusable, match="wallet_missing"):
        fields.address("0x12")


def test_a_hash_that_is_there_must_be_one():
    assert fields.tx_hash(None) == ""
    assert fields.tx_hash("0x" + "AB" * 32) == "0x" + "ab" * 32
    with pytest.raises(Unusable, match="hash_malformed"):
        fields.tx_hash("0x12")


def test_lists_may_be_written_inside_text():
    assert fields.texts('["Yes", "No"]') == ("Yes", "No")
    assert fields.texts(["Yes", "No"]) == ("Yes", "No")
    assert fields.texts("Yes") == ()
    assert fields.tokens('["12", "x"]') == ()


def test_999_is_no_outcome():
    assert [fields.outcome_index(each) for each in (0, "1", 1.0, 999, None, -1)] == [0, 1, 1, -1, -1, -1]


@pytest.mark.parametrize(
    ("written", "truth"), [(True, True), ("true", True), ("False", False), (0, False), ("x", None)]
)
def test_truth_has_spellings_too(written, truth):
    assert fields.flag(written) is truth


def test_half_a_surrogate_pair_is_replaced_because_it_could_not_be_stored():
    assert fields.text("a\ud800b") == "a?b"


@pytest.mark.parametrize("frame", [b"{", b"", b"[1,", b"\xff\xfe", "[" * 100_000, b"nul"])
def test_what_is_no_json_has_a_reason(frame):
    with pytest.raises(Unusable, match="malformed_json"):
        fields.parse(frame)


def test_a_head_is_never_longer_than_its_limit():
    assert len(fields.head_of("é" * 1_000)) <= 256
    assert len(fields.head_of({"a": "b" * 1_000})) <= 256
    assert fields.head_of(b"x" * 1_000) == b"x" * 256


def test_a_number_with_an_exponent_beyond_all_decimals_spoils_its_own_value_only():
    told = fields.parse(b'[{"price": 1E18891277010413122836313410091608738884307871557302091776}, {"price": 0.5}]')
    assert isinstance(told, list)
    assert str(told[0]["price"]) == "NaN"
    assert float(told[1]["price"]) == 0.5
