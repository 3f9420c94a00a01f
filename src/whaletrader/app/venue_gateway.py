"""Puts the live account together: key, wallet, credentials, gateway, user channel and upkeep, each check passed first.

Everything that speaks against trading refuses here in one sentence; nothing falls back to anything else.
"""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from whaletrader.adapters.local.keys import OrderKey
from whaletrader.adapters.polymarket.allowances import BalanceOracle
from whaletrader.adapters.polymarket.chain_actions import ChainActions
from whaletrader.adapters.polymarket.chain_actions import Wallet as Payer
from whaletrader.adapters.polymarket.clients import VenueClients, venue_clients
from whaletrader.adapters.polymarket.exchange import PolymarketExchange
from whaletrader.adapters.polymarket.exchange_store import ExchangeStore
from whaletrader.adapters.polymarket.geoblock import Place, PlaceWatch, require_open
from whaletrader.adapters.polymarket.http import VenueHttp
from whaletrader.adapters.polymarket.limits import RELAYER, UNLIMITED
from whaletrader.adapters.polymarket.market_terms import MarketTerms
from whaletrader.adapters.polymarket.own_transactions import OwnTransactions
from whaletrader.adapters.polymarket.reconcile import Difference, Ledger, differences, take_snapshot
from whaletrader.adapters.polymarket.relayer import Relayer
from whaletrader.adapters.polymarket.revert_watch import RevertWatch
from whaletrader.adapters.polymarket.secure_clob import SecureClob
from whaletrader.adapters.polymarket.stream_status import Epoch
from whaletrader.adapters.polymarket.tidings import Tidings
from whaletrader.adapters.polymarket.upkeep import Heartbeat, Upkeep
from whaletrader.adapters.polymarket.user_channel import UserChannel
from whaletrader.adapters.polymarket.wallet_kind import WalletKind, require_tradable, wallet_kind
from whaletrader.app.layout import DataDirectory
from whaletrader.app.venue_checks import MAX_SKEW_S
from whaletrader.app.venue_keys import api_key, live_order_key, relayer_headers
from whaletrader.config.tree import Settings, VenueSettings
from whaletrader.datasets.decode.rows import Reject, Row
from whaletrader.domain.clob_auth import ApiKey
from whaletrader.domain.reverts import RevertAlarm, Reverts
from whaletrader.domain.wallet_addresses import EOA
from whaletrader.errors import ExchangeError, UsageError, VenueError
from whaletrader.runtime.latch import KillLatch

TIMEOUT_S = 5.0
"""The engine waits for an answer: one that takes longer counts as none."""
ATTEMPTS = 2
LONGEST_WAIT_S = 2.0
"""Nor does it wait longer for a limit: whatever is behind, a cancel perhaps, would wait too."""
_UNAUTHORIZED = 401
Gate = Callable[[], str]


class _UserSink:
    """Hands the user channel's rows to the gateway; what must be read back and cannot be now is left to upkeep."""

    def __init__(self, exchange: PolymarketExchange, again: Callable[[], object]) -> None:
        self._exchange, self._again = exchange, again
        self.rejected = 0

    def add(self, rows: Sequence[Row], arrived_ts: int) -> int:  # noqa: ARG002 - the sink's form
        """Take rows."""
        try:
            self._exchange.tell(rows)
        except ExchangeError:
            self._again()
        return 0

    def reject(self, reject: Reject) -> None:  # noqa: ARG002
        """Count what could not be read; everything is read back."""
        self.rejected += 1
        self._again()

    def mark_gap(self, source: str, from_ts: int, until_ts: int) -> None:  # noqa: ARG002
        """Read everything back."""
        self._again()

    def wanted(self) -> tuple[list[str], list[str]]:
        """Nothing: the gateway reads what it needs itself."""
        return [], []


