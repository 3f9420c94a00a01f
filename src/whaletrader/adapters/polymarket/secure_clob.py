"""The private half of the CLOB's REST interface: API keys (L1) and everything that needs one (L2).

It knows paths, headers and shapes; what an answer means for an order is said elsewhere. The secret and the passphrase
leave it in headers only, and an error's text never quotes those.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Protocol, TypeVar

import msgspec

from whaletrader.adapters.polymarket.account_rows import order_row, trade_row
from whaletrader.adapters.polymarket.http import Params, Reply
from whaletrader.datasets.decode.rows import UserOrder, UserTrade
from whaletrader.domain.clob_auth import ApiKey, l1_digest, l1_headers, l2_headers
from whaletrader.domain.order_payload import batch_body
from whaletrader.domain.values import MICRO
from whaletrader.errors import VenueError

MAX_CANCELS = 1_000
LAST_PAGE = "LTE="
MAX_PAGES = 1_000
_NOT_FOUND = 404
_T = TypeVar("_T")


class Http(Protocol):
    """What is needed of `VenueHttp`."""

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str] | None = None,
        *,
        idempotent: bool,
        params: Params | None = None,
        items: int = 1,
        signer: str = "",
    ) -> Reply:
        """Send; `VenueError` for anything but 2xx."""
        ...


class AccountKey(Protocol):
    """The account that signs: its address and its signature over a digest."""

    @property
    def address(self) -> str:
        """Lower case."""
        ...

    def sign(self, digest: bytes) -> bytes:
        """65 bytes."""
        ...


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to one order."""

    success: bool = False
    order_id: str = ""
    status: str = ""
    """live, matched, delayed or unmatched."""
    making_micro: int = 0
    taking_micro: int = 0
    trade_ids: tuple[str, ...] = ()
    error: str = ""


class Cancelled(msgspec.Struct, frozen=True):
    """The answer to cancels."""

    cancelled: tuple[str, ...]
    not_cancelled: dict[str, str]
    """Order id -> the venue's reason."""


class Balance(msgspec.Struct, frozen=True):
    """What the venue believes that we hold of an asset, and whom the wallet lets move it; micro-units."""

    balance_micro: int
    allowances: dict[str, int]
    """Spender (lower case) -> amount."""


