"""Orders as they are posted: decoded, checked against the caller and its wallet, their signatures verified.

What comes out is a `NewOrder` or the venue's own words why not. Whether the market takes it is the exchange's matter.
"""

import re
from collections.abc import Callable
from typing import Final

import msgspec

from whaletrader.adapters.paper.server.auth import Session
from whaletrader.adapters.paper.server.types import Account, NewOrder, Refusal, VenueMarket
from whaletrader.domain.order_hash import (
    CONTRACT_WALLET,
    MAX_SALT,
    OrderStruct,
    order_hash,
)
from whaletrader.domain.signature import order_signer, session_signer
from whaletrader.domain.values import Side

MAX_BATCH: Final = 15
_EOA: Final = 0
_AMOUNT_END: Final = 1 << 63
_is_number = re.compile(r"[0-9]{1,78}").fullmatch
_is_address = re.compile(r"0x[0-9a-fA-F]{40}").fullmatch
_is_word = re.compile(r"0x[0-9a-fA-F]{64}").fullmatch
_TYPES: Final = frozenset(("GTC", "GTD", "FOK", "FAK"))

BAD_PAYLOAD = Refusal(400, "Invalid order payload")
WRONG_OWNER = Refusal(400, "the order owner has to be the owner of the API KEY")
WRONG_SIGNER = Refusal(400, "the order signer address has to be the address of the API KEY")
WRONG_MAKER = Refusal(400, "maker address not allowed, please use the deposit wallet flow")
BAD_SIGNATURE = Refusal(400, "invalid signature")
WRONG_VERSION = Refusal(400, "order_version_mismatch")
NO_MARKET = Refusal(404, "market not found")


class WireOrder(msgspec.Struct, rename="camel"):
    """The signed part of a posted order; fields we do not know are passed over."""

    salt: int
    maker: str
    signer: str
    token_id: str
    maker_amount: str
    taker_amount: str
    side: str
    signature_type: int
    timestamp: str
    metadata: str
    builder: str
    signature: str
    expiration: str = "0"


class WirePost(msgspec.Struct, rename="camel"):
    """A posted order: the signed part and what is not signed."""

    order: WireOrder
    order_type: str
    owner: str
    post_only: bool = False
    defer_exec: bool = False


class _OldOrder(msgspec.Struct, rename="camel"):
    nonce: str
    fee_rate_bps: str


class _OldPost(msgspec.Struct):
    order: _OldOrder


_ONE = msgspec.json.Decoder(WirePost)
_OLD = msgspec.json.Decoder(_OldPost)
_MANY = msgspec.json.Decoder(list[msgspec.Raw])

WalletOf = Callable[[str, str, int], Account | None]
"""The wallet at an address (or, where it is empty, the usual one) of a signing account for a signature type."""


def posted_one(body: bytes) -> WirePost | Refusal:
    """Decode one order; orders of the first exchange are told apart from nonsense."""
    try:
        return _ONE.decode(body)
    except msgspec.MsgspecError:
        pass
    try:
        _OLD.decode(body)
    except msgspec.MsgspecError:
        return BAD_PAYLOAD
    return WRONG_VERSION


def posted_batch(body: bytes) -> list[WirePost | Refusal] | Refusal:
    """Decode a batch; an order that cannot be read refuses only itself."""
    try:
        raw = _MANY.decode(body)
    except msgspec.MsgspecError:
        return BAD_PAYLOAD
    if not raw:
        return BAD_PAYLOAD
    if len(raw) > MAX_BATCH:
        return Refusal(400, f"Too many orders in payload: {len(raw)}, max allowed: {MAX_BATCH}")
    return [posted_one(bytes(one)) for one in raw]


