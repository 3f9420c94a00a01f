"""A local exchange and live accounts on it, for end-to-end tests of the gateway: real sockets, verified signatures.

The venue is touched from the exchange's own thread only: `Exchange.do` hands it a function and waits for the answer.
"""

import queue
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from msgspec.structs import replace as changed

from tests.support.waiting import wait_until
from whaletrader.adapters.local.keys import OrderKey
from whaletrader.adapters.paper.server.assemble import Plan, assemble
from whaletrader.adapters.paper.server.mounts import PLAIN_FATE, Fate, NoFaults
from whaletrader.adapters.paper.server.run import ExchangeServer, bound_socket, serving
from whaletrader.app.exchange import LOOPBACK, venue_settings
from whaletrader.app.layout import DataDirectory
from whaletrader.app.venue_gateway import open_gateway
from whaletrader.config.tree import Settings
from whaletrader.domain.amounts import limit_amounts, market_amounts, most_shares
from whaletrader.domain.order_hash import (
    CONTRACT_WALLET,
    OrderStruct,
    contract_wallet_digest,
    contract_wallet_signature,
    keccak256,
    order_digest,
    order_hash,
)
from whaletrader.domain.values import NANOS, Side
from whaletrader.ports.exchange import SignedOrder

RELAYER_KEY = "relayer-key-0123456789"


class OneOffFaults(NoFaults):
    """Answers are lost or replaced as often as a test says, by "METHOD path"."""

    def __init__(self) -> None:
        self.lost: dict[str, int] = {}
        self.instead_of: dict[str, list] = {}

    def instead(self, face, request, now_ns):
        queued = self.instead_of.get(f"{request.method} {request.path}")
        return queued.pop(0) if queued else None

    def fate(self, face, request, now_ns):
        name = f"{request.method} {request.path}"
        if self.lost.get(name, 0) > 0:
            self.lost[name] -= 1
            return Fate(lost=True)
        return PLAIN_FATE


@dataclass
class Exchange:
    """A running local exchange."""

    port: int
    venue: object
    faults: OneOffFaults
    asked: queue.Queue

    @property
    def settings(self):
        return venue_settings(self.port)

    def do(self, act):
        """Run `act(venue, now_ns)` in the exchange's thread."""
        answer = queue.Queue()
        self.asked.put((act, answer))
        return answer.get(timeout=10)

    def market(self, slug):
        return next(m for m in self.venue.markets.values() if slug in m.slug)


@contextmanager
def local_exchange(**plan):
    """Serve an exchange where nobody trades by himself."""
    assembled = assemble(Plan(**{"population": False, "settle_s": 0.1, **plan}))
    asked, faults = queue.Queue(), OneOffFaults()

    def drain(now_ns):
        while not asked.empty():
            act, answer = asked.get()
            answer.put(act(assembled.world.venue, now_ns))

    assembled.app.steps += (drain,)
    assembled.app._world = replace(assembled.app._world, faults=faults)
    server = ExchangeServer(assembled.app, bound_socket(LOOPBACK, 0))
    with serving(server):
        yield Exchange(server.port, assembled.world.venue, faults, asked)


