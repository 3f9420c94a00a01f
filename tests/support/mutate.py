"""Seeded mutation of the venue's frames: values, keys and types of one row among good neighbours, or raw bytes.

Each case is a decoder with the captured (or built) rows it reads, and how rows are put into a frame.
"""

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import msgspec

from tests.support import chain_logs
from whaletrader.datasets.decode import chain_logs as chain
from whaletrader.datasets.decode import clob_market, clob_user, data_api_v2, gamma, rtds, subgraph
from whaletrader.datasets.decode.rows import Decoded, Reject, VenueFill

SAMPLES = Path(__file__).resolve().parents[1] / "data/polymarket/samples"
_ODD: tuple[Any, ...] = (
    None,
    "",
    " ",
    True,
    False,
    0,
    -1,
    -0.0,
    1e308,
    5e-324,
    10**30,
    -(10**30),
    2**63,
    "NaN",
    "Infinity",
    "-1",
    "1e400",
    "1e-400",
    "0x",
    "0X12",
    "999",
    "١٢٣",
    "\ud800",
    "\x00",
    "x" * 5_000,
    "9" * 400,
    [],
    {},
    [[]],
    [None],
    {"a": {"a": {}}},
    "[",
    '["1", "2"]',
    "2026-13-45T99:99:99Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59.999999999Z",
    "0x" + "f" * 62,
    "0x" + "F" * 64,
)


class Case(NamedTuple):
    """A decoder and what it reads."""

    name: str
    decode: Callable[[bytes], Decoded]
    rows: list[Any]
    frame: Callable[[list[Any]], Any]


class Counts(NamedTuple):
    """What became of the mutated frames."""

    frames: int
    rows: int
    rejects: int
    silent: int


def sample(name: str) -> Any:
    """Return a captured answer's rows."""
    content = json.loads((SAMPLES / name).read_bytes())
    if isinstance(content, dict) and isinstance(content.get("data"), list):
        return content["data"]
    return content if isinstance(content, list) else [content]


def _bare(rows: list[Any]) -> Any:
    return rows


def _paged(rows: list[Any]) -> Any:
    return {"data": rows, "pagination": {"limit": 100, "offset": 0, "has_more": False, "next_cursor": None}}


_POOLED = {
    "id": chain_logs.TX,
    "timestamp": "1620000000",
    "type": "Buy",
    "market": {"id": chain_logs.MAKER, "conditions": [chain_logs.CONDITION]},
    "user": chain_logs.MAKER,
    "tradeAmount": "10000000",
    "feeAmount": "200000",
    "outcomeIndex": "1",
    "outcomeTokensAmount": "19600000",
}
"""A trade with a pool of the AMM era."""


def cases() -> list[Case]:
    """Return every decoder with its samples."""
    fills = [{"id": f"{chain_logs.TX}_{chain_logs.ORDER}", "transactionHash": chain_logs.TX, "fee": "0"}]
    fills[0] |= {"timestamp": "1690000000", "maker": chain_logs.MAKER, "taker": chain_logs.TAKER, "makerAssetId": "0"}
    fills[0] |= {"takerAssetId": str(chain_logs.TOKEN), "makerAmountFilled": "31", "takerAmountFilled": "50"}
    return [
        Case("rtds", rtds.decode_rtds, sample("rtds_activity_trades_20260924.json"), _bare),
        Case("market", clob_market.decode_market, sample("clob_ws_market_20260924.json"), _bare),
        Case("book", clob_market.decode_book, sample("clob_rest_book_20260924.json"), _bare),
        Case("user", clob_user.decode_user, sample("clob_ws_user_docs.json"), _bare),
        Case("trades_v1", data_api_v2.decode_trades, sample("data_v1_trades_20260924.json"), _bare),
        Case("trades_v2", data_api_v2.decode_trades, sample("data_v2_trades_20260908.json"), _paged),
        Case("activity_v2", data_api_v2.decode_activity, sample("data_v2_activity_20260908.json"), _paged),
        Case("positions_v2", data_api_v2.decode_positions, sample("data_v2_positions_20260908.json"), _paged),
        Case("closed_v1", data_api_v2.decode_positions, sample("data_v1_closed_positions_20260924.json"), _bare),
        Case("resolutions", data_api_v2.decode_resolutions, sample("data_v2_resolutions.json"), _paged),
        Case("gamma", gamma.decode_markets, sample("gamma_market_20260924.json"), _bare),
        Case("gamma_closed", gamma.decode_markets, sample("gamma_market_closed_20260924_excerpt.json"), _bare),
        Case("chain", chain.decode_logs, chain_logs.every_kind(), lambda rows: {"jsonrpc": "2.0", "result": rows}),
        Case("subgraph", subgraph.decode_subgraph, fills, lambda rows: {"data": {"orderFilledEvents": rows}}),
        Case("pools", subgraph.decode_subgraph, [_POOLED] * 3, lambda rows: {"data": {"fpmmTransactions": rows}}),
    ]