@dataclass(slots=True, kw_only=True)
class Gateway:
    """A live account, ready to trade."""

    exchange: PolymarketExchange
    kind: WalletKind
    key: OrderKey
    place: Place
    clob: SecureClob
    oracle: BalanceOracle
    actions: ChainActions
    relayer: Payer
    upkeep: Upkeep
    channel: UserChannel
    watch: RevertWatch
    clients: VenueClients
    more: tuple[VenueHttp, ...]

    def start(self) -> None:
        """Read everything back once, then listen and look after the account; `ExchangeError` where that fails."""
        self.exchange.refresh()
        self.actions.work()
        self.channel.start()
        self.upkeep.start()

    def allow(self) -> list[str]:
        """Allow every contract what it needs; returns what was missing."""
        missing, calls = self.oracle.missing(), self.oracle.lacking_calls()
        if calls:
            self.relayer.submit(self.relayer.prepare(calls, "allowances"))
        return [*missing.collateral, *missing.tokens]

    def reconcile(self, ledger: Ledger) -> list[Difference]:
        """Compare our ledger with the exchange and the chain; `ExchangeError` where either cannot be read whole."""
        tokens = sorted({*ledger.settled_micro, *ledger.coming_micro, *ledger.going_micro})
        snapshot, going = take_snapshot(self.clob, self.oracle, tokens), dict(ledger.going_micro)
        for token in self.actions.leaving() & set(tokens):  # a payment under way: all of it or nothing may be there
            going[token] = going.get(token, 0) + ledger.settled_micro.get(token, 0)
        return differences(replace(ledger, going_micro=going), snapshot)

    def close(self) -> None:
        """Let go of everything; resting orders stay."""
        self.upkeep.stop()
        self.channel.stop()
        self.exchange.close()
        self.clients.close()
        for http in self.more:
            http.close()


def open_gateway(
    settings: Settings,
    directory: DataDirectory,
    store: Path,
    *,
    mark: Callable[[str], int] = lambda _token: -1,
    alarm: Callable[[RevertAlarm, Reverts], object] = lambda _alarm, _counts: None,
    resumed_ts: Callable[[], int] = lambda: 0,
    gates: Sequence[Gate] = (),
) -> Gateway:
    """Open the live account of a data directory.

    `mark` is a token's present price (-1 unknown), `alarm` hears of adverse reverts, which are forgotten when the
    operator resumes (`resumed_ts`); `gates` are asked before every new order for a reason to refuse it.
    """
    with ExitStack() as opened:
        account = _open_account(settings, directory, opened)
        kept = ExchangeStore(store, time.time_ns)
        opened.callback(kept.close)
        watch = RevertWatch(kept, mark, alarm, resumed_ts)
        gateway = _assemble(settings, account, kept, watch, gates, KillLatch(directory.latch))
        opened.pop_all()
        return gateway


@dataclass(frozen=True, slots=True, kw_only=True)
class _Account:
    """A live account whose every check was passed."""

    key: OrderKey
    credentials: ApiKey
    clob: SecureClob
    kind: WalletKind
    place: Place
    relayer: Payer
    clients: VenueClients
    geo: VenueHttp
    more: tuple[VenueHttp, ...]


def _open_account(settings: Settings, directory: DataDirectory, opened: ExitStack) -> _Account:
    """Check place, keys and wallet; what was opened on the way is closed where one of them speaks against it."""
    venue, wake = settings.venue, threading.Event()
    key = live_order_key(directory, settings.account.name)
    clients = venue_clients(
        venue,
        clock=time.monotonic,
        wait=wake.wait,
        timeout_s=TIMEOUT_S,
        attempts=ATTEMPTS,
        longest_wait_s=LONGEST_WAIT_S,
    )
    opened.callback(clients.close)
    geo = VenueHttp(
        venue.geoblock_url, UNLIMITED, clock=time.monotonic, wait=wake.wait, timeout_s=TIMEOUT_S, attempts=ATTEMPTS
    )
    opened.callback(geo.close)
    relay = VenueHttp(venue.relayer_url, RELAYER, clock=time.monotonic, wait=wake.wait, attempts=ATTEMPTS)
    opened.callback(relay.close)
    place = require_open(geo)
    credentials, clob = _private(clients, directory, key)
    kind = wallet_kind(clients.rpc, key.address, venue.wallet)
    require_tradable(kind)
    relayer = _payer(venue, directory, key, kind, clients, relay)
    return _Account(
        key=key,
        credentials=credentials,
        clob=clob,
        kind=kind,
        place=place,
        relayer=relayer,
        clients=clients,
        geo=geo,
        more=(geo, relay),
    )


