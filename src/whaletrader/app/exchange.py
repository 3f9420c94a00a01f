"""The local exchange as `whaletrader exchange` serves it, and the settings by which everything else finds it.

Everything that is traded there is SIMULATED; nothing leaves this machine.
"""

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from whaletrader.config.tree import VenueSettings
from whaletrader.domain.values import MICRO, NANOS
from whaletrader.errors import UsageError

if TYPE_CHECKING:
    from whaletrader.adapters.paper.server.assemble import Assembled, Plan
    from whaletrader.adapters.paper.server.run import ExchangeServer

LOOPBACK = "127.0.0.1"
DEFAULT_PORT = 8900
DEFAULT_KEEP_H = 2.0
MIN_KEEP_H = 0.1
"""Longer than the slowest of the public faces needs to tell of a fill, and than any settlement's retries."""
MAX_KEEP_H = 100_000.0
MAX_SPEED = 10_000
MAX_TRADING_S = 1e9
MIN_SETTLE_S, MAX_SETTLE_S = 0.05, 3_600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeOptions:
    """What a person may choose."""

    port: int = DEFAULT_PORT
    source: str = "sim"
    """`sim`, `replay:PATH` or `none` (nobody trades by himself)."""
    speed: float = 1.0
    seed: int = 7
    faults: Path | None = None
    begin: str = "first"
    """Where a replay begins: `first`, `now`, or a date of the dataset (2026-09-24)."""
    trading_s: float = 0.0
    """For how long anybody trades by himself; 0: without end."""
    truth: Path | None = None
    """Where every settled fill is written down."""
    state: Path | None = None
    """Where the exchange writes down what it is asked, to go on from there after a restart."""
    keep_h: float = DEFAULT_KEEP_H
    """Hours for which ended orders, trades, logs and fills are remembered; 0: for ever."""
    settle_s: float = 2.0
    cash: int = 10_000
    """Paper dollars of every new wallet."""
    tier: str = "standard"
    limits: str = "enforce"
    eoa: bool = False
    builders: tuple[str, ...] = ()
    """Builder codes, each as CODE:MAKER:TAKER with its rates in basis points."""


@dataclass(frozen=True, slots=True)
class LocalExchange:
    """A running exchange."""

    port: int
    markets: int
    struck: Mapping[str, int] = field(default_factory=dict)
    """How often each fault of the plan has struck, by `kind@face`; it grows."""

    @property
    def settings(self) -> VenueSettings:
        """Where its services are."""
        return venue_settings(self.port)


def venue_settings(port: int) -> VenueSettings:
    """Return the settings that lead to a local exchange."""
    http, stream = f"http://{LOOPBACK}:{port}", f"ws://{LOOPBACK}:{port}"
    return VenueSettings(
        clob_url=http,
        stream_url=f"{stream}/ws",
        activity_url=f"{stream}/rtds",
        data_url=f"{http}/data-api",
        gamma_url=f"{http}/gamma",
        rpc_url=f"{http}/rpc",
        rpc_stream_url=f"{stream}/rpc",
        relayer_url=f"{http}/relayer",
        geoblock_url=f"{http}/geoblock",
        subgraph_url=f"{http}/subgraph",
        confirmations=1,
    )


def settings_text(port: int) -> str:
    """Return those settings as they are written into `whaletrader.toml`."""
    ours, usual = venue_settings(port), VenueSettings()
    lines = ["[venue]"]
    for name in ours.__struct_fields__:
        value = getattr(ours, name)
        if value != getattr(usual, name):
            lines.append(f"{name} = {value}" if isinstance(value, int) else f'{name} = "{value}"')
    return "\n".join(lines)


@contextmanager
def open_exchange(options: ExchangeOptions) -> Iterator[LocalExchange]:
    """Serve an exchange beside the caller for the length of a block; port 0 takes a free one."""
    from whaletrader.adapters.paper.server.run import serving

    server, assembled = _server(options)
    try:
        with serving(server):
            yield _running(server, assembled)
    finally:
        if assembled.state is not None:
            assembled.state.close()


def serve_exchange(options: ExchangeOptions, ready: Callable[[LocalExchange], None]) -> None:
    """Tell `ready` where the exchange will be and serve it until Ctrl-C."""
    server, assembled = _server(options)
    ready(_running(server, assembled))
    # What is kept for the whole run is not searched for garbage again and again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)
    server.serve_until_ended()


