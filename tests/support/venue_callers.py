"""Callers of the local exchange: accounts that prove themselves and sign orders, with our own code for both."""

from dataclasses import dataclass, field

from whaletrader.adapters.local.keys import OrderKey
from whaletrader.adapters.paper.server.edge import Request
from whaletrader.domain.clob_auth import ApiKey, l1_digest, l1_headers, l2_headers
from whaletrader.domain.order_hash import (
    CONTRACT_WALLET,
    NO_BYTES32,
    OrderStruct,
    contract_wallet_digest,
    contract_wallet_signature,
    keccak256,
    order_digest,
    order_hash,
)
from whaletrader.domain.order_payload import batch_body, order_body
from whaletrader.domain.values import MICRO, Side
from whaletrader.domain.wallet_addresses import own_wallets

WHEN_S = 1_795_300_000


def key_of(name: str) -> OrderKey:
    """The key of a test's account, by its name."""
    return OrderKey(keccak256(f"test account {name}".encode()))


def request(method: str, path: str, headers: dict[str, str], body: bytes = b"", **query: str) -> Request:
    """A request as the edge hands it over: header names in lower case."""
    return Request(method, path, query, {name.lower(): value for name, value in headers.items()}, body, "127.0.0.1")


def l1(key: OrderKey, method: str, path: str, nonce: int = 0, when_s: int = WHEN_S) -> Request:
    """A call proved by the account's signature."""
    signature = key.sign(l1_digest(key.address, when_s, nonce))
    return request(method, path, l1_headers(key.address, signature, when_s, nonce))


@dataclass
class Trader:
    """An account with a deposit wallet and, once given, an API key."""

    name: str
    api_key: ApiKey = field(default=ApiKey("", "", ""))
    signature_type: int = CONTRACT_WALLET
    _salt: int = 0

    def __post_init__(self) -> None:
        self.key = key_of(self.name)
        own = own_wallets(self.key.address)
        self.wallet = (own.account, own.proxy, own.safe, own.deposit)[self.signature_type]

    def headers(self, method: str, path: str, body: bytes = b"", when_s: int = WHEN_S) -> dict[str, str]:
        """L2 headers of a call."""
        return l2_headers(self.key.address, self.api_key, when_s, method, path, body)

    def l2(self, method: str, path: str, body: bytes = b"", **query: str) -> Request:
        """A call proved by the API key."""
        return request(method, path, self.headers(method, path, body), body, **query)

    def struct(
        self, token_id: str, side: str, price_micro: int, size_micro: int, builder: str = NO_BYTES32
    ) -> OrderStruct:
        """A limit order's signed part; every one has its own salt."""
        self._salt += 1
        cash = price_micro * size_micro // MICRO
        given, wanted = (cash, size_micro) if side == "BUY" else (size_micro, cash)
        return OrderStruct(
            salt=self._salt,
            maker=self.wallet,
            signer=self.wallet if self.signature_type == CONTRACT_WALLET else self.key.address,
            token_id=token_id,
            maker_amount=given,
            taker_amount=wanted,
            side=Side(side),
            signature_type=self.signature_type,
            timestamp_ms=WHEN_S * 1000 + self._salt,
            builder=builder,
        )

    def signature(self, struct: OrderStruct, *, neg_risk: bool = False) -> str:
        """The signature as it is sent."""
        if struct.signature_type != CONTRACT_WALLET:
            return "0x" + self.key.sign(order_digest(struct, neg_risk=neg_risk)).hex()
        inner = self.key.sign(contract_wallet_digest(struct, neg_risk=neg_risk))
        return "0x" + contract_wallet_signature(struct, inner, neg_risk=neg_risk).hex()

    def order(
        self,
        token_id: str,
        side: str,
        price_micro: int,
        size_micro: int,
        *,
        neg_risk: bool = False,
        order_type: str = "GTC",
        post_only: bool = False,
        builder: str = NO_BYTES32,
    ) -> tuple[str, bytes]:
        """A limit order's id and the body of `POST /order`."""
        struct = self.struct(token_id, side, price_micro, size_micro, builder)
        body = order_body(
            struct,
            owner=self.api_key.key,
            signature=self.signature(struct, neg_risk=neg_risk),
            order_type=order_type,
            post_only=post_only,
            builder=builder,
        )
        return order_hash(struct, neg_risk=neg_risk), body

    def batch(self, bodies: list[bytes]) -> Request:
        """A call that posts several orders."""
        return self.l2("POST", "/orders", batch_body(bodies))
