"""Rows of trades and activity: number styles, quirks and combinations, each against a plain oracle."""

from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import venue_record as world
from whaletrader.adapters.paper.server import data_rows
from whaletrader.adapters.paper.server.record import Leg, Move, Profile, Record
from whaletrader.domain.contract_ids import unpack_position_id
from whaletrader.domain.values import NANOS


def record() -> Record:
    made = world.three_wallets().record
    made.profiles[world.TAKER] = Profile("whale", "Quiet-Sea")
    return made


def leg(**changes: object) -> Leg:
    """A taker's purchase: 100 shares at 0.25, fee 0.5."""
    fields: dict[str, object] = {
        "wallet": world.TAKER,
        "market_id": world.MARKET,
        "token_id": world.YES,
        "outcome_index": 0,
        "side": "BUY",
        "maker": False,
        "size_micro": 100_000_000,
        "usd_micro": 25_000_000,
        "fee_micro": 500_000,
        "ts": world.START,
        "seen_ts": world.START,
        "indexed_ts": world.START,
        "tx_hash": f"0x{1:064x}",
        "block": world.FIRST_BLOCK,
        "log_index": 3,
        "order_hash": "0x1",
    }
    return Leg(**(fields | changes))  # type: ignore[arg-type]


def move(kind: str) -> Move:
    return Move(
        kind=kind,
        wallet=world.TAKER,
        market_id=world.MARKET,
        size_micro=7_000_000,
        usd_micro=7_000_000,
        ts=world.START + NANOS // 2,
        indexed_ts=world.START,
        tx_hash="0x2",
        block=world.FIRST_BLOCK,
        log_index=0,
    )


def test_v1_writes_whole_numbers_without_a_point_and_v2_with_one() -> None:
    old, new = data_rows.leg_v1(record(), leg()), data_rows.leg_v2(record(), leg(), world.START)
    assert (repr(old["size"]), repr(old["price"])) == ("100", "0.25")
    assert (repr(new["size"]), repr(new["price"])) == ("100.0", "0.25")


def test_prices_of_several_fills_are_averages_with_ten_decimals() -> None:
    thirds = leg(size_micro=3_000_000, usd_micro=2_000_000)
    assert data_rows.leg_v1(record(), thirds)["price"] == 0.6666666667
    assert data_rows.leg_activity_v2(record(), thirds)["price"] == 0.6666666667