class SecureClob:
    """One account's private calls. `now_s` is the venue's time in seconds."""

    def __init__(self, http: Http, address: str, api_key: ApiKey, *, now_s: Callable[[], int]) -> None:
        self._http, self._address, self._key, self._now_s = http, address, api_key, now_s

    @property
    def owner(self) -> str:
        """The API key's id, which every order names."""
        return self._key.key

    def __repr__(self) -> str:
        return f"SecureClob({self._address})"

    def post_order(self, body: bytes) -> Placed:
        """Send one order (`domain.order_payload.order_body`) once; `VenueError` says what the venue said."""
        return _placed(self._call("POST", "/order", body=body))

    def post_orders(self, bodies: Sequence[bytes]) -> list[Placed]:
        """Send up to 15 orders once; one answer each, in their order."""
        answer = self._call("POST", "/orders", body=batch_body(bodies), items=len(bodies))
        placed = [_placed(each) for each in _list(answer)]
        if len(placed) != len(bodies):
            raise VenueError(f"the venue answered {len(bodies)} orders with {len(placed)} answers", retryable=True)
        return placed

    def cancel(self, order_ids: Sequence[str]) -> Cancelled:
        """Cancel orders (at most `MAX_CANCELS`); cancelling twice is cancelling once."""
        if len(order_ids) == 1:
            body = msgspec.json.encode({"orderID": order_ids[0]})
            return _cancelled(self._call("DELETE", "/order", body=body, again=True))
        body = msgspec.json.encode(list(order_ids[:MAX_CANCELS]))
        return _cancelled(self._call("DELETE", "/orders", body=body, again=True, items=len(order_ids)))

    def cancel_all(self) -> Cancelled:
        """Cancel every open order of the API key."""
        return _cancelled(self._call("DELETE", "/cancel-all", again=True))

    def cancel_market(self, *, market_id: str = "", token_id: str = "") -> Cancelled:
        """Cancel every open order of a market or a token."""
        wanted = {key: value for key, value in (("asset_id", token_id), ("market", market_id)) if value}
        return _cancelled(self._call("DELETE", "/cancel-market-orders", body=msgspec.json.encode(wanted), again=True))

    def order(self, order_id: str) -> UserOrder | None:
        """Return an order; None where the venue does not know it (any more)."""
        try:
            answer = self._call("GET", f"/data/order/{order_id}", again=True)
        except VenueError as error:
            if error.status == _NOT_FOUND:
                return None
            raise
        if isinstance(answer, dict) and isinstance(answer.get("order"), dict):
            answer = answer["order"]
        return order_row(answer) if isinstance(answer, dict) and answer else None

    def open_orders(self, *, market_id: str = "") -> list[UserOrder]:
        """Return every open order; `VenueError` where the walk was not complete."""
        return [_row(order_row, each) for each in self._pages("/data/orders", {"market": market_id})]

    def trades(self, *, market_id: str = "", trade_id: str = "", after_s: int = 0, maker: str = "") -> list[UserTrade]:
        """Return our trades, newest first as the venue has them; `VenueError` where the walk was not complete."""
        asked = {"market": market_id, "id": trade_id, "after": str(after_s) if after_s else "", "maker_address": maker}
        return [_row(trade_row, each) for each in self._pages("/data/trades", asked)]

    def balance(self, asset_type: str, *, signature_type: int, token_id: str = "") -> Balance:
        """Return balance and allowances; `asset_type` is COLLATERAL, CONDITIONAL or CONDITIONAL-V2."""
        asked = {"asset_type": asset_type, "signature_type": str(signature_type), "token_id": token_id}
        return _balance(self._call("GET", "/balance-allowance", params=_given(asked), again=True))

    def refresh_balance(self, asset_type: str, *, signature_type: int, token_id: str = "") -> None:
        """Have the venue read the chain again, after deposits and approvals."""
        asked = {"asset_type": asset_type, "signature_type": str(signature_type), "token_id": token_id}
        self._call("GET", "/balance-allowance/update", params=_given(asked), again=True)

    def closed_only(self) -> bool:
        """Whether the account may only close positions."""
        answer = self._call("GET", "/auth/ban-status/closed-only", again=True)
        if not isinstance(answer, dict) or not isinstance(answer.get("closed_only"), bool):
            raise VenueError("the venue did not say whether the account may only close", retryable=True)
        return bool(answer["closed_only"])

    def api_keys(self) -> tuple[str, ...]:
        """Return the ids of the account's API keys: the cheapest call that proves one."""
        answer = self._call("GET", "/auth/api-keys", again=True)
        keys = answer.get("apiKeys") if isinstance(answer, dict) else None
        return tuple(str(key) for key in keys) if isinstance(keys, list) else ()

    def heartbeat(self, heartbeat_id: str) -> str:
        """Say that we live; returns the id to be sent next."""
        answer = self._call("POST", "/v1/heartbeats", body=msgspec.json.encode({"heartbeat_id": heartbeat_id}))
        return str(answer.get("heartbeat_id", "")) if isinstance(answer, dict) else ""

    def _call(
        self,
        method: str,
        path: str,
        *,
        body: bytes = b"",
        params: Params | None = None,
        again: bool = False,
        **more: int,
    ) -> object:
        headers = l2_headers(self._address, self._key, self._now_s(), method, path, body)
        sent = body or None
        reply = self._http.send(method, path, sent, headers, idempotent=again, params=params, signer=self.owner, **more)
        return reply.json() if reply.body else None

    def _pages(self, path: str, asked: Mapping[str, str]) -> Iterator[Mapping[str, object]]:
        cursor = ""
        for _ in range(MAX_PAGES):
            answer = self._call("GET", path, params=_given({**asked, "next_cursor": cursor}), again=True)
            if isinstance(answer, list):  # older forms answer with the bare rows
                yield from (each for each in answer if isinstance(each, dict))
                return
            if not isinstance(answer, dict) or not isinstance(answer.get("data"), list):
                break
            yield from (each for each in answer["data"] if isinstance(each, dict))
            following = str(answer.get("next_cursor") or "")
            if following in ("", LAST_PAGE):
                return
            if following == cursor:
                break
            cursor = following
        raise VenueError(f"{path} could not be walked to its end", retryable=True)


