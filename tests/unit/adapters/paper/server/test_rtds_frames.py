"""Frames of the activity stream, against captured ones and through the decoder."""

import json
from pathlib import Path

from tests.support import venue_record as world
from whaletrader.adapters.paper.server.rtds_frames import TEXT_NUMBERS, activity_frame, refusal_frame
from whaletrader.datasets.decode.rows import VenueFill
from whaletrader.datasets.decode.rtds import decode_rtds
from whaletrader.domain.values import NANOS, Role

SAMPLES = Path("tests/data/polymarket/samples")


def frames(kind: str = "trades") -> list[bytes]:
    record = world.three_wallets().record
    return [activity_frame(record, leg, kind=kind, connection="c", sent_ns=leg.ts + NANOS) for leg in record.legs.rows]


def test_a_taker_row_has_the_keys_of_a_captured_one_in_their_order() -> None:
    captured = json.loads((SAMPLES / "rtds_activity_trades_20260924.json").read_text())[0]
    made = json.loads(frames()[-1])
    assert list(made) == list(captured)
    assert list(made["payload"]) == list(captured["payload"])


def test_a_maker_row_has_the_keys_of_a_captured_one_in_their_order() -> None:
    captured = json.loads((SAMPLES / "rtds_activity_trades_live_20260725.jsonl").read_text().splitlines()[0])
    assert list(json.loads(frames()[0])["payload"]) == list(captured["payload"])


def test_wallets_are_checksummed_and_numbers_are_numbers() -> None:
    payload = json.loads(frames()[-1])["payload"]
    assert payload["proxyWallet"] == "0xf5848342fc388908f2D25a9012Cc18a0Ad193979"
    assert (payload["size"], payload["price"], payload["fee"]) == (15, 0.6033333333, 0.09)


def test_the_decoder_reads_every_row_back() -> None:
    fills = [row for frame in frames() for row in decode_rtds(frame).rows]
    assert all(isinstance(row, VenueFill) for row in fills)
    told = [(row.wallet, row.side, row.size_micro, row.price_micro, row.role) for row in fills]  # type: ignore[union-attr]
    assert told == [
        (world.MAKER, "SELL", 10_000_000, 600_000, ""),
        (world.SECOND_MAKER, "BUY", 5_000_000, 390_000, ""),
        (world.TAKER, "BUY", 15_000_000, 603_333, Role.TAKER),
    ]


def test_a_share_of_rows_tells_its_numbers_as_text_and_decodes_alike() -> None:
    matches = tuple(
        world.trade(number, (world.fill(number, world.MAKER, world.YES, "SELL", 600_000, 7_000_000),))
        for number in range(1, 3 * TEXT_NUMBERS)
    )
    record = world.recorder_of(matches).record
    made = [activity_frame(record, leg, kind="trades", connection="c", sent_ns=leg.ts) for leg in record.legs.rows]
    texts = [frame for frame in made if isinstance(json.loads(frame)["payload"]["size"], str)]
    assert texts
    for frame in texts:
        (row,) = decode_rtds(frame).rows
        assert isinstance(row, VenueFill)
        assert (row.size_micro, row.ts_event) == (7_000_000, world.START)


def test_orders_matched_carries_no_fee() -> None:
    assert "fee" not in json.loads(frames("orders_matched")[-1])["payload"]


def test_an_unknown_topic_is_refused_with_401() -> None:
    frame = json.loads(refusal_frame("c", "activities", "trades", world.START))
    assert frame["statusCode"] == 401
    assert "not found" in frame["payload"]["message"]
