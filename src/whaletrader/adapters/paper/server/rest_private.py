"""The CLOB's private calls: orders, cancels, own trades and balances, behind an L2 proof and the signer's limits."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from whaletrader.adapters.paper.server.accounts import Bank
from whaletrader.adapters.paper.server.auth import L2_REFUSED, AuthDesk, Keyring, Session, SessionHandler
from whaletrader.adapters.paper.server.builders import BuilderDesk
from whaletrader.adapters.paper.server.edge import Handler, Reply, Request, Router, reply
from whaletrader.adapters.paper.server.limits import SignerBuckets, over_limit
from whaletrader.adapters.paper.server.orders import OrderDesk, WirePost, posted_batch, posted_one
from whaletrader.adapters.paper.server.session_signers import SessionRegistry, may_sign
from whaletrader.adapters.paper.server.types import Account, Cancelled, Mode, Placed, Refusal, VenueTrade
from whaletrader.adapters.paper.server.venue import Venue
from whaletrader.adapters.paper.server.words import page, placed, placed_badly, refused, rest_order, rest_trade
from whaletrader.domain.addresses import checksum_address
from whaletrader.domain.order_hash import ExchangeContract

PAGE = 100
MAX_CANCELS = 3000
_ENTIRE = (425, 503)
"""Refusals of the whole exchange, not of one order."""
_UNLIMITED = str((1 << 256) - 1)
NO_ORDER = reply({"error": "order not found"}, 404)
BAD_PAYLOAD = reply({"error": "Invalid order payload"}, 400)
READ_ONLY = reply({"error": "Unauthorized/Invalid api key"}, 401)


class PrivateDesk:
    """Answers what only an account's owner may ask."""

    def __init__(
        self, venue: Venue, now: Callable[[], int], keyring: Keyring, bank: Bank, buckets: SignerBuckets
    ) -> None:
        self._venue = venue
        self._now = now
        self._keyring = keyring
        self._bank = bank
        self._buckets = buckets
        self._orders = OrderDesk(venue.market_of, bank.wallet, lambda wallet, signer: may_sign(wallet, signer, now()))

    def add_to(self, router: Router) -> None:
        """Register every call."""
        builders = BuilderDesk(self._venue, self._keyring)
        router.add("GET", "/builder/trades", builders.trades)
        router.add("GET", "/fees/builder-fees/", builders.rates)
        auth = AuthDesk(self._keyring, on_account=self._bank.welcome)
        router.add("POST", "/auth/api-key", auth.create)
        router.add("GET", "/auth/derive-api-key", auth.derive)
        for method, path, handler in (
            ("GET", "/auth/api-keys", auth.keys),
            ("DELETE", "/auth/api-key", auth.remove),
            ("POST", "/auth/readonly-api-key", auth.create_read_only),
            ("GET", "/auth/readonly-api-keys", auth.read_only_keys),
            ("DELETE", "/auth/readonly-api-key", auth.remove_read_only),
            ("GET", "/v1/user/session-signers", SessionRegistry(self._bank, self._now).told),
            ("DELETE", "/auth/builder-api-key", auth.remove_builders),
            ("POST", "/auth/builder-api-key", builders.create_key),
            ("GET", "/auth/builder-api-key", builders.keys),
            ("GET", "/auth/ban-status/closed-only", self.closed_only),
            ("GET", "/data/orders", self.open_orders),
            ("GET", "/data/pre-migration-orders", _no_rows),
            ("GET", "/data/order/", self.one_order),
            ("GET", "/data/trades", self.trades),
            ("GET", "/balance-allowance", self.balance),
            ("GET", "/balance-allowance/update", self.balance),
            ("GET", "/notifications", lambda _request, _session: reply([])),
            ("DELETE", "/notifications", lambda _request, _session: reply("OK")),
            ("GET", "/order-scoring", lambda _request, _session: reply({"scoring": False})),
            ("POST", "/orders-scoring", _scoring),
            ("GET", "/rewards/user", _no_rows),
            ("GET", "/rewards/user/markets", _no_rows),
            ("GET", "/rewards/user/total", lambda _request, _session: reply([])),
            ("GET", "/rewards/user/percentages", lambda _request, _session: reply({})),
        ):
            router.add(method, path, self._proved(handler))
        for method, path, handler in (
            ("POST", "/order", self.place),
            ("POST", "/orders", self.place_many),
            ("DELETE", "/order", self.cancel_one),
            ("DELETE", "/orders", self.cancel_many),
            ("DELETE", "/cancel-all", self.cancel_all),
            ("DELETE", "/cancel-market-orders", self.cancel_market),
            ("POST", "/v1/heartbeats", self.heartbeat),
        ):
            router.add(method, path, self._proved(handler, trades=True))

    # -- orders

    def place(self, request: Request, session: Session) -> Reply:
        """`POST /order`."""
        taken = self._buckets.orders(session.address, 1, self._now())
        if not taken.allowed:
            return over_limit(taken)
        answer = self._place(posted_one(request.body), session)
        told = refused(answer.refusal) if answer.refusal is not None else reply(placed(answer))
        return told.with_headers(*taken.headers)

    def place_many(self, request: Request, session: Session) -> Reply:
        """`POST /orders`: up to 15, each answered for itself."""
        posts = posted_batch(request.body)
        if isinstance(posts, Refusal):
            return refused(posts)
        taken = self._buckets.orders(session.address, len(posts), self._now())
        if not taken.allowed:
            return over_limit(taken)
        told: list[dict[str, Any]] = []
        for post in posts:
            answer = self._place(post, session)
            if answer.refusal is None:
                told.append(placed(answer))
            elif answer.refusal.status in _ENTIRE and self._venue.mode() is not Mode.POST_ONLY:
                return refused(answer.refusal).with_headers(*taken.headers)
            else:
                told.append(placed_badly(answer.refusal))
        return reply(told).with_headers(*taken.headers)

    def _place(self, post: WirePost | Refusal, session: Session) -> Placed:
        if isinstance(post, Refusal):
            return Placed(refusal=post)
        order = self._orders.verified(post, session)
        return Placed(refusal=order) if isinstance(order, Refusal) else self._venue.place(order, self._now())

    # -- cancels

    def cancel_one(self, request: Request, session: Session) -> Reply:
        """`DELETE /order {"orderID"}`."""
        body = _fields(request)
        order_id = body.get("orderID") if body is not None else None
        return BAD_PAYLOAD if not isinstance(order_id, str) else self._cancel([order_id], session)

    def cancel_many(self, request: Request, session: Session) -> Reply:
        """`DELETE /orders [ids]`."""
        try:
            order_ids = msgspec.json.decode(request.body, type=list[str])
        except msgspec.MsgspecError:
            return BAD_PAYLOAD
        if len(order_ids) > MAX_CANCELS:
            words = f"Too many orders in payload: {len(order_ids)}, max allowed: {MAX_CANCELS}"
            return reply({"error": words}, 400)
        return self._cancel(order_ids, session)

    def _cancel(self, order_ids: Sequence[str], session: Session) -> Reply:
        taken = self._buckets.cancels(session.address, len(order_ids), self._now())
        if not taken.allowed:
            return over_limit(taken)
        answer = self._venue.cancel(session.api_key.key, order_ids, self._now())
        return _cancelled(answer).with_headers(*taken.headers)

    def cancel_all(self, _request: Request, session: Session) -> Reply:
        """`DELETE /cancel-all`."""
        return self._cancel_open(session)

    def cancel_market(self, request: Request, session: Session) -> Reply:
        """`DELETE /cancel-market-orders {market?, asset_id?}`."""
        body = _fields(request)
        if body is None:
            return BAD_PAYLOAD
        market, token = str(body.get("market") or ""), str(body.get("asset_id") or "")
        return self._cancel_open(session, market.lower(), token) if market or token else BAD_PAYLOAD

    def _cancel_open(self, session: Session, condition_id: str = "", token_id: str = "") -> Reply:
        owner = session.api_key.key
        cost = 1 + len(self._venue.open_orders(owner))
        taken = self._buckets.cancels(session.address, cost, self._now())
        if not taken.allowed:
            return over_limit(taken)
        answer = self._venue.cancel_all(owner, self._now(), condition_id=condition_id, token_id=token_id)
        return _cancelled(answer).with_headers(*taken.headers)

    def heartbeat(self, request: Request, session: Session) -> Reply:
        """`POST /v1/heartbeats`: the dead man's switch."""
        body = _fields(request)
        told = body.get("heartbeat_id", "") if body is not None else None
        if told is not None and not isinstance(told, str):
            return BAD_PAYLOAD
        beat = self._venue.heartbeat(session.api_key.key, told or "", self._now())
        if beat.refusal is None:
            return reply({"heartbeat_id": beat.heartbeat_id})
        wrong = {"error_msg": beat.refusal.message, "heartbeat_id": beat.heartbeat_id}
        return reply(wrong, beat.refusal.status)

    # -- looking

    def open_orders(self, request: Request, session: Session) -> Reply:
        """`GET /data/orders`: live and delayed orders, filtered."""
        query = request.query
        chosen = [
            order
            for order in self._venue.open_orders(session.api_key.key)
            if query.get("id") in (None, "", order.order_id)
            and query.get("market") in (None, "", order.condition_id)
            and query.get("asset_id") in (None, "", order.token_id)
        ]
        return page(chosen, query, PAGE, lambda order: rest_order(order, self._venue.markets[order.condition_id]))

    def one_order(self, request: Request, session: Session) -> Reply:
        """`GET /data/order/{id}`: an own order in whatever state."""
        order = self._venue.orders.get(request.path.rpartition("/")[2])
        if order is None or order.owner != session.api_key.key:
            return NO_ORDER
        return reply(rest_order(order, self._venue.markets[order.condition_id]))

    def trades(self, request: Request, session: Session) -> Reply:
        """`GET /data/trades`: own trades, newest first, filtered."""
        owner, query = session.api_key.key, request.query
        try:
            after, before = int(query.get("after") or 0), int(query.get("before") or 1 << 40)
        except ValueError:
            return reply({"error": "invalid trade filters"}, 400)
        chosen = [
            trade
            for trade in reversed(self._venue.trades_of(owner))
            if after <= trade.match_ts // 1_000_000_000 <= before and _wanted(trade, query)
        ]
        return page(
            chosen, query, PAGE, lambda trade: rest_trade(trade, self._venue.markets[trade.condition_id], owner)
        )

    def balance(self, request: Request, session: Session) -> Reply:
        """`GET /balance-allowance`: what the wallet of the given type holds and has allowed."""
        query = request.query
        kind = query.get("signature_type", "0")
        if kind not in ("0", "1", "2", "3"):
            return reply({"error": "invalid signature type"}, 400)
        wallet = self._bank.wallet("", session.address, int(kind))
        asset, token_id = query.get("asset_type", ""), query.get("token_id", "")
        if asset == "COLLATERAL":
            return reply(_collateral(wallet))
        if asset in ("CONDITIONAL", "CONDITIONAL-V2") and self._venue.market_of(token_id) is not None:
            return reply(_conditional(wallet, token_id))
        return reply({"error": "invalid asset type or token id"}, 400)

    def closed_only(self, _request: Request, session: Session) -> Reply:
        """`GET /auth/ban-status/closed-only`: whether one of the account's wallets may only close."""
        own = (held for held in self._venue.accounts.values() if session.address in (held.owner, held.address))
        return reply({"closed_only": any(held.closed_only for held in own)})

    def _proved(self, handler: SessionHandler, *, trades: bool = False) -> Handler:
        def answer(request: Request) -> Reply:
            session = self._keyring.session(request)
            if session is None:
                return L2_REFUSED
            return READ_ONLY if trades and session.read_only else handler(request, session)

        return answer