class OrderDesk:
    """Turns posted orders into verified ones."""

    def __init__(
        self,
        market_of: Callable[[str], VenueMarket | None],
        wallet_of: WalletOf,
        may_sign: Callable[[Account, str], bool] = lambda _wallet, _signer: False,
    ) -> None:
        """`market_of` finds a token's market, `wallet_of` an account's wallet, `may_sign` knows its session keys."""
        self._market_of = market_of
        self._wallet_of = wallet_of
        self._may_sign = may_sign

    def verified(self, post: WirePost, session: Session) -> NewOrder | Refusal:
        """Return the order, or why it is refused before the exchange sees it."""
        if post.owner != session.api_key.key:
            return WRONG_OWNER
        struct = _struct(post)
        if struct is None:
            return BAD_PAYLOAD
        wallet = self._wallet_of(struct.maker, session.address, struct.signature_type)
        refused = self._wrong_wallet(struct, wallet, session)
        if refused is not None:
            return refused
        market = self._market_of(struct.token_id)
        if market is None:
            return NO_MARKET
        is_owner = wallet is not None and wallet.owner == session.address
        refused = _wrong_signature(struct, post.order.signature, session, neg_risk=market.neg_risk, is_owner=is_owner)
        return refused if refused is not None else _new_order(post, struct, neg_risk=market.neg_risk)

    def _wrong_wallet(self, struct: OrderStruct, wallet: Account | None, session: Session) -> Refusal | None:
        kind = struct.signature_type
        signing = struct.maker if kind == CONTRACT_WALLET else session.address
        if struct.signer != signing:
            return WRONG_SIGNER
        if wallet is None:
            return WRONG_SIGNER if kind == CONTRACT_WALLET else WRONG_MAKER
        if wallet.owner != session.address and not (
            kind == CONTRACT_WALLET and self._may_sign(wallet, session.address)
        ):
            return WRONG_SIGNER
        return None if wallet.deployed or kind == _EOA else WRONG_SIGNER


def _struct(post: WirePost) -> OrderStruct | None:
    """Return what was signed, with lower-case addresses; None where a field is out of its range."""
    order = post.order
    numbers = (order.maker_amount, order.taker_amount, order.timestamp, order.expiration, order.token_id)
    if not all(map(_is_number, numbers)):
        return None
    given, wanted, made = int(order.maker_amount), int(order.taker_amount), int(order.timestamp)
    right: object = (
        order.side in ("BUY", "SELL")
        and post.order_type in _TYPES
        and 0 <= order.salt <= MAX_SALT
        and 0 <= order.signature_type <= CONTRACT_WALLET
        and 0 < given < _AMOUNT_END
        and 0 < wanted < _AMOUNT_END
        and made < _AMOUNT_END
        and _is_address(order.maker)
        and _is_address(order.signer)
        and _is_word(order.metadata)
        and _is_word(order.builder)
    )
    if not right:
        return None
    return OrderStruct(
        salt=order.salt,
        maker=order.maker.lower(),
        signer=order.signer.lower(),
        token_id=order.token_id,
        maker_amount=given,
        taker_amount=wanted,
        side=Side(order.side),
        signature_type=order.signature_type,
        timestamp_ms=made,
        metadata=order.metadata[2:],
        builder=order.builder[2:],
    )


def _wrong_signature(
    struct: OrderStruct, told: str, session: Session, *, neg_risk: bool, is_owner: bool
) -> Refusal | None:
    try:
        signature = bytes.fromhex(told.removeprefix("0x"))
    except ValueError:
        return BAD_SIGNATURE
    # An owner signs without an envelope: the wallet's contract asks the registry about every key that is named in one.
    named = session_signer(signature)
    own = struct.signature_type != CONTRACT_WALLET or is_owner
    if (named is None) == own and order_signer(struct, signature, neg_risk=neg_risk) == session.address:
        return None
    return BAD_SIGNATURE


def _new_order(post: WirePost, struct: OrderStruct, *, neg_risk: bool) -> NewOrder:
    return NewOrder(
        order_id=order_hash(struct, neg_risk=neg_risk),
        owner=post.owner,
        maker=struct.maker,
        signer=struct.signer,
        token_id=struct.token_id,
        side=struct.side,
        maker_amount=struct.maker_amount,
        taker_amount=struct.taker_amount,
        salt=struct.salt,
        timestamp_ms=struct.timestamp_ms,
        order_type=post.order_type,
        signature_type=struct.signature_type,
        expiration_s=int(post.order.expiration),
        post_only=post.post_only,
        builder=struct.builder,
        metadata=struct.metadata,
    )
