"""The canonical tables: column names, types and what they mean; nothing else reads or writes a dataset.

A dataset is a folder with `dataset.json` (see `manifest`) and one Parquet file, or a folder of ordered parts, per
table. Ids are coded as uint32 row numbers of the dictionary tables (`wallets`, `markets`, `tokens`, `transactions`);
`NO_ID` stands for none. Money, prices and shares are int64 micro-units, times UTC nanoseconds. Rows of a time table
are sorted by (ts, source, source row).
"""

import polars as pl

SCHEMA_VERSION = 1
NO_ID = 0xFFFFFFFF
MOST_COPIES = 0xFFFF
"""The greatest `dup_rank`: further copies of a fill share it."""

_I8, _I16, _I64, _U16, _U32 = pl.Int8(), pl.Int16(), pl.Int64(), pl.UInt16(), pl.UInt32()
_TEXT, _FLAG = pl.String(), pl.Boolean()

TABLES: dict[str, dict[str, pl.DataType]] = {
    "wallets": {
        "wallet": _U32,  # equals the row number, like the first column of every dictionary table
        "address": _TEXT,  # lower case
        "truncated": _FLAG,  # the tape does not hold the whole history: statistics that need it are withheld
        "truncation_reason": _TEXT,  # empty when not truncated
    },
    "markets": {
        "market": _U32,
        "condition_id": _TEXT,
        "slug": _TEXT,
        "question": _TEXT,
        "category": _TEXT,  # a word of `categories.CATEGORIES`
        "event_group": _TEXT,  # EventGroupId: neg-risk/event slug, else the condition id itself
        "neg_risk": _FLAG,
        "tick_micro": _I64,  # null where unknown
        "min_order_micro": _I64,  # shares, null where unknown
        "start_ts": _I64,  # null where unknown
        "end_ts": _I64,  # scheduled end, null where unknown
        "resolved": _FLAG,
        "payout0_micro": _I64,  # payout of outcome 0 per share (0, 500000, 1000000), null when not resolved
        "resolved_ts": _I64,  # when a follower could have known, null where unknown
        "resolved_ts_kind": _TEXT,  # exact, closed, redeemed, upper_bound, unknown
    },
    "tokens": {
        "token": _U32,
        "token_id": _TEXT,  # decimal string; "<condition id>:<outcome index>" where the source never names it
        "market": _U32,  # token 2m + i is outcome i of market m; tokens of unknown markets (NO_ID) follow
        "outcome_index": _I8,  # 0 or 1, null where the market is unknown
        "outcome": _TEXT,
    },
    "transactions": {"transaction": _U32, "tx_hash": _TEXT},
    "fee_schedules": {  # in force from `from_ts` on: fee = shares * rate * [p if times_price] * (p(1-p))^exponent
        "market": _U32,
        "from_ts": _I64,
        "rate_micro": _I64,
        "exponent": _I8,
        "times_price": _FLAG,  # the 15-minute crypto formula of early 2026
        "provenance": _TEXT,  # FeeProvenance
    },
    "trades": {
        "ts": _I64,
        "wallet": _U32,
        "token": _U32,
        "market": _U32,
        "outcome_index": _I8,
        "side": _I8,  # TapeSide
        "role": _I8,  # TapeRole
        "price_micro": _I64,
        "size_micro": _I64,
        "fee_micro": _I64,  # what the wallet paid, null where unknown
        "transaction": _U32,  # NO_ID where the source gives none
        "dup_rank": _U16,  # 0 for the first of exactly equal source rows, then 1, 2, …
        "source": _I16,  # index into the manifest's sources
        "source_row": _I64,
    },
    "activity": {
        "ts": _I64,
        "wallet": _U32,
        "kind": _TEXT,  # SPLIT, MERGE, REDEEM, CONVERSION, MIGRATION, REWARD, YIELD, MAKER_REBATE, …
        "market": _U32,
        "token": _U32,
        "size_micro": _I64,
        "usd_micro": _I64,
        "transaction": _U32,
        "source": _I16,
        "source_row": _I64,
    },
    "positions": {  # snapshots: survivorship-biased, never a source of win rates
        "wallet": _U32,
        "token": _U32,
        "market": _U32,
        "size_micro": _I64,
        "avg_price_micro": _I64,
        "total_bought_micro": _I64,
        "realized_pnl_micro": _I64,
        "price_micro": _I64,
        "redeemable": _FLAG,
        "first_seen_ts": _I64,
        "last_seen_ts": _I64,
        "source": _I16,
        "source_row": _I64,
    },
    "signals": {  # a leader's position found by polling: opened in (prev_seen_ts, ts]
        "ts": _I64,
        "prev_seen_ts": _I64,
        "wallet": _U32,
        "token": _U32,
        "market": _U32,
        "outcome_index": _I8,
        "size_micro": _I64,
        "avg_price_micro": _I64,  # the leader's; never ours
        "price_micro": _I64,  # of the token when the position was found
        "source": _I16,
        "source_row": _I64,
    },
    "prices": {"ts": _I64, "token": _U32, "price_micro": _I64, "source": _I16},
    "quotes": {  # best bid and ask
        "ts": _I64,
        "token": _U32,
        "bid_micro": _I64,
        "ask_micro": _I64,
        "bid_size_micro": _I64,
        "ask_size_micro": _I64,
        "source": _I16,
    },
    "book_levels": {  # a snapshot's levels (kind 0) and absolute new sizes (kind 1)
        "ts": _I64,
        "seq": _I64,
        "token": _U32,
        "kind": _I8,
        "side": _I8,  # TapeSide: BUY is the bid
        "price_micro": _I64,
        "size_micro": _I64,
        "source": _I16,
    },
    "truth": {  # simulated datasets only: what a wallet really is
        "wallet": _U32,
        "label": _TEXT,  # `LABELS` of `simulator.universe.params`, which says what each is
        "edge_micro": _I64,  # expected per share: of a follower, net, in a population; of its own purchases in the demo
    },
    "mended": {  # trades and signals whose market or outcome index the source lacked and the dictionaries supplied
        "source": _I16,
        "source_row": _I64,
        "what": _TEXT,  # market, outcome
    },
    "rejects": {"source": _I16, "source_row": _I64, "reason": _TEXT, "row": _TEXT},
}
"""Column types by table name."""

NULLABLE: dict[str, frozenset[str]] = {
    "markets": frozenset({"tick_micro", "min_order_micro", "start_ts", "end_ts", "payout0_micro", "resolved_ts"}),
    "tokens": frozenset({"outcome_index"}),
    "trades": frozenset({"fee_micro"}),
    "activity": frozenset({"usd_micro"}),
    "positions": frozenset(TABLES["positions"]) - {"wallet", "token", "market", "source", "source_row"},
    "signals": frozenset({"prev_seen_ts", "avg_price_micro"}),
    "quotes": frozenset({"bid_size_micro", "ask_size_micro"}),
}
"""Columns that may be null, by table; no other one may."""

DICTIONARIES = ("wallets", "markets", "tokens", "transactions")
TIME_TABLES = ("trades", "activity", "signals", "prices", "quotes", "book_levels")
