"""What the public record takes from the exchange's events."""

import msgspec

from tests.support import venue_record as world
from whaletrader.adapters.paper.server import types
from whaletrader.adapters.paper.server.holding import Holding
from whaletrader.adapters.paper.server.holdings import holdings_of
from whaletrader.adapters.paper.server.record import Leg
from whaletrader.adapters.paper.server.recorder import Recorder
from whaletrader.domain.values import NANOS


def test_a_match_gives_a_leg_for_each_wallet_with_the_taker_summed() -> None:
    legs = world.three_wallets().record.legs.rows
    assert [(leg.wallet, leg.maker, leg.usd_micro, leg.fee_micro) for leg in legs] == [
        (world.MAKER, True, 6_000_000, 0),
        (world.SECOND_MAKER, True, 1_950_000, 0),
        (world.TAKER, False, 9_050_000, 90_000),
    ]
    assert [leg.log_index for leg in legs] == [0, 1, 2]


def test_a_match_is_not_public_before_its_block() -> None:
    recorder = Recorder()
    recorder.on_event(types.MarketAdded(ts=world.START, market=world.market()))
    made = world.trade(1, (world.fill(1, world.MAKER, world.YES, "SELL", 600_000, 10_000_000),))
    recorder.on_event(types.TradeUpdated(ts=world.START, trade=made, state=types.TradeState.MATCHED))
    assert recorder.record.legs.rows == []


def undone() -> tuple[Recorder, types.VenueTrade, list[Leg], list[Leg]]:
    """A recorder whose only block was taken back, its trade, and what its listeners are told."""
    made = world.trade(1, (world.fill(1, world.MAKER, world.YES, "SELL", 600_000, 10_000_000),))
    recorder, told, gone = Recorder(seed=1), [], []
    recorder.listen(told.append, gone.append)
    world.play(recorder, (made,))
    block = world.block_of(0, made)
    recorder.on_event(types.BlockRemoved(ts=block.ts, block=block))
    recorder.on_event(types.TradeUpdated(ts=block.ts, trade=made, state=types.TradeState.RETRYING))
    return recorder, made, told, gone


def test_a_block_that_is_taken_back_leaves_the_record_and_comes_again_with_the_next() -> None:
    recorder, made, told, gone = undone()
    assert recorder.record.legs.rows == []
    assert list(recorder.record.legs_newest_first(1 << 62, wallet=world.MAKER)) == []
    assert recorder.record.standings[world.MARKET].volume_micro == 0
    again = world.block_of(3, made)
    recorder.on_event(types.BlockMined(ts=again.ts, block=again))
    recorder.on_event(types.TradeUpdated(ts=again.ts, trade=made, state=types.TradeState.MINED))
    assert [leg.block for leg in recorder.record.legs.rows] == [world.FIRST_BLOCK + 3] * 2
    assert len(told) == 2
    assert gone == []


def test_a_trade_that_is_never_mined_again_is_taken_back_from_the_listeners_too() -> None:
    recorder, made, told, gone = undone()
    recorder.on_event(types.TradeUpdated(ts=world.START, trade=made, state=types.TradeState.FAILED))
    assert recorder.record.legs.rows == []
    assert gone == told


def test_fills_older_than_the_time_of_keeping_leave_what_they_came_to() -> None:
    hour = 3_600 * NANOS
    recorder, whole = Recorder(seed=1, keep_ns=hour), Recorder(seed=1)
    rows = [
        world.trade(n, (world.fill(n, world.MAKER, world.YES, "SELL", 500_000 + n * 1_000, 10_000_000),))
        for n in range(1, 40)
    ]
    for each in (recorder, whole):
        each.on_event(types.MarketAdded(ts=world.START, market=world.market()))
        for number, made in enumerate(rows):
            each.on_event(types.TradeUpdated(ts=world.START, trade=made, state=types.TradeState.MATCHED))
            block = world.block_of(number * 180, made)
            each.on_event(types.BlockMined(ts=block.ts, block=block))
    kept = recorder.record.legs.rows
    assert 2 * 10 <= len(kept) <= 2 * 13
    assert kept == whole.record.legs.rows[-len(kept) :]
    far = 1 << 62
    for asked in ({"wallet": world.TAKER}, {"wallet": world.MAKER}, {"market_ids": (world.MARKET,)}, {}):
        assert named(holdings_of(recorder.record, far, **asked)) == named(holdings_of(whole.record, far, **asked))
    assert len(list(recorder.record.legs_newest_first(far, market_ids=(world.MARKET,)))) == len(kept)


def named(holdings: list[Holding]) -> dict[tuple[str, str], Holding]:
    return {(each.wallet, each.token_id): each for each in holdings}


def test_a_failed_settlement_never_becomes_public() -> None:
    made = world.trade(1, (world.fill(1, world.MAKER, world.YES, "SELL", 600_000, 10_000_000),))
    recorder = Recorder()
    recorder.on_event(types.MarketAdded(ts=world.START, market=world.market()))
    for state in (types.TradeState.MATCHED, types.TradeState.RETRYING, types.TradeState.FAILED):
        recorder.on_event(types.TradeUpdated(ts=world.START, trade=made, state=state))
    recorder.on_event(types.BlockMined(ts=world.START, block=world.block_of(0)))
    assert recorder.record.legs.rows == []


def test_listeners_hear_each_leg_in_the_order_of_the_chain() -> None:
    recorder = Recorder()
    heard: list[Leg] = []
    recorder.listen(heard.append)
    recorder.on_event(types.MarketAdded(ts=world.START, market=world.market()))
    made = world.trade(1, (world.fill(1, world.MAKER, world.YES, "SELL", 600_000, 10_000_000),))
    recorder.on_event(types.TradeUpdated(ts=world.START, trade=made, state=types.TradeState.MATCHED))
    recorder.on_event(types.BlockMined(ts=world.START, block=world.block_of(0, made)))
    assert [leg.maker for leg in heard] == [True, False]


def test_index_lags_have_the_measured_median_and_tail() -> None:
    recorder = Recorder(seed=3)
    lags = sorted(recorder.index_lag_ns(f"0x{number:064x}") / NANOS for number in range(4_000))
    assert 1.0 < lags[2_000] < 1.4
    assert 3.0 < lags[3_800] < 4.5
    assert lags[-1] <= 23.0


def test_a_merge_becomes_a_move_of_the_block_that_holds_it() -> None:
    recorder = world.three_wallets()
    moved = types.PositionMoved(
        ts=world.START,
        kind="MERGE",
        wallet=world.MAKER.upper().replace("0X", "0x"),
        condition_id=world.MARKET,
        amount_micro=2_000_000,
        cash_micro=2_000_000,
        transaction_hash="0x" + "c" * 64,
    )
    block = msgspec.structs.replace(world.block_of(4), transactions=(moved.transaction_hash,))
    recorder.on_event(types.BlockMined(ts=block.ts, block=block))
    recorder.on_event(moved)
    (move,) = recorder.record.moves.rows
    assert (move.kind, move.wallet, move.size_micro) == ("MERGE", world.MAKER, 2_000_000)
    assert move.block == block.number


def test_a_resolution_is_dated_by_the_event_and_placed_by_the_log() -> None:
    recorder = world.three_wallets()
    resolved = types.MarketResolved(ts=world.START + NANOS, market=world.market(), payouts_micro=(1_000_000, 0))
    recorder.on_event(resolved)
    standing = recorder.record.standings[world.MARKET]
    assert (standing.payouts_micro, standing.resolved_ts, standing.accepting) == (
        (1_000_000, 0),
        world.START + NANOS,
        False,
    )
