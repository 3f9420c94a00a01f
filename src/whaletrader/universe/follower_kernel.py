"""Prices every leader event as a follower would have got it: one loop over events, fixed order, integers out.

What the columns mean is said by `follower`; which events there are is decided there too.
"""

from typing import NamedTuple

import numpy as np
from numba.extending import register_jitable
from numpy.typing import NDArray

from whaletrader.domain.values import MICRO, NANOS
from whaletrader.kernels import njit
from whaletrader.universe.costs import CostTables, QuoteTape, fee_per_share_micro, half_spread_micro
from whaletrader.universe.tape import (
    NEVER,
    UNKNOWN_PAYOUT,
    ExitTape,
    MarketFacts,
    PrintTape,
    first_exit_after,
    first_print_at,
    first_print_of_others,
    first_print_through,
)

Ints = NDArray[np.int64]

PRICED, MARKET_UNKNOWN, AFTER_RESOLUTION, NO_PRINT, OUT_OF_RANGE, EXITED_FIRST, UNRESOLVED, NOT_FILLED = range(8)
"""Codes of `reason`."""
EXIT_NONE, EXIT_MIRROR, EXIT_RESOLUTION = range(3)
"""Codes of `exit_kind`."""

COLUMNS = (
    "entry_ts", "print_price_micro", "spread_micro", "impact_micro", "fee_micro", "cost_micro", "spread_assumed",
    "fee_provenance", "exit_ts", "exit_kind", "proceeds_micro", "edge_micro", "known_ts", "mark_ts",
    "adverse_micro", "reason",
)  # fmt: skip
"""The kernel's output rows, in order."""
_ENTRY_TS, _PRINT, _SPREAD, _IMPACT, _FEE, _COST, _ASSUMED, _PROVENANCE = range(8)
_EXIT_TS, _EXIT_KIND, _PROCEEDS, _EDGE, _KNOWN_TS, _MARK_TS, _ADVERSE, _REASON = range(8, 16)

MARK_WITHIN_NS = 3_600 * NANOS
"""How long after its time a mark's print may come; later ones say little of the fill."""


_inlined = register_jitable(inline="always")
"""For parts of the one kernel: passed as arguments, the world's many arrays would cost more than the work."""


class Events(NamedTuple):
    """Leader events: `entry_price` is -1 where the entry is to be found on the tape (fills).

    `limit` is what a passive follower bids.
    """

    wallet: Ints
    token: Ints
    market: Ints
    outcome: Ints
    ts: Ints
    transaction: Ints
    key: NDArray[np.uint64]
    entry_price: Ints
    limit: Ints


class World(NamedTuple):
    """Everything that events are priced against."""

    prints: PrintTape
    exits: ExitTape
    facts: MarketFacts
    costs: CostTables
    quotes: QuoteTape


class Policy(NamedTuple):
    """Follower parameters in kernel units."""

    delay_ns: int
    window_ns: int
    staleness_ns: int
    impact_micro: int
    mirror: bool
    passive: bool
    rest_ns: int
    mark_ns: int


@njit(cache=True)  # type: ignore[untyped-decorator]
def price_events(events: Events, world: World, policy: Policy) -> Ints:
    """Price all events: shape (16, n), rows named by `COLUMNS`; amounts that do not exist are 0, times `NEVER`."""
    n = events.ts.size
    out = np.zeros((16, n), np.int64)
    for i in range(n):
        out[_ENTRY_TS, i] = out[_EXIT_TS, i] = out[_KNOWN_TS, i] = out[_MARK_TS, i] = NEVER
        reason = _enter(events, world, policy, i, out)
        if reason == PRICED:
            reason = _leave(events, world, policy, i, out)
        out[_REASON, i] = reason
    return out


@_inlined  # type: ignore[untyped-decorator]
def _enter(events: Events, world: World, policy: Policy, i: int, out: Ints) -> int:
    market, ts = events.market[i], events.ts[i]
    if market < 0 or events.outcome[i] < 0:
        return MARKET_UNKNOWN
    resolved_ts = world.facts.resolved_ts[market]
    if ts >= resolved_ts:
        return AFTER_RESOLUTION
    if policy.passive:
        return int(_rest(events, world, policy, i, out))
    price, when, row = events.entry_price[i], ts, -1
    if price < 0:
        row = first_print_of_others(
            world.prints, market, ts, policy.delay_ns, policy.window_ns, events.wallet[i], events.transaction[i]
        )
        if row < 0:
            return NO_PRINT
        price, when = _token_price(world.prints, row, events.outcome[i]), world.prints.ts[row]
    out[_ENTRY_TS, i], out[_PRINT, i] = when, price
    if when >= resolved_ts:
        return AFTER_RESOLUTION
    reason = _pay(events, world, policy, i, out)
    if reason == PRICED:
        _mark(events, world, policy, i, row, out)
    return int(reason)