def _running(server: "ExchangeServer", assembled: "Assembled") -> LocalExchange:
    return LocalExchange(server.port, len(assembled.world.venue.markets), assembled.faults.done)


def _server(options: ExchangeOptions) -> "tuple[ExchangeServer, Assembled]":
    from whaletrader.adapters.paper.server.assemble import assemble
    from whaletrader.adapters.paper.server.run import ExchangeServer, bound_socket

    plan = plan_of(options)
    listening = bound_socket(LOOPBACK, options.port)
    assembled = assemble(plan)
    return ExchangeServer(assembled.app, listening), assembled


def plan_of(options: ExchangeOptions) -> "Plan":
    """Check what a person chose; `UsageError` says what to do instead."""
    from whaletrader.adapters.paper.server.assemble import Plan
    from whaletrader.adapters.paper.server.clob import ClobTerms
    from whaletrader.adapters.paper.server.limits import TIERS, LimitMode

    if not 0 < options.speed <= MAX_SPEED:
        raise UsageError(f"--speed must be above 0 and at most {MAX_SPEED}, not {options.speed:g}.")
    if not MIN_SETTLE_S <= options.settle_s <= MAX_SETTLE_S:
        raise UsageError(f"--settle-s must be {MIN_SETTLE_S:g} to {MAX_SETTLE_S:g} seconds, not {options.settle_s:g}.")
    if not (options.keep_h == 0 or MIN_KEEP_H <= options.keep_h < MAX_KEEP_H):
        raise UsageError(f"--keep is 0 (for ever) or at least {MIN_KEEP_H:g} hours, not {options.keep_h:g}.")
    if not 0 <= options.trading_s <= MAX_TRADING_S:
        raise UsageError(f"--trading-s is 0 (without end) to {MAX_TRADING_S:g}, not {options.trading_s:g}.")
    if options.tier not in TIERS:
        raise UsageError(f"There is no tier {options.tier!r}: choose one of {', '.join(TIERS)}.")
    if options.limits not in list(LimitMode):
        raise UsageError(f"There is no limit mode {options.limits!r}: choose one of {', '.join(LimitMode)}.")
    if options.faults is not None and not options.faults.is_file():
        raise UsageError(f"The fault plan {options.faults} is not there.")
    kind, replay = _source(options.source)
    if replay is not None and options.state is not None:
        raise UsageError("--state is for --source sim or none: a replay begins anew each time.")
    return Plan(
        seed=options.seed,
        settle_s=options.settle_s,
        terms=ClobTerms(options.cash * MICRO, options.tier, LimitMode(options.limits)),
        keep_s=options.keep_h * 3_600,
        eoa_makers=options.eoa,
        builders=tuple(map(_builder, options.builders)),
        replay=replay,
        speed=options.speed,
        faults=options.faults,
        begin_ts=_begin_ts(options.begin),
        trading_s=options.trading_s,
        truth=options.truth,
        state=options.state,
        population=kind != "none",
    )


def _builder(told: str) -> tuple[str, int, int]:
    from whaletrader.adapters.paper.server.builder_codes import BuilderCodes

    code, *rates = told.split(":")
    try:
        maker_bps, taker_bps = map(int, rates)
        BuilderCodes().register(code, maker_bps, taker_bps)
    except ValueError as error:
        why = str(error) if len(rates) == 2 and all(rate.isdigit() for rate in rates) else "that is not of this form"
        raise UsageError(f"--builder is CODE:MAKER:TAKER, with whole basis points: {why}.") from None
    return code, maker_bps, taker_bps


def _source(source: str) -> tuple[str, Path | None]:
    kind, _, path = source.partition(":")
    if kind in ("sim", "none") and not path:
        return kind, None
    if kind != "replay" or not path:
        raise UsageError(f"There is no source {source!r}: choose sim, replay:PATH (a dataset) or none.")
    if not Path(path).expanduser().is_dir():
        raise UsageError(f"The dataset {path} is not there.")
    return kind, Path(path).expanduser()


def _begin_ts(begin: str) -> int:
    if begin in ("first", "now"):
        return -1 if begin == "first" else 0
    try:
        return int(datetime.fromisoformat(begin).replace(tzinfo=UTC).timestamp()) * NANOS
    except ValueError:
        raise UsageError(f"--begin is first, now or a date like 2026-09-24, not {begin!r}.") from None
