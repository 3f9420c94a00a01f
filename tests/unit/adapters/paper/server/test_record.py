"""The public record: what is known when, by wallet and by market, against a plain list."""

from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.adapters.paper.server.record import Card, Leg, Move, Profile, Record, Standing, Timed

WALLETS, MARKETS = ("0xa", "0xb"), ("0x1", "0x2", "0x3")


def card(market_id: str, **changes: object) -> Card:
    fields: dict[str, object] = {
        "market_id": market_id,
        "token_ids": (f"{market_id}y", f"{market_id}n"),
        "outcomes": ("Yes", "No"),
        "question": "",
        "slug": market_id,
        "number": 1,
        "event_number": 1,
        "event_slug": "",
        "event_title": "",
        "category": "",
    }
    return Card(**(fields | changes))  # type: ignore[arg-type]


def empty() -> Record:
    record = Record()
    for market_id in MARKETS:
        record.open_market(card(market_id), Standing(tick_micro=10_000))
    return record


def leg(number: int = 0, **changes: object) -> Leg:
    fields: dict[str, object] = {
        "wallet": "0xa",
        "market_id": "0x1",
        "token_id": "0x1y",
        "outcome_index": 0,
        "side": "BUY",
        "maker": False,
        "size_micro": 10_000_000,
        "usd_micro": 4_000_000,
        "fee_micro": 0,
        "ts": 0,
        "seen_ts": 0,
        "indexed_ts": 0,
        "tx_hash": f"0x{number}",
        "block": number,
        "log_index": 0,
        "order_hash": "",
    }
    return Leg(**(fields | changes))  # type: ignore[arg-type]


def move(number: int, wallet: str, indexed_ts: int) -> Move:
    return Move(
        kind="SPLIT",
        wallet=wallet,
        market_id="0x1",
        size_micro=1,
        usd_micro=1,
        ts=0,
        indexed_ts=indexed_ts,
        tx_hash=f"0x{number}",
        block=number,
        log_index=0,
    )


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 20), max_size=20), st.integers(-1, 21))
def test_a_row_is_known_once_it_and_all_before_it_are(indexed: list[int], now: int) -> None:
    timed: Timed[Leg] = Timed()
    for number, ts in enumerate(indexed):
        timed.add(leg(number, indexed_ts=ts))
    known = 0
    while known < len(indexed) and indexed[known] <= now:
        known += 1
    assert timed.known(now) == known


ROWS = st.lists(
    st.tuples(st.sampled_from(WALLETS), st.sampled_from(MARKETS), st.integers(0, 5), st.booleans()), max_size=20
)


@settings(max_examples=200, deadline=None)
@given(ROWS, st.sampled_from(["", *WALLETS, "0xc"]), st.lists(st.sampled_from([*MARKETS, "0x9"]), max_size=3))
def test_legs_come_newest_first_of_the_wallet_and_the_markets_that_are_named(
    rows: list[tuple[str, str, int, bool]], wallet: str, markets: list[str]
) -> None:
    record, now = empty(), 0
    plain = []
    for number, (of, market, wait, maker) in enumerate(rows):
        now += wait
        made = leg(number, wallet=of, market_id=market, token_id=f"{market}y", indexed_ts=now, maker=maker)
        record.add_leg(made)
        plain.append(made)
    for at in (-1, now // 2, now):
        wanted = [
            each
            for each in reversed(plain)
            if each.indexed_ts <= at and wallet in ("", each.wallet) and (not markets or each.market_id in markets)
        ]
        assert list(record.legs_newest_first(at, wallet=wallet, market_ids=markets)) == wanted


def test_moves_of_a_wallet_come_newest_first_once_they_are_indexed() -> None:
    record = empty()
    rows = [move(1, "0xa", 5), move(2, "0xb", 6), move(3, "0xa", 7)]
    for each in rows:
        record.add_move(each)
    assert list(record.moves_newest_first(6, "0xa")) == rows[:1]
    assert list(record.moves_newest_first(7, "0xa")) == [rows[2], rows[0]]
    assert list(record.moves_newest_first(9, "0xc")) == []


def test_asking_for_somebody_unknown_leaves_no_trace() -> None:
    record = empty()
    assert (
        list(record.legs_newest_first(9, wallet="0xc")) == list(record.legs_newest_first(9, market_ids=["0x9"])) == []
    )
    assert record.profile("0xc") == Profile()
    assert record.profiles == {}


def test_every_token_and_position_id_finds_its_market_and_outcome() -> None:
    record = Record()
    record.open_market(card("0x5", position_ids=("7", "8")), Standing(tick_micro=10_000))
    assert record.market_of_token == {"0x5y": ("0x5", 0), "0x5n": ("0x5", 1), "7": ("0x5", 0), "8": ("0x5", 1)}


def test_only_takers_move_the_volume_and_the_last_price_of_outcome_0() -> None:
    record = empty()
    standing = record.standings["0x1"]
    record.add_leg(leg(1, maker=True, usd_micro=9_000_000))
    assert (standing.volume_micro, standing.last_micro) == (0, 500_000)
    record.add_leg(leg(2))
    assert (standing.volume_micro, standing.last_micro) == (4_000_000, 400_000)
    record.add_leg(leg(3, token_id="0x1n", outcome_index=1, side="SELL", usd_micro=7_000_000))
    assert (standing.volume_micro, standing.last_micro) == (11_000_000, 300_000)
    assert record.standings["0x2"].volume_micro == 0


def test_a_price_is_collateral_per_share_with_ten_decimals() -> None:
    assert leg(size_micro=7_000_000, usd_micro=5_000_000).price == 0.7142857143
    assert leg(size_micro=1, usd_micro=1).price == 1.0