def _wanted(trade: VenueTrade, query: Any) -> bool:
    makers = query.get("maker_address", "").lower()
    return (
        query.get("id") in (None, "", trade.trade_id)
        and query.get("market") in (None, "", trade.condition_id)
        and (
            not query.get("asset_id") or query["asset_id"] in (trade.token_id, *(one.token_id for one in trade.makers))
        )
        and (not makers or makers in (trade.maker, *(one.maker for one in trade.makers)))
    )


def _cancelled(answer: Cancelled) -> Reply:
    if answer.refusal is not None:
        return refused(answer.refusal)
    return reply({"canceled": list(answer.canceled), "not_canceled": answer.not_canceled})


def _collateral(wallet: Account | None) -> dict[str, Any]:
    allowed = wallet.allowances_micro if wallet is not None else {}
    return {
        "balance": str(wallet.cash_micro if wallet is not None else 0),
        "allowances": {spender: str(allowed.get(spender.lower(), 0)) for spender in _spenders()},
    }


def _conditional(wallet: Account | None, token_id: str) -> dict[str, Any]:
    approved = wallet.approved if wallet is not None else ()
    return {
        "balance": str(wallet.tokens.get(token_id, 0) if wallet is not None else 0),
        "allowances": {spender: _UNLIMITED if spender.lower() in approved else "0" for spender in _spenders()},
    }


def _spenders() -> list[str]:
    return [checksum_address(contract.value[1]) for contract in ExchangeContract]


def _fields(request: Request) -> dict[str, Any] | None:
    """Return the body where it is an object."""
    try:
        return msgspec.json.decode(request.body, type=dict[str, Any])
    except msgspec.MsgspecError:
        return None


def _no_rows(request: Request, _session: Session) -> Reply:
    return page((), request.query, PAGE, lambda row: row)


def _scoring(request: Request, _session: Session) -> Reply:
    try:
        order_ids = msgspec.json.decode(request.body, type=list[str])
    except msgspec.MsgspecError:
        return BAD_PAYLOAD
    return reply(dict.fromkeys(order_ids[:MAX_CANCELS], False))