class Trader:
    """A live account: its data directory and its gateway."""

    def __init__(self, exchange, root: Path, number: int, *, plain: bool = False) -> None:
        """`plain`: the key trades for itself, without a wallet of the venue's and without a relayer's key."""
        self.exchange_settings, self.root, self.number = exchange.settings, root, number
        self.directory = DataDirectory(root)
        self.directory.ensure()
        self.secret = keccak256(f"trader {number}".encode())
        self._put("order.key", self.secret.hex())
        if plain:
            self.exchange_settings = changed(self.exchange_settings, wallet=OrderKey(self.secret).address)
        else:
            self._put("relayer.key", f'{{"address":"{OrderKey(self.secret).address}","key":"{RELAYER_KEY}"}}')
        self.orders = 0
        self.cursor = (-1, "")
        self.open()

    def _put(self, name, text) -> None:
        path = self.directory.keys / name
        path.write_text(text)
        path.chmod(0o600)

    def open(self, **more) -> None:
        """Open the gateway over the same store, as after a restart."""
        settings = Settings(venue=self.exchange_settings)
        self.gateway = open_gateway(settings, self.directory, self.root / "gateway.db", **more)
        self.gateway.start()
        wait_until(lambda: self.gateway.channel.freshness().fresh, 10, "the user channel")

    def close(self) -> None:
        self.gateway.close()

    @property
    def exchange(self):
        return self.gateway.exchange

    @property
    def wallet(self) -> str:
        return self.gateway.kind.wallet

    def order(self, market, side, price, size, *, outcome=0, order_type="GTC", post_only=False, ttl_s=0, **signed):
        """A signed order; `size` is shares, of a market BUY collateral."""
        self.orders += 1
        price_micro, size_micro, side = round(price * 1e6), round(size * 1e6), Side(side)
        form = market_amounts if order_type in ("FOK", "FAK") else limit_amounts
        amounts = form(side, price_micro, size_micro, market.tick_micro)
        struct = OrderStruct(
            salt=self.number * 1_000_000 + self.orders,
            maker=self.wallet,
            signer=self.gateway.kind.signer,
            token_id=market.token_ids[outcome],
            maker_amount=signed.pop("maker_amount", amounts.maker),
            taker_amount=signed.pop("taker_amount", amounts.taker),
            side=side,
            signature_type=self.gateway.kind.signature_type,
            timestamp_ms=time.time_ns() // 1_000_000,
        )
        neg_risk = signed.pop("neg_risk", market.neg_risk)
        key = OrderKey(self.secret)
        if struct.signature_type == CONTRACT_WALLET:
            inner = key.sign(contract_wallet_digest(struct, neg_risk=neg_risk))
            signature = contract_wallet_signature(struct, inner, neg_risk=neg_risk)
        else:
            signature = key.sign(order_digest(struct, neg_risk=neg_risk))
        return SignedOrder(
            order_hash=order_hash(struct, neg_risk=neg_risk),
            account_id="live",
            market_id=market.condition_id,
            token_id=struct.token_id,
            side=side.value,
            order_type="GTD" if ttl_s else order_type,
            post_only=post_only,
            price_micro=price_micro,
            size_micro=_named_size(side, order_type, struct),
            maker_amount=struct.maker_amount,
            taker_amount=struct.taker_amount,
            salt=struct.salt,
            timestamp_ms=struct.timestamp_ms,
            expiration_s=time.time_ns() // NANOS + 60 + ttl_s if ttl_s else 0,
            metadata=struct.metadata,
            maker=struct.maker,
            signer=struct.signer,
            signature_type=struct.signature_type,
            neg_risk=neg_risk,
            signature="0x" + signature.hex(),
            arrive_ts=time.time_ns(),
        )

    def place(self, *args, **more):
        """Sign and send; returns the order."""
        sent = self.order(*args, **more)
        self.exchange.submit(sent)
        return sent

    def told(self):
        """Everything told so far."""
        found, cursor = [], (-1, "")
        while (event := self.exchange.next_event(*cursor)) is not None:
            found.append(event)
            cursor = event.ts, event.event_id
        return found

    def kinds(self, sent):
        return [event.kind for event in self.told() if event.order_hash == sent.order_hash]

    def wait_for(self, sent, *kinds, timeout_s=10) -> list:
        """Wait until these kinds were told of an order, in whatever order."""
        wait_until(lambda: sorted(self.kinds(sent)) == sorted(kinds), timeout_s, f"{kinds} (told: {self.kinds(sent)})")
        return [event for event in self.told() if event.order_hash == sent.order_hash]


def _named_size(side, order_type, struct) -> int:
    """Shares that an order names: of a market BUY the most that it can bring."""
    if side is Side.SELL:
        return struct.maker_amount
    return most_shares(struct.maker_amount) if order_type in ("FOK", "FAK") else struct.taker_amount