def obtain_api_key(http: Http, key: AccountKey, *, now_s: Callable[[], int], nonce: int = 0) -> ApiKey:
    """Derive the account's API key, or make it where there is none yet.

    Raises
    ------
    VenueError
        The venue refused both, or did not answer.
    """
    try:
        return _credentials(_l1(http, key, "GET", "/auth/derive-api-key", now_s(), nonce))
    except VenueError as error:
        if error.retryable or error.status not in (400, 404):
            raise
    return _credentials(_l1(http, key, "POST", "/auth/api-key", now_s(), nonce))


def _l1(http: Http, key: AccountKey, method: str, path: str, now_s: int, nonce: int) -> object:
    signature = key.sign(l1_digest(key.address, now_s, nonce))
    headers = l1_headers(key.address, signature, now_s, nonce)
    return http.send(method, path, None, headers, idempotent=method == "GET").json()


def _credentials(answer: object) -> ApiKey:
    if isinstance(answer, dict):
        parts = [answer.get(name) for name in ("apiKey", "secret", "passphrase")]
        if all(isinstance(part, str) and part for part in parts):
            return ApiKey(*(str(part) for part in parts))
    # What came is left out on purpose: it may hold a part of the credentials.
    raise VenueError("the venue's answer holds no complete API key", retryable=False)


def _placed(answer: object) -> Placed:
    if not isinstance(answer, dict):
        raise VenueError("the venue answered an order with what is no object", retryable=True)
    ids = answer.get("tradeIDs") or ()
    return Placed(
        success=answer.get("success") is True,
        order_id=str(answer.get("orderID") or "").lower(),
        status=str(answer.get("status") or "").lower(),
        making_micro=_micro(answer.get("makingAmount")),
        taking_micro=_micro(answer.get("takingAmount")),
        trade_ids=tuple(str(each) for each in ids) if isinstance(ids, list) else (),
        error=str(answer.get("errorMsg") or answer.get("error") or ""),
    )


def _cancelled(answer: object) -> Cancelled:
    if not isinstance(answer, dict):
        raise VenueError("the venue answered a cancel with what is no object", retryable=True)
    done, refused = answer.get("canceled") or [], answer.get("not_canceled") or {}
    return Cancelled(
        tuple(str(each).lower() for each in done) if isinstance(done, list) else (),
        {str(key).lower(): str(value) for key, value in refused.items()} if isinstance(refused, dict) else {},
    )


def _balance(answer: object) -> Balance:
    if not isinstance(answer, dict) or "balance" not in answer:
        raise VenueError("the venue did not tell a balance", retryable=True)
    told = answer.get("allowances")
    try:
        allowances = {str(key).lower(): int(value) for key, value in told.items()} if isinstance(told, dict) else {}
        return Balance(int(answer["balance"]), allowances)
    except (TypeError, ValueError):
        raise VenueError("the venue told a balance that is no number", retryable=True) from None


def _list(answer: object) -> list[object]:
    if not isinstance(answer, list):
        raise VenueError("the venue answered with what is no list", retryable=True)
    return answer


def _row(decode: Callable[[Mapping[str, object]], _T | None], data: Mapping[str, object]) -> _T:
    row = decode(data)
    if row is None:
        raise VenueError("the venue told an order or a trade that cannot be read", retryable=True)
    return row


def _given(params: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in params.items() if value}


def _micro(value: object) -> int:
    try:
        return int(Decimal(str(value or 0)) * MICRO)
    except (InvalidOperation, ValueError, OverflowError):
        return 0
