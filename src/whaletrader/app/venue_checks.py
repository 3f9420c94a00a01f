"""What live trading needs, looked at one by one for `doctor --venue`: clock, place, key, wallet, allowances, money.

Nothing is made or changed here: no key is written, no credentials are derived, no transaction is sent.
"""

import threading
import time
from collections.abc import Callable
from functools import cached_property

from whaletrader.adapters.local.keys import OrderKey
from whaletrader.adapters.polymarket.allowances import BalanceOracle
from whaletrader.adapters.polymarket.clients import VenueClients, venue_clients
from whaletrader.adapters.polymarket.geoblock import require_open
from whaletrader.adapters.polymarket.http import VenueHttp
from whaletrader.adapters.polymarket.limits import UNLIMITED
from whaletrader.adapters.polymarket.secure_clob import SecureClob
from whaletrader.adapters.polymarket.wallet_kind import WalletKind, require_tradable, wallet_kind
from whaletrader.app.layout import DataDirectory
from whaletrader.app.settings import load_settings
from whaletrader.app.venue_keys import kept_api_key, live_order_key, relayer_headers
from whaletrader.domain.values import MICRO
from whaletrader.errors import WhaleTraderError

TIMEOUT_S = 5.0
MAX_SKEW_S = 5
Look = Callable[[], str]


class VenueChecks:
    """The checks of one data directory; each gives a sentence or raises one."""

    def __init__(self, directory: DataDirectory) -> None:
        self._directory = directory
        self._settings = load_settings(directory.root).settings
        self._wake = threading.Event()

    def rows(self) -> list[tuple[str, Look]]:
        """Every check with its name, in the order in which they build upon another."""
        return [
            ("venue's clock", self._clock),
            ("geoblock", self._place),
            ("order key", self._key_row),
            ("API key", self._api_key),
            ("relayer key", self._relayer_key),
            ("wallet", self._wallet),
            ("allowances", self._allowances),
            ("collateral", self._collateral),
        ]

    def close(self) -> None:
        """Close what was opened."""
        if "_clients" in self.__dict__:
            self._clients.close()

    @cached_property
    def _clients(self) -> VenueClients:
        wait = self._wake.wait
        return venue_clients(self._settings.venue, clock=time.monotonic, wait=wait, timeout_s=TIMEOUT_S, attempts=1)

    @cached_property
    def _key(self) -> OrderKey:
        return live_order_key(self._directory, self._settings.account.name)

    @cached_property
    def _kind(self) -> WalletKind:
        return wallet_kind(self._clients.rpc, self._key.address, self._settings.venue.wallet)

    @property
    def _oracle(self) -> BalanceOracle:
        return BalanceOracle(self._clients.rpc, self._kind.wallet, self._kind.signature_type)

    def _clock(self) -> str:
        skew = self._clients.clob.time_s() - int(time.time())
        if abs(skew) > MAX_SKEW_S:
            raise WhaleTraderError(f"this machine's clock is {-skew} s off the venue's; set it, or calls are refused")
        return f"{abs(skew)} s apart"

    def _place(self) -> str:
        url = self._settings.venue.geoblock_url
        http = VenueHttp(url, UNLIMITED, clock=time.monotonic, wait=self._wake.wait, timeout_s=TIMEOUT_S, attempts=1)
        try:
            place = require_open(http)
        finally:
            http.close()
        return f"orders are accepted from here ({place.country or 'country not told'})"

    def _key_row(self) -> str:
        return f"signs as {self._key.address}"

    def _api_key(self) -> str:
        kept = kept_api_key(self._directory, self._key.address)
        if kept is None:
            return "none yet; derived from the order key at the first start"
        clob = SecureClob(self._clients.clob.http, self._key.address, kept, now_s=lambda: int(time.time()))
        if kept.key not in clob.api_keys():
            raise WhaleTraderError("the venue does not know the API key any more; remove its file to derive it anew")
        if clob.closed_only():
            raise WhaleTraderError("the venue lets this account close positions only")
        return "accepted by the venue"

    def _relayer_key(self) -> str:
        named = self._settings.venue.wallet.lower()
        if named and named == self._key.address:
            return "none needed: a plain key sends its own transactions, and pays their gas in the chain's coin"
        relayer_headers(self._directory)
        return "there; readable by its owner only"

    def _wallet(self) -> str:
        require_tradable(self._kind)
        others = f"; also deployed: {', '.join(self._kind.others)}" if self._kind.others else ""
        return f"{self._kind.words} {self._kind.wallet} (signature type {self._kind.signature_type}){others}"

    def _allowances(self) -> str:
        missing = self._oracle.missing()
        if not missing.complete:
            collateral, tokens = ", ".join(missing.collateral) or "none", ", ".join(missing.tokens) or "none"
            raise WhaleTraderError(f"not allowed yet: to move collateral {collateral}; to move outcome tokens {tokens}")
        return "given on every exchange"

    def _collateral(self) -> str:
        held = self._oracle.collateral_micro()
        if held == 0:
            raise WhaleTraderError(f"the wallet {self._kind.wallet} holds no collateral; fund it first")
        return f"{held / MICRO:,.2f} on the chain"
