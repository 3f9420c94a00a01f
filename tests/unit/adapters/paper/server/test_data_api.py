"""The Data API's face: its keys against captured rows, its pages, caps and cache, and the decoders' view of it."""

import json
from pathlib import Path
from typing import Any

from tests.support import venue_record as world
from whaletrader.adapters.paper.server import types
from whaletrader.adapters.paper.server.data_api import DataApi
from whaletrader.adapters.paper.server.edge import Reply, Request
from whaletrader.adapters.paper.server.recorder import Recorder
from whaletrader.datasets.decode import data_api as v1
from whaletrader.datasets.decode import data_api_v2 as v2
from whaletrader.datasets.decode.rows import ChainResolution, VenueFill, WalletPosition
from whaletrader.domain.values import NANOS

SAMPLES = Path("tests/data/polymarket/samples")
LATER = world.START + 300 * NANOS


class Clock:
    """A time that the test moves."""

    def __init__(self, now: int = LATER) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


def sample(name: str) -> list[dict[str, Any]]:
    content = json.loads((SAMPLES / name).read_text())
    return content["data"] if isinstance(content, dict) else content


def many(count: int) -> Recorder:
    """`count` matches of the taker with one maker, one block each."""
    blocks = [
        (world.trade(number, (world.fill(number, world.MAKER, world.YES, "SELL", 600_000, 7_000_000),)),)
        for number in range(1, count + 1)
    ]
    return world.recorder_of(*blocks)


def ask(recorder: Recorder, path: str, clock: Clock | None = None, **query: object) -> Any:
    answer = raw(DataApi(recorder.record, clock or Clock()), path, **query)
    return json.loads(answer.body)


def raw(api: DataApi, path: str, **query: object) -> Reply:
    return api.router(Request("GET", path, {name: str(value) for name, value in query.items()}))


def walk(api: DataApi, path: str, **query: object) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    cursor = ""
    while True:
        answer = json.loads(raw(api, path, **query, **({"cursor": cursor} if cursor else {})).body)
        rows += answer["data"]
        cursor = answer["pagination"]["next_cursor"]
        if not cursor:
            return rows