def test_a_trade_is_dated_in_whole_seconds_and_names_its_wallet_in_lower_case() -> None:
    row = data_rows.leg_v1(record(), leg(ts=world.START + NANOS - 1))
    assert (row["timestamp"], row["proxyWallet"], row["name"]) == (world.START // NANOS, world.TAKER, "whale")
    nameless = data_rows.leg_v1(record(), leg(wallet=world.MAKER))
    assert (nameless["name"], nameless["pseudonym"]) == ("", "")


@pytest.mark.parametrize(
    ("side", "maker", "usdc"),
    [("BUY", False, 25.5), ("BUY", True, 25.0), ("SELL", False, 25.0), ("SELL", True, 25.0)],
)
def test_only_a_takers_purchase_counts_its_fee_in_v2_and_nothing_does_in_v1(
    side: str, maker: bool, usdc: float
) -> None:
    dealt = leg(side=side, maker=maker)
    assert data_rows.leg_activity_v2(record(), dealt)["usdc_size"] == usdc
    assert data_rows.leg_activity_v2(record(), dealt)["price"] == 0.25
    assert data_rows.leg_activity_v1(record(), dealt)["usdcSize"] == 25


@pytest.mark.parametrize(("age_s", "told"), [(0, (999, "")), (59, (999, "")), (60, (0, "unl-nor-den-2026-09-24"))])
def test_v2_trades_are_labelled_a_minute_after_their_block(age_s: int, told: tuple[int, str]) -> None:
    row = data_rows.leg_v2(record(), leg(), world.START + age_s * NANOS)
    assert (row["outcome_index"], row["event_slug"]) == told
    assert (row["outcome"], row["slug"]) == ("Yes", "unl-nor-den-2026-09-24-nor")


def test_v2_activity_is_labelled_from_the_start() -> None:
    row = data_rows.leg_activity_v2(record(), leg(token_id=world.NO, outcome_index=1))
    assert (row["outcome_index"], row["outcome"], row["event_slug"]) == (1, "No", "unl-nor-den-2026-09-24")


@pytest.mark.parametrize("kind", ["SPLIT", "MERGE", "REDEEM", "CONVERSION"])
def test_a_move_names_its_market_but_no_outcome(kind: str) -> None:
    old, new = data_rows.move_activity_v1(record(), move(kind)), data_rows.move_activity_v2(record(), move(kind))
    assert (old["type"], old["asset"], old["side"], old["outcomeIndex"], old["price"]) == (kind, "", "", 999, 0)
    assert (new["type"], new["token_id"], new["side"], new["outcome_index"], new["price"]) == (kind, "", "", 999, 0.0)
    assert (old["conditionId"], old["size"], old["usdcSize"]) == (world.MARKET, 7, 7)
    assert (new["condition_id"], repr(new["size"]), repr(new["usdc_size"])) == (world.MARKET, "7.0", "7.0")
    assert old["timestamp"] == new["timestamp"] == world.START // NANOS
    assert list(old) == list(data_rows.leg_activity_v1(record(), leg()))
    assert list(new) == list(data_rows.leg_activity_v2(record(), leg()))


def combos(count: int) -> list[tuple[data_rows.Body, data_rows.Body]]:
    made = record()
    rows = [data_rows.leg_v2(made, leg(tx_hash=f"0x{number:064x}"), world.START) for number in range(count)]
    return [(row, combo) for row in rows if (combo := data_rows.combo_beside(row)) is not None]


def test_one_row_in_a_hundred_has_the_same_combination_beside_it_every_time() -> None:
    found = combos(5_000)
    assert 25 <= len(found) <= 80
    assert combos(5_000) == found


def test_a_combination_has_the_ids_of_protocol_v2_and_no_labels() -> None:
    for row, combo in combos(2_000):
        condition, token = str(combo["condition_id"]), int(str(combo["token_id"]))
        assert len(condition) == 64
        assert token >> 8 == int(condition, 16)
        assert unpack_position_id(token).module == 3
        assert [combo[name] for name in ("title", "slug", "icon", "event_slug", "outcome")] == [""] * 5
        assert combo["outcome_index"] == 999
        assert combo["transaction_hash"] != row["transaction_hash"]
        assert len(str(combo["transaction_hash"])) == 66
        same = ("proxy_wallet", "side", "size", "price", "timestamp", "name")
        assert [combo[name] for name in same] == [row[name] for name in same]
        assert list(combo) == list(row)


FILLS = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from([world.TAKER, world.MAKER]),
        st.sampled_from([world.YES, world.NO]),
        st.sampled_from(["BUY", "SELL"]),
        st.booleans(),
        st.integers(1, 10**9),
        st.integers(1, 10**9),
        st.integers(0, 10**6),
    ),
    max_size=25,
)


@settings(max_examples=200, deadline=None)
@given(FILLS)
def test_merged_fills_are_sums_by_wallet_transaction_token_and_side(fills: list[tuple]) -> None:  # type: ignore[type-arg]
    legs = [
        leg(
            tx_hash=f"0x{tx:064x}",
            wallet=wallet,
            token_id=token,
            side=side,
            maker=maker,
            size_micro=size,
            usd_micro=usd,
            fee_micro=fee,
        )
        for tx, wallet, token, side, maker, size, usd, fee in sorted(fills, key=lambda fill: -fill[0])
    ]
    sums: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0, 0, 0, 1])
    for each in legs:
        entry = sums[each.tx_hash, each.wallet, each.token_id, each.side]
        entry[0] += each.size_micro
        entry[1] += each.usd_micro
        entry[2] += each.fee_micro
        entry[3] &= each.maker
    merged = list(data_rows.merged_fills(legs))
    assert [(one.tx_hash, one.wallet, one.token_id, one.side) for one in merged] == list(sums)
    assert [[one.size_micro, one.usd_micro, one.fee_micro, one.maker] for one in merged] == list(sums.values())


def test_no_fills_merge_to_none_and_one_stays_as_it_is() -> None:
    assert list(data_rows.merged_fills([])) == []
    assert list(data_rows.merged_fills([leg()])) == [leg()]
