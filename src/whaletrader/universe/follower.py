"""What a follower would have got for every leader event, or why that cannot be said.

A fill's entry is the first print of somebody else, either outcome of the market, in [t + d, t + d + w]; a position
signal's is the market's price when the position was found. To it come half-spread, impact and the market's taker fee.
A passive follower rests a limit at the leader's price (a position's: the market's price when found) from t + d on. It
is filled only when somebody else trades through it and then pays no fee, spread or impact; `adverse_micro` says how far
the market stood below it some time later, and `print_price_micro` is the limit.
The exit mirrors the leader's first later sell of the token (a priced print again), else is the resolution. Unless it is
a passive follower's limit, the leader's own price never stands in for ours: what cannot be priced is withheld with a
reason and stays in the table.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from whaletrader.datasets.schema import NO_ID
from whaletrader.domain.values import MICRO, NANOS, LeaderEventKind, TapeSide
from whaletrader.errors import UsageError
from whaletrader.universe.costs import PROVENANCES, cost_tables, impact_micro, quote_tape
from whaletrader.universe.entries import LARGE, STAKE_MICRO, Which, followed
from whaletrader.universe.excluded import venue_wallets
from whaletrader.universe.follower_kernel import COLUMNS, PRICED, Events, Policy, World, price_events
from whaletrader.universe.source import TableSource
from whaletrader.universe.tape import (
    NEVER,
    UNKNOWN_PAYOUT,
    exit_tape,
    market_facts,
    pool_keys,
    priceable,
    print_tape,
    usable_trades,
)

REASONS = (
    "priced",
    "market_unknown",
    "after_resolution",
    "no_print_in_window",
    "price_out_of_range",
    "leader_exited_first",
    "unresolved",
    "not_filled",
)
"""Values of `reason`; all but the first withhold the event."""
EXIT_KINDS = ("none", "mirror", "resolution")
KINDS = tuple(str(kind) for kind in LeaderEventKind)

_ENUMS = {
    "reason": pl.Enum(REASONS),
    "exit_kind": pl.Enum(EXIT_KINDS),
    "fee_provenance": pl.Enum([str(name) for name in PROVENANCES]),
}
_MET = ("entry_ts", "print_price_micro")
_PAID = ("spread_micro", "impact_micro", "fee_micro", "cost_micro", "spread_assumed", "fee_provenance")
_MARKED = ("mark_ts", "adverse_micro")
_LEFT = ("exit_ts", "exit_kind", "proceeds_micro", "edge_micro", "known_ts")
_SETTLED = ("market_settled", "market_settled_ts")
_EVENT_COLUMNS = ("row", "wallet", "token", "market", "outcome_index", "ts", "leader_price_micro", "size_micro")

ENTRIES, WHICH, EXITS = ("taker", "passive"), ("all", "first", "large"), ("mirror", "resolution")

LONGEST_SPAN_S = 366 * 86_400
"""Far beyond any use; in nanoseconds it is far from the end of 64 bits."""


@dataclass(frozen=True, slots=True)
class FollowerParams:
    """How a follower enters and leaves; delays below a second mean "the next second".

    `rest_s` is how long a passive limit rests after the delay; `mark_s` is how long after our fill the market is looked
    at for adverse selection.
    """

    delay_s: float = 5.0
    window_s: float = 60.0
    own_size_usd_micro: int = 50 * MICRO
    quote_staleness_s: float = 60.0
    exit: Literal["mirror", "resolution"] = "mirror"
    entry: Literal["taker", "passive"] = "taker"
    which: Which = "all"
    rest_s: float = 3_600.0
    mark_s: float = 60.0

    def __post_init__(self) -> None:
        spans = (self.delay_s, self.window_s, self.quote_staleness_s, self.rest_s, self.mark_s)
        if not all(0.0 <= span <= LONGEST_SPAN_S for span in spans):
            days = LONGEST_SPAN_S // 86_400
            raise UsageError(f"a follower's delay, window and age of quotes must lie between 0 s and {days} days")
        chosen = ((self.exit, EXITS), (self.entry, ENTRIES), (self.which, WHICH))
        if not all(value in known for value, known in chosen):
            raise UsageError(f"a follower enters as {ENTRIES}, follows {WHICH} and exits by {EXITS}")

    def policy(self) -> Policy:
        """The same in kernel units."""
        return Policy(
            delay_ns=round(self.delay_s * NANOS),
            window_ns=round(self.window_s * NANOS),
            staleness_ns=round(self.quote_staleness_s * NANOS),
            impact_micro=impact_micro(self.own_size_usd_micro),
            mirror=self.exit == "mirror",
            passive=self.entry == "passive",
            rest_ns=round(self.rest_s * NANOS),
            mark_ns=round(self.mark_s * NANOS),
        )


@dataclass(frozen=True, slots=True)
class FollowerTable:
    """All leader events of a dataset, priced once; `at` shows them as known at a time."""

    frame: pl.DataFrame
    params: FollowerParams
    fingerprint: str
    addresses: pl.DataFrame

    def at(self, as_of_ts: int | None, since_ts: int | None = None) -> pl.DataFrame:
        """Events up to `as_of_ts`, with what was known of them then; a later entry or exit is withheld."""
        frame = self.frame
        if since_ts is not None:
            frame = frame.filter(pl.col("ts") >= since_ts)
        never_met = "not_filled" if self.params.entry == "passive" else "no_print_in_window"
        return frame if as_of_ts is None else _known_at(frame, as_of_ts, never_met)


def _known_at(frame: pl.DataFrame, as_of_ts: int, never_met: str) -> pl.DataFrame:
    entered = (pl.col("entry_ts") <= as_of_ts).fill_null(value=False)
    settled = (pl.col("known_ts") <= as_of_ts).fill_null(value=False)
    reason = (
        pl.when(pl.col("entry_ts").is_not_null() & ~entered)
        .then(pl.lit(never_met, dtype=_ENUMS["reason"]))
        .when((pl.col("reason") == "priced") & ~settled)
        .then(pl.lit("unresolved", dtype=_ENUMS["reason"]))
        .otherwise(pl.col("reason"))
    )
    over = pl.col("market_settled") & (pl.col("market_settled_ts") <= as_of_ts).fill_null(value=False)
    ended = (over.alias(_SETTLED[0]), pl.when(over).then(_SETTLED[1]).alias(_SETTLED[1]))
    marked = (pl.when(pl.col("mark_ts") <= as_of_ts).then(pl.col(name)).alias(name) for name in _MARKED)
    return _only_known(frame.filter(pl.col("ts") <= as_of_ts).with_columns(reason.alias("reason"), *marked, *ended))


def _only_known(frame: pl.DataFrame) -> pl.DataFrame:
    """Null every amount and time that the row's reason does not give: nothing of the future stays in a row."""
    reason = pl.col("reason").cast(pl.String)
    priced, paid = reason == "priced", reason.is_in(["priced", "unresolved", "leader_exited_first"])
    met = ~reason.is_in(["no_print_in_window", "not_filled", "market_unknown"]) & pl.col("entry_ts").is_not_null()
    marked = paid & pl.col("mark_ts").is_not_null()
    keep = {
        **dict.fromkeys(_MET, met),
        **dict.fromkeys(_PAID, paid),
        **dict.fromkeys(_MARKED, marked),
        **dict.fromkeys(_LEFT, priced),
    }
    return frame.with_columns(pl.when(kept).then(pl.col(name)).otherwise(None) for name, kept in keep.items())