def plain(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows without combinations."""
    return [row for row in rows if len(row["condition_id"]) == 66]


def test_rows_have_the_keys_of_captured_ones_in_their_order() -> None:
    recorder = world.three_wallets()
    pairs = [
        (ask(recorder, "/trades")[0], sample("data_v1_trades_20260924.json")[0]),
        (ask(recorder, "/v2/trades")["data"][0], sample("data_v2_trades_20260908.json")[0]),
        (ask(recorder, "/v2/activity", user=world.TAKER)["data"][0], sample("data_v2_activity_20260908.json")[0]),
        (ask(recorder, "/v2/positions", user=world.TAKER)["data"][0], sample("data_v2_positions_20260908.json")[0]),
        (ask(recorder, "/v2/leaderboard")["data"][0], sample("data_v2_leaderboard.json")[0]),
        (ask(recorder, "/v1/leaderboard")[0], sample("data_v1_leaderboard_20260924.json")[0]),
        (ask(recorder, "/v2/resolutions", condition=world.MARKET)["data"][0], sample("data_v2_resolutions.json")[0]),
    ]
    for made, captured in pairs:
        assert list(made) == list(captured)
    holders = ask(recorder, "/v2/holders", condition=world.MARKET)["data"][0]["holders"][0]
    assert list(holders) == list(sample("data_v2_holders.json")[0]["holders"][0])


def test_closed_positions_have_the_keys_of_captured_ones() -> None:
    recorder = world.three_wallets()
    sale = world.trade(9, (world.fill(9, world.MAKER, world.YES, "BUY", 700_000, 15_000_000),), side="SELL")
    recorder.on_event(types.TradeUpdated(ts=world.START, trade=sale, state=types.TradeState.MATCHED))
    recorder.on_event(types.BlockMined(ts=world.START, block=world.block_of(2, sale)))
    (row,) = ask(recorder, "/closed-positions", user=world.TAKER)
    assert list(row) == list(sample("data_v1_closed_positions_20260924.json")[0])
    assert row["realizedPnl"] == 1.45


def test_v1_hides_maker_fills_unless_asked() -> None:
    recorder = world.three_wallets()
    assert [row["proxyWallet"] for row in ask(recorder, "/trades")] == [world.TAKER]
    assert len(ask(recorder, "/trades", takerOnly="false")) == 3


def test_v1_averages_the_fills_of_one_transaction() -> None:
    twice = tuple(world.fill(order, world.MAKER, world.YES, "SELL", 600_000 + order, 7_000_000) for order in (1, 2))
    recorder = world.recorder_of((world.trade(1, twice),))
    rows = ask(recorder, "/trades", takerOnly="false", user=world.MAKER)
    assert [(row["size"], row["price"]) for row in rows] == [(14, 0.6000015)]
    assert len(plain(ask(recorder, "/v2/trades", user=world.MAKER)["data"])) == 2


def test_the_decoders_read_v1_and_v2_back() -> None:
    recorder = world.three_wallets()
    api = DataApi(recorder.record, Clock())
    trades = v1.rows_of(raw(api, "/trades", takerOnly="false").body.decode())
    assert {v1.decode_trade(row).size_micro for row in trades} == {5_000_000, 10_000_000, 15_000_000}  # type: ignore[union-attr]
    fills = v2.decode_trades(raw(api, "/v2/trades").body)
    assert [row.wallet for row in fills.rows if isinstance(row, VenueFill)][-1] == world.MAKER
    activity = v2.decode_activity(raw(api, "/v2/activity", user=world.TAKER).body)
    (taken,) = (row for row in activity.rows if isinstance(row, VenueFill))
    assert (taken.size_micro, taken.price_micro, taken.fee_micro) == (15_000_000, 603_333, 90_000)
    positions = v2.decode_positions(raw(api, "/v2/positions", user=world.TAKER).body)
    (held,) = positions.rows
    assert isinstance(held, WalletPosition)
    assert held.size_micro == 15_000_000


def test_usdc_size_of_a_takers_purchase_counts_the_fee() -> None:
    (row,) = plain(ask(world.three_wallets(), "/v2/activity", user=world.TAKER)["data"])
    assert row["usdc_size"] == 9.14


def test_young_rows_of_v2_trades_are_unlabelled() -> None:
    recorder = world.three_wallets()
    young = ask(recorder, "/v2/trades", Clock(world.START + 30 * NANOS))["data"][0]
    old = ask(recorder, "/v2/trades")["data"][0]
    assert (young["outcome_index"], young["event_slug"]) == (999, "")
    assert (old["outcome_index"], old["event_slug"]) == (0, "unl-nor-den-2026-09-24")


def test_the_index_lags_the_chain() -> None:
    recorder = world.three_wallets()
    assert ask(recorder, "/v2/trades", Clock(world.START))["data"] == []


def test_a_cursor_walk_gives_every_row_once_in_either_direction() -> None:
    recorder = many(57)
    api = DataApi(recorder.record, Clock())
    newest_first = plain(walk(api, "/v2/activity", user=world.TAKER, limit=10))
    oldest_first = plain(walk(api, "/v2/activity", user=world.TAKER, limit=10, sort_direction="ASC"))
    assert len(newest_first) == 57
    assert oldest_first == newest_first[::-1]
    assert len({row["transaction_hash"] for row in newest_first}) == 57


def test_a_cursor_with_other_filters_starts_over_silently() -> None:
    recorder = many(20)
    api = DataApi(recorder.record, Clock())
    first = json.loads(raw(api, "/v2/activity", user=world.TAKER, limit=5).body)
    cursor = first["pagination"]["next_cursor"]
    other = json.loads(raw(api, "/v2/activity", user=world.TAKER, limit=5, side="BUY", cursor=cursor).body)
    assert other["data"] == first["data"]


def test_rows_added_during_a_walk_do_not_shift_its_pages() -> None:
    recorder = many(20)
    api = DataApi(recorder.record, Clock())
    first = json.loads(raw(api, "/v2/trades", limit=10).body)
    late = world.trade(99, (world.fill(99, world.MAKER, world.YES, "SELL", 600_000, 7_000_000),))
    recorder.on_event(types.TradeUpdated(ts=world.START, trade=late, state=types.TradeState.MATCHED))
    recorder.on_event(types.BlockMined(ts=world.START, block=world.block_of(60, late)))
    second = json.loads(raw(api, "/v2/trades", limit=10, cursor=first["pagination"]["next_cursor"]).body)
    assert not {row["transaction_hash"] for row in second["data"]} & {"0x" + "0" * 62 + "63"}
    assert second["data"][0]["timestamp"] <= first["data"][-1]["timestamp"]


def test_the_same_url_is_answered_from_the_cache_and_another_one_is_not() -> None:
    recorder, clock = many(3), Clock()
    api = DataApi(recorder.record, clock)
    before = raw(api, "/v2/trades")
    late = world.trade(99, (world.fill(99, world.MAKER, world.YES, "SELL", 600_000, 7_000_000),))
    recorder.on_event(types.TradeUpdated(ts=world.START, trade=late, state=types.TradeState.MATCHED))
    recorder.on_event(types.BlockMined(ts=world.START, block=world.block_of(5, late)))
    clock.now += 299 * NANOS
    assert raw(api, "/v2/trades").body == before.body
    assert len(plain(json.loads(raw(api, "/v2/trades", start=1).body)["data"])) == 8
    clock.now += 2 * NANOS
    assert len(plain(json.loads(raw(api, "/v2/trades").body)["data"])) == 8


def test_limits_are_clamped_and_offsets_beyond_the_cap_refused() -> None:
    recorder = many(3)
    api = DataApi(recorder.record, Clock())
    assert raw(api, "/trades", offset=10_001).status == 400
    assert raw(api, "/activity", user=world.TAKER, limit=9_999).status == 200
    assert json.loads(raw(api, "/v2/trades", limit=5_000).body)["pagination"]["limit"] == 1_000


def test_bad_parameters_are_named() -> None:
    recorder = many(1)
    answer = raw(DataApi(recorder.record, Clock()), "/v2/activity")
    assert answer.status == 400
    assert json.loads(answer.body)["parameter"] == "user"
    conditions = ",".join(f"0x{number:064x}" for number in range(21))
    assert raw(DataApi(recorder.record, Clock()), "/v2/trades", condition=conditions).status == 400


def test_amounts_that_are_none_are_refused_and_not_a_failure() -> None:
    api = DataApi(many(1).record, Clock())
    for path, query in (
        ("/trades", {"filterType": "CASH", "filterAmount": "much"}),
        ("/v2/trades", {"filter_type": "TOKENS", "filter_amount": "nan"}),
        ("/positions", {"user": world.TAKER, "sizeThreshold": "1,5"}),
        ("/v2/positions", {"user": world.TAKER, "offset": "1e30"}),
    ):
        assert raw(api, path, **query).status == 400, path


def test_trades_are_filtered_by_cash_or_by_shares() -> None:
    """The match of three wallets: 15 shares for 9.05, 10 for 6, 5 for 1.95."""
    recorder = world.three_wallets()
    for query, sizes in (
        ({"filterType": "CASH", "filterAmount": 6}, [15, 10]),
        ({"filterType": "cash", "filterAmount": "6.01"}, [15]),
        ({"filterType": "TOKENS", "filterAmount": 5}, [15, 5, 10]),
        ({"filterType": "TOKENS", "filterAmount": 5.5}, [15, 10]),
        ({"filterAmount": 99}, [15, 5, 10]),
    ):
        assert [row["size"] for row in ask(recorder, "/trades", takerOnly="false", **query)] == sizes


def test_a_window_cuts_by_seconds() -> None:
    recorder = many(10)
    start = world.START // NANOS
    rows = plain(ask(recorder, "/v2/activity", user=world.TAKER, start=start + 4, end=start + 8)["data"])
    assert [row["timestamp"] for row in rows] == [start + 8, start + 6, start + 4]


def test_combinations_stand_beside_a_share_of_rows() -> None:
    api = DataApi(many(600).record, Clock(world.START + 4_000 * NANOS))
    rows = walk(api, "/v2/trades", limit=1000)
    combos = [row for row in rows if len(row["condition_id"]) == 64]
    assert 2 <= len(combos) <= 40
    assert all(row["slug"] == "" and row["outcome_index"] == 999 for row in combos)
    decoded = v2.decode_trades(json.dumps({"data": rows, "pagination": {"has_more": False, "next_cursor": None}}))
    assert len(decoded.rows) == 1_200
    assert len(decoded.rejects) == len(combos)


def test_resolutions_are_posed_until_they_are_told() -> None:
    recorder = world.three_wallets()
    api = DataApi(recorder.record, Clock())
    posed = json.loads(raw(api, "/v2/resolutions", condition=world.MARKET).body)["data"][0]
    assert (posed["status"], posed["price"]) == ("posed", "69")
    recorder.on_event(types.MarketResolved(ts=LATER, market=world.market(), payouts_micro=(0, 1_000_000)))
    told = raw(api, "/v2/resolutions", condition=world.MARKET)
    assert json.loads(told.body)["data"][0]["price"] == "0"
    (row,) = v2.decode_resolutions(told.body).rows
    assert isinstance(row, ChainResolution)
    assert row.payouts_micro == (0, 1_000_000)


def test_a_resolved_position_is_redeemable_by_its_payout() -> None:
    recorder = world.three_wallets()
    recorder.on_event(types.MarketResolved(ts=LATER, market=world.market(), payouts_micro=(1_000_000, 0)))
    won = ask(recorder, "/v2/positions", user=world.TAKER, status="REDEEMABLE")["data"]
    lost = ask(recorder, "/v2/positions", user=world.SECOND_MAKER, status="REDEEMABLE_LOST")["data"]
    assert [row["current_value"] for row in won] == [15.0]
    assert [row["current_value"] for row in lost] == [0.0]
