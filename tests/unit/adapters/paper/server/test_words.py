"""The CLOB's spelling of numbers, times and cursors."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whaletrader.adapters.paper.server.types import Refusal
from whaletrader.adapters.paper.server.words import (
    END_CURSOR,
    FIRST_CURSOR,
    cursor_of,
    decimal,
    last_price,
    offset_of,
    page,
    placed_badly,
    refused,
)


@pytest.mark.parametrize(
    ("micro", "told"),
    [
        (0, "0"),
        (1, "0.000001"),
        (10_000, "0.01"),
        (100_000, "0.1"),
        (1_000_000, "1"),
        (59_088_470_000, "59088.47"),
        (-500_000, "-0.5"),
    ],
)
def test_decimals_have_no_trailing_zeros(micro: int, told: str) -> None:
    assert decimal(micro) == told


@given(st.integers(-(10**15), 10**15))
def test_decimals_are_exact(micro: int) -> None:
    assert Decimal(decimal(micro)) * 1_000_000 == micro


@pytest.mark.parametrize(
    ("micro", "told"), [(390_000, "0.390"), (2_000, "0.002"), (2_500, "0.0025"), (1_000_000, "1.000"), (-1, "")]
)
def test_last_prices_have_three_places(micro: int, told: str) -> None:
    assert last_price(micro) == told


def test_the_venues_own_cursors_are_ours() -> None:
    assert (cursor_of(0), cursor_of(-1)) == (FIRST_CURSOR, END_CURSOR)
    assert (offset_of(FIRST_CURSOR), offset_of(END_CURSOR), offset_of("")) == (0, -1, 0)


@given(st.integers(0, 10**9))
def test_a_cursor_leads_back_to_its_place(offset: int) -> None:
    assert offset_of(cursor_of(offset)) == offset


@pytest.mark.parametrize("cursor", ["!", "MA", "eA==", "é"])
def test_nonsense_is_no_cursor(cursor: str) -> None:
    assert offset_of(cursor) is None


@given(st.lists(st.integers(), max_size=40), st.integers(1, 7))
def test_pages_hold_every_row_once_in_order(rows: list[int], limit: int) -> None:
    import json

    seen: list[int] = []
    cursor = FIRST_CURSOR
    for _ in range(len(rows) + 2):
        told = json.loads(page(rows, {"next_cursor": cursor}, limit, lambda row: row).body)
        seen += told["data"]
        cursor = told["next_cursor"]
        if cursor == END_CURSOR:
            break
    assert seen == rows
    assert cursor == END_CURSOR


def test_a_refusal_tells_its_code_and_when_to_come_again() -> None:
    answer = refused(Refusal(503, "post-only mode", "post_only_mode", 7))
    assert answer.status == 503
    assert dict(answer.headers) == {"Retry-After": "7"}
    assert b'"retry_after_seconds":7' in answer.body
    assert refused(Refusal(400, "no")).body == b'{"error":"no"}'


def test_a_refused_order_of_a_batch_says_success_all_the_same() -> None:
    told = placed_badly(Refusal(400, "why"))
    assert (told["success"], told["errorMsg"], told["orderID"]) == (True, "why", "")
