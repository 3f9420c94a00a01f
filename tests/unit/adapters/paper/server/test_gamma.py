"""Gamma's face: its keys against captured markets, its filters and pages, and the decoder's view of it."""

import json
from pathlib import Path
from typing import Any

import msgspec

from tests.support import venue_record as world
from whaletrader.adapters.paper.server import types
from whaletrader.adapters.paper.server.edge import Request
from whaletrader.adapters.paper.server.gamma import Gamma
from whaletrader.adapters.paper.server.recorder import Recorder
from whaletrader.datasets.decode.gamma import decode_markets
from whaletrader.datasets.decode.rows import MarketMeta
from whaletrader.domain.values import NANOS

SAMPLES = Path("tests/data/polymarket/samples")


def ask(recorder: Recorder, path: str, **query: object) -> Any:
    return json.loads(body(recorder, path, **query))


def body(recorder: Recorder, path: str, **query: object) -> bytes:
    gamma = Gamma(recorder.record, lambda: world.START)
    return gamma.router(Request("GET", path, {name: str(value) for name, value in query.items()})).body


def test_a_markets_keys_stand_in_the_order_of_a_captured_one() -> None:
    captured = list(json.loads((SAMPLES / "gamma_market_20260924.json").read_text()))
    made = [key for key in ask(world.three_wallets(), "/markets")[0] if key in captured]
    places = [captured.index(key) for key in made]
    assert len(made) > 60
    assert places == sorted(places)


def test_every_key_that_is_made_was_captured() -> None:
    open_one = json.loads((SAMPLES / "gamma_market_20260924.json").read_text())
    closed_one = json.loads((SAMPLES / "gamma_market_closed_20260924_excerpt.json").read_text())
    recorder = world.three_wallets()
    assert set(ask(recorder, "/markets")[0]) <= set(open_one)
    recorder.on_event(types.MarketResolved(ts=world.START, market=world.market(), payouts_micro=(1_000_000, 0)))
    assert set(ask(recorder, "/markets")[0]) <= set(open_one) | set(closed_one)


def test_values_have_the_types_of_captured_ones() -> None:
    captured = json.loads((SAMPLES / "gamma_market_20260924.json").read_text())
    made = ask(world.three_wallets(), "/markets")[0]
    numbers = (int, float)
    for key, value in made.items():
        alike = isinstance(value, numbers) and isinstance(captured[key], numbers)
        assert alike or type(value) is type(captured[key]), key


def test_the_decoder_reads_a_market_back() -> None:
    (row,) = decode_markets(body(world.three_wallets(), "/markets")).rows
    assert isinstance(row, MarketMeta)
    assert (row.market_id, row.token_ids, row.version) == (world.MARKET, (world.YES, world.NO), "v1")
    assert (row.tick_micro, row.min_order_micro, row.fee_rate_micro) == (10_000, 5_000_000, 50_000)
    assert (row.neg_risk, row.seconds_delay, row.resolved) == (True, 1, False)
    assert row.end_ts == world.START + 7_200 * NANOS


def test_a_resolved_market_is_decoded_with_its_payouts() -> None:
    recorder = world.three_wallets()
    recorder.on_event(types.MarketResolved(ts=world.START, market=world.market(), payouts_micro=(0, 1_000_000)))
    (row,) = decode_markets(body(recorder, "/markets", closed="true")).rows
    assert isinstance(row, MarketMeta)
    assert (row.resolved, row.payouts_micro) == (True, (0, 1_000_000))
    assert ask(recorder, "/markets", closed="false") == []


def many(count: int) -> Recorder:
    recorder = Recorder()
    for number in range(count):
        listed = world.market(condition_id=f"0x{number:064x}", token_ids=(str(10 + 2 * number), str(11 + 2 * number)))
        listed = msgspec.structs.replace(listed, slug=f"market-{number}", version="v2" if number == 3 else "v1")
        recorder.on_event(types.MarketAdded(ts=world.START, market=listed))
    return recorder


def test_keyset_pages_give_every_market_once() -> None:
    recorder = many(25)
    seen: list[str] = []
    cursor = ""
    while True:
        page = ask(recorder, "/markets/keyset", limit=10, **({"after_cursor": cursor} if cursor else {}))
        seen += [market["slug"] for market in page["markets"]]
        cursor = page.get("next_cursor", "")
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == 24


def test_lists_hold_only_v1_markets_unless_asked() -> None:
    recorder = many(5)
    assert "market-3" not in [market["slug"] for market in ask(recorder, "/markets")]
    assert [market["slug"] for market in ask(recorder, "/markets", version="v2")] == ["market-3"]


def test_filters_take_several_ids() -> None:
    recorder = many(6)
    found = ask(recorder, "/markets", condition_ids=f"0x{1:064x},0x{4:064x}")
    assert [market["slug"] for market in found] == ["market-1", "market-4"]
    assert [market["slug"] for market in ask(recorder, "/markets", clob_token_ids="11")] == ["market-0"]


def test_events_hold_their_markets() -> None:
    recorder = many(3)
    (event,) = ask(recorder, "/events")
    assert [market["slug"] for market in event["markets"]] == ["market-0", "market-1", "market-2"]
    assert ask(recorder, f"/events/slug/{event['slug']}")["id"] == event["id"]
    assert ask(recorder, f"/events/{event['id']}")["slug"] == event["slug"]


def test_unknown_markets_are_not_found() -> None:
    gamma = Gamma(many(1).record, lambda: world.START)
    assert gamma.router(Request("GET", "/markets/slug/none")).status == 404
    assert gamma.router(Request("GET", "/markets", {"limit": "many"})).status == 422