@_inlined  # type: ignore[untyped-decorator]
def _pay(events: Events, world: World, policy: Policy, i: int, out: Ints) -> int:
    market, when, price = events.market[i], out[_ENTRY_TS, i], out[_PRINT, i]
    if price <= 0 or price >= MICRO:
        return OUT_OF_RANGE
    spread, assumed = half_spread_micro(
        world.costs, world.quotes, market, events.token[i], when, price, policy.staleness_ns
    )
    paid = price + spread + policy.impact_micro
    if paid >= MICRO:
        return OUT_OF_RANGE
    fee, provenance = fee_per_share_micro(world.costs, market, when, paid)
    out[_SPREAD, i], out[_ASSUMED, i], out[_IMPACT, i] = spread, int(assumed), policy.impact_micro
    out[_FEE, i], out[_PROVENANCE, i], out[_COST, i] = fee, provenance, paid + fee
    return PRICED


@_inlined  # type: ignore[untyped-decorator]
def _rest(events: Events, world: World, policy: Policy, i: int, out: Ints) -> int:
    """Fill our limit where somebody else trades through it; a maker pays the limit and nothing else."""
    market, limit = events.market[i], events.limit[i]
    if limit <= 0 or limit >= MICRO:
        return OUT_OF_RANGE
    row = first_print_through(
        world.prints, market, events.ts[i], policy.delay_ns, policy.rest_ns, events.wallet[i], events.transaction[i],
        events.outcome[i], limit,
    )  # fmt: skip
    if row < 0 or world.prints.ts[row] >= world.facts.resolved_ts[market]:
        return NOT_FILLED
    when = world.prints.ts[row]
    _, provenance = fee_per_share_micro(world.costs, market, when, limit)
    out[_ENTRY_TS, i], out[_PRINT, i], out[_COST, i], out[_PROVENANCE, i] = when, limit, limit, provenance
    _mark(events, world, policy, i, row, out)
    return PRICED


@_inlined  # type: ignore[untyped-decorator]
def _mark(events: Events, world: World, policy: Policy, i: int, entry: int, out: Ints) -> None:
    """How far the market stands against us: our print or limit less the first print `mark_ns` after the entry.

    `entry` is the row of the print that the entry met, -1 where it met none.
    """
    market = events.market[i]
    when = out[_ENTRY_TS, i] + policy.mark_ns
    row = first_print_at(world.prints, market, when, entry)
    if row < 0 or world.prints.ts[row] > when + MARK_WITHIN_NS:
        return
    if world.prints.ts[row] >= world.facts.resolved_ts[market]:
        return
    out[_MARK_TS, i] = world.prints.ts[row]
    out[_ADVERSE, i] = out[_PRINT, i] - _token_price(world.prints, row, events.outcome[i])


@_inlined  # type: ignore[untyped-decorator]
def _leave(events: Events, world: World, policy: Policy, i: int, out: Ints) -> int:
    market = events.market[i]
    if policy.mirror and events.entry_price[i] < 0:
        row = first_exit_after(world.exits, events.key[i], events.ts[i])
        if row >= 0 and world.exits.ts[row] + policy.delay_ns <= out[_ENTRY_TS, i]:
            return EXITED_FIRST
        if row >= 0 and _sell(events, world, policy, i, row, out):
            return PRICED
    payout0 = world.facts.payout0[market]
    if payout0 == UNKNOWN_PAYOUT:
        return UNRESOLVED
    out[_EXIT_KIND, i] = EXIT_RESOLUTION
    out[_EXIT_TS, i] = out[_KNOWN_TS, i] = world.facts.resolved_ts[market]
    out[_PROCEEDS, i] = payout0 if events.outcome[i] == 0 else MICRO - payout0
    out[_EDGE, i] = out[_PROCEEDS, i] - out[_COST, i]
    return PRICED


@_inlined  # type: ignore[untyped-decorator]
def _sell(events: Events, world: World, policy: Policy, i: int, row: int, out: Ints) -> bool:
    """Exit at the first print of others after the leader's sell; False where the tape has none before resolution."""
    market, token = events.market[i], events.token[i]
    found = first_print_of_others(
        world.prints, market, world.exits.ts[row], policy.delay_ns, policy.window_ns,
        events.wallet[i], world.exits.transaction[row],
    )  # fmt: skip
    if found < 0 or world.prints.ts[found] >= world.facts.resolved_ts[market]:
        return False
    when, price = world.prints.ts[found], _token_price(world.prints, found, events.outcome[i])
    spread, assumed = half_spread_micro(world.costs, world.quotes, market, token, when, price, policy.staleness_ns)
    taken = max(price - spread - policy.impact_micro, 0)
    fee, _ = fee_per_share_micro(world.costs, market, when, taken)
    out[_EXIT_KIND, i] = EXIT_MIRROR
    out[_EXIT_TS, i] = out[_KNOWN_TS, i] = when
    out[_ASSUMED, i] = max(out[_ASSUMED, i], int(assumed))
    out[_PROCEEDS, i] = max(taken - fee, 0)
    out[_EDGE, i] = out[_PROCEEDS, i] - out[_COST, i]
    return True


@_inlined  # type: ignore[untyped-decorator]
def _token_price(prints: PrintTape, row: int, outcome: int) -> int:
    return int(prints.price0[row] if outcome == 0 else MICRO - prints.price0[row])