def _payer(
    venue: VenueSettings,
    directory: DataDirectory,
    key: OrderKey,
    kind: WalletKind,
    clients: VenueClients,
    relay: VenueHttp,
) -> Payer:
    """Whoever sends the wallet's transactions: the venue's relayer, or a plain key itself."""
    if kind.signature_type == EOA:
        return OwnTransactions(clients.rpc, key, confirmations=venue.confirmations)
    keyed = relayer_headers(directory)
    return Relayer(
        relay, key, kind.wallet, kind.signature_type, headers=lambda *_call: keyed, now_s=lambda: int(time.time())
    )


def _actions(
    account: _Account, kept: ExchangeStore, terms: MarketTerms, confirmations: int, latch: KillLatch
) -> ChainActions:
    return ChainActions(
        kept,
        account.relayer,
        account.clients.rpc,
        terms,
        confirmations=confirmations,
        now_s=lambda: int(time.time()),
        killed=latch.thrown,
    )


def _assemble(
    settings: Settings,
    account: _Account,
    kept: ExchangeStore,
    watch: RevertWatch,
    gates: Sequence[Gate],
    latch: KillLatch,
) -> Gateway:
    """Put the parts together; nothing is sent and no thread runs yet."""
    venue, clients, kind = settings.venue, account.clients, account.kind
    terms = MarketTerms(clients.clob)
    actions = _actions(account, kept, terms, venue.confirmations, latch)
    doors, opening = [*gates], [watch.gate]
    here = PlaceWatch(account.geo)
    exchange = PolymarketExchange(
        account.clob,
        kept,
        Tidings(kept, terms.fees, time.time_ns, watch),
        actions,
        now_ns=time.time_ns,
        gate=lambda: _first(doors),
        opening=lambda: _first(opening),
        buying=here.gate,
        prepare=terms.fees,
    )
    beating = Heartbeat(account.clob) if venue.heartbeat_s else None
    upkeep = Upkeep(
        exchange,
        actions,
        clock=time.monotonic,
        heartbeat=beating,
        heartbeat_s=max(venue.heartbeat_s, 1),
        place=here.look,
    )

    def again(_epoch: Epoch | None = None) -> None:
        upkeep.now("reading back")

    sink = _UserSink(exchange, again)
    channel = UserChannel(venue.stream_url, account.credentials, sink, again, seed=settings.seed)
    doors.append(upkeep.gate)
    opening.append(lambda: "" if channel.freshness().fresh else "USER_CHANNEL_SILENT")
    return Gateway(
        exchange=exchange,
        kind=kind,
        key=account.key,
        place=account.place,
        clob=account.clob,
        oracle=BalanceOracle(clients.rpc, kind.wallet, kind.signature_type, account.clob),
        actions=actions,
        relayer=account.relayer,
        upkeep=upkeep,
        channel=channel,
        watch=watch,
        clients=clients,
        more=account.more,
    )


def _private(clients: VenueClients, directory: DataDirectory, key: OrderKey) -> tuple[ApiKey, SecureClob]:
    """The private half of the CLOB, in the venue's time; refused for an account that may only close, or a wrong clock.

    Credentials that the venue does not know any more are derived anew, once.
    """
    skew_s = clients.clob.time_s() - int(time.time())
    if abs(skew_s) > MAX_SKEW_S:
        raise UsageError(
            f"this machine's clock is {-skew_s} s off the venue's, so orders would not end when they should; "
            "set it; live mode is refused"
        )

    def with_key(credentials: ApiKey) -> SecureClob:
        return SecureClob(clients.clob.http, key.address, credentials, now_s=lambda: int(time.time()) + skew_s)

    credentials = api_key(directory, clients.clob.http, key)
    try:
        closed_only = with_key(credentials).closed_only()
    except VenueError as error:
        if error.status != _UNAUTHORIZED:
            raise
        credentials = api_key(directory, clients.clob.http, key, anew=True)
        closed_only = with_key(credentials).closed_only()
    if closed_only:
        raise UsageError("the venue lets this account close positions only; live mode is refused")
    return credentials, with_key(credentials)


def _first(gates: Sequence[Gate]) -> str:
    return next((reason for gate in gates if (reason := gate())), "")