@dataclass(frozen=True, slots=True)
class FollowerInputs:
    """A dataset's leader events by kind and the world they are priced in, gathered once for any parameters."""

    events: dict[str, pl.DataFrame]
    world: World
    fingerprint: str
    addresses: pl.DataFrame


def build_follower_table(source: TableSource, params: FollowerParams | None = None) -> FollowerTable:
    """Price every leader event of a dataset, of both kinds."""
    return price_inputs(follower_inputs(source), params or FollowerParams())


def price_inputs(inputs: FollowerInputs, params: FollowerParams) -> FollowerTable:
    """Price the gathered events that the parameters follow; the others are no events of that table."""
    frames = [
        _priced(followed(events, params.which), kind, inputs.world, params.policy())
        for kind, events in inputs.events.items()
    ]
    return FollowerTable(pl.concat(frames), params, inputs.fingerprint, inputs.addresses)


def follower_inputs(source: TableSource) -> FollowerInputs:
    """Gather events of both kinds and all that prices them; the venue's own addresses are no leaders."""
    trades, markets = usable_trades(source), source.table("markets")
    n_tokens = source.table("tokens").height
    world = World(
        prints=print_tape(trades, markets.height),
        exits=exit_tape(trades),
        facts=market_facts(markets),
        costs=cost_tables(markets, source.table("fee_schedules")),
        quotes=quote_tape(source.table("quotes"), n_tokens),
    )
    excluded = venue_wallets(source.table("wallets"))
    events = dict(zip(KINDS, (_fills(trades), _positions(source.table("signals"))), strict=True))
    wanted = {kind: found.filter(~pl.col("wallet").is_in(excluded.implode())) for kind, found in events.items()}
    addresses = source.table("wallets").select("wallet", "address", "truncated")
    return FollowerInputs(wanted, world, source.fingerprint, addresses)