def fuzz(seed: int, count: int) -> Iterator[tuple[str, Counts]]:
    """Decode `count` mutated frames of every case in turn, and yield the counts of each.

    Raises
    ------
    AssertionError
        A decoder raised, a neighbour's row was lost or changed, or what was refused has no reason.
    """
    known = cases()
    for number, case in enumerate(known):
        random = Random(f"{seed}/{case.name}")
        share = count // len(known) + (number < count % len(known))
        good = [(row, _decode(case, case.frame([row])).rows) for row in case.rows]
        tally = [0, 0, 0]
        for _ in range(share):
            found = _raw(case, random) if random.random() < 0.2 else _among(case, random, good)
            tally[0] += len(found.rows)
            tally[1] += len(found.rejects)
            tally[2] += not found.rows and not found.rejects
        yield case.name, Counts(share, *tally)


def _among(case: Case, random: Random, good: list[tuple[Any, Any]]) -> Decoded:
    """Decode a mutated row between two good ones, which must come through."""
    before, after = random.choice(good), random.choice(good)
    bad = mutated(random, random.choice(case.rows))
    found = _decode(case, case.frame([before[0], bad, after[0]]))
    assert found.rows[: len(before[1])] == before[1], (case.name, bad)
    assert found.rows[len(found.rows) - len(after[1]) :] == after[1], (case.name, bad)
    middle = len(found.rows) - len(before[1]) - len(after[1])
    assert middle >= 0, (case.name, bad)
    return Decoded(found.rows[len(before[1]) : len(before[1]) + middle], found.rejects)


def _raw(case: Case, random: Random) -> Decoded:
    raw = bytearray(json.dumps(case.frame([random.choice(case.rows)])).encode())
    for _ in range(random.randint(1, 4)):
        place = random.randrange(len(raw)) if raw else 0
        kind = random.randrange(4)
        if kind == 0 and raw:
            raw[place] = random.randrange(256)
        elif kind == 1:
            raw[place:place] = bytes(random.randrange(256) for _ in range(random.randint(1, 5)))
        elif kind == 2:
            del raw[place : place + random.randint(1, 40)]
        elif random.random() < 0.3:
            del raw[place:]
    return _checked(case, bytes(raw))


def _decode(case: Case, content: Any) -> Decoded:
    return _checked(case, json.dumps(content).encode())


def _checked(case: Case, frame: bytes) -> Decoded:
    try:
        found = case.decode(frame)
    except Exception as error:
        raise AssertionError(f"{case.name}: {error!r} for {frame[:2_000]!r}") from error
    for reject in found.rejects:
        assert isinstance(reject, Reject), reject
        assert reject.reason.isidentifier(), reject
        assert len(reject.head) <= 256, reject
    for row in found.rows:
        if isinstance(row, VenueFill):
            msgspec.msgpack.encode(row)
            assert 0 <= row.price_micro <= 1_000_000, row
            assert row.size_micro > 0, row
    return found


def mutated(random: Random, row: Any) -> Any:
    """Return a copy of a row with something wrong, somewhere."""
    if random.random() < 0.03:
        return random.choice(_ODD)
    copied = copy.deepcopy(row)
    for _ in range(random.randint(1, 3)):
        _spoil(random, copied)
    return copied


def _spoil(random: Random, thing: Any) -> None:
    """Change one place of a list or an object, deep inside as likely as not."""
    places = list(thing) if isinstance(thing, dict) else list(range(len(thing))) if isinstance(thing, list) else []
    if not places:
        return
    place = random.choice(places)
    if isinstance(thing[place], (dict, list)) and thing[place] and random.random() < 0.7:
        _spoil(random, thing[place])
        return
    kind = random.randrange(5)
    if kind == 0:
        del thing[place]
    elif kind == 1 and isinstance(thing, dict):
        thing[str(place) + random.choice("xX_ ")] = thing.pop(place)
    elif kind == 2:
        thing[place] = _respelt(random, thing[place])
    else:
        thing[place] = copy.deepcopy(random.choice(_ODD))


def _respelt(random: Random, value: Any) -> Any:
    """Return a value in another spelling: numbers as text, text as numbers, other letters, cut short."""
    if isinstance(value, (int, float)):
        return random.choice([str(value), -value, value * 1_000, value / 3, [value]])
    if isinstance(value, str):
        return random.choice(
            [value.upper(), value[: len(value) // 2], value + "0", value.swapcase(), [value], f" {value} "]
        )
    return str(value)