def follower_returns(
    source: TableSource,
    params: FollowerParams | None = None,
    *,
    kind: LeaderEventKind | None = None,
    as_of_ts: int | None = None,
    wallets: list[int] | None = None,
) -> pl.DataFrame:
    """One row per leader event: price paid, costs, exit and edge per share, or the reason why it is withheld."""
    frame = build_follower_table(source, params).at(as_of_ts)
    if kind is not None:
        frame = frame.filter(pl.col("kind") == str(kind))
    return frame if wallets is None else frame.filter(pl.col("wallet").is_in(wallets))


def _fills(trades: pl.DataFrame) -> pl.DataFrame:
    buys = trades.filter(pl.col("side") == int(TapeSide.BUY)).with_columns(STAKE_MICRO.alias("stake_micro"))
    named = buys.rename({"price_micro": "leader_price_micro"})
    return named.select(
        *_EVENT_COLUMNS,
        "transaction",
        "stake_micro",
        *_large_if_known(trades),
        pl.lit(-1, pl.Int64).alias("entry_price"),
        pl.col("leader_price_micro").alias("limit"),
    )


def _positions(signals: pl.DataFrame) -> pl.DataFrame:
    found = signals.with_row_index("row").rename({"avg_price_micro": "leader_price_micro"})
    price = pl.col("price_micro").fill_null(0).clip(0, MICRO)
    return found.select(
        *_EVENT_COLUMNS,
        pl.lit(NO_ID, pl.UInt32).alias("transaction"),
        STAKE_MICRO.alias("stake_micro"),
        *_large_if_known(signals),
        price.alias("entry_price"),
        price.alias("limit"),
    )


def _large_if_known(table: pl.DataFrame) -> list[str]:
    return [LARGE] if LARGE in table.columns else []


def _priced(events: pl.DataFrame, kind: str, world: World, policy: Policy) -> pl.DataFrame:
    out = price_events(_kernel_events(events, world.facts.payout0.size), world, policy)
    facts = _of_markets(events, world)
    columns = {name: out[row] for row, name in enumerate(COLUMNS)}
    label = pl.lit(kind, dtype=pl.Enum(KINDS)).alias("kind")
    frame = events.select(label, *_EVENT_COLUMNS).with_columns(*facts, *(pl.Series(n, v) for n, v in columns.items()))
    typed = frame.with_columns(
        *(_decoded(name, dtype) for name, dtype in _ENUMS.items()),
        *(_without(name, NEVER) for name in ("entry_ts", "exit_ts", "known_ts", "mark_ts", _SETTLED[1])),
        pl.col("spread_assumed").cast(pl.Boolean),
    )
    return _only_known(typed)


def _kernel_events(events: pl.DataFrame, n_markets: int) -> Events:
    known = priceable(events, n_markets)
    found = events.with_columns(
        pl.when(known).then(pl.col("market").cast(pl.Int64)).otherwise(-1).alias("market"),
        pl.when(known).then(pl.col("outcome_index").cast(pl.Int64)).otherwise(-1).alias("outcome_index"),
    )

    def ints(name: str) -> NDArray[np.int64]:
        return found[name].cast(pl.Int64).to_numpy(writable=True)

    return Events(
        wallet=ints("wallet"),
        token=ints("token"),
        market=ints("market"),
        outcome=ints("outcome_index"),
        ts=ints("ts"),
        transaction=ints("transaction"),
        key=pool_keys(events),
        entry_price=ints("entry_price"),
        limit=ints("limit"),
    )


def _of_markets(events: pl.DataFrame, world: World) -> tuple[pl.Series, pl.Series, pl.Series]:
    """Event-group code of every event, -1 where the market is unknown; whether and when its market has resolved."""
    market = events["market"].cast(pl.Int64).to_numpy(writable=True)
    known = market < world.facts.group.size
    group, settled, when = (
        np.full(market.size, -1, np.int64),
        np.zeros(market.size, np.bool_),
        np.full(market.size, NEVER),
    )
    group[known] = world.facts.group[market[known]]
    settled[known] = world.facts.payout0[market[known]] != UNKNOWN_PAYOUT
    when[known] = world.facts.resolved_ts[market[known]]
    return pl.Series("group", group), pl.Series(_SETTLED[0], settled), pl.Series(_SETTLED[1], when)


def _decoded(name: str, dtype: pl.Enum) -> pl.Expr:
    return pl.col(name).replace_strict(dict(enumerate(dtype.categories)), return_dtype=dtype)


def _without(name: str, sentinel: int) -> pl.Expr:
    return pl.when(pl.col(name) == sentinel).then(None).otherwise(pl.col(name)).alias(name)


assert REASONS[PRICED] == "priced"
