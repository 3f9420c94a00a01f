"""The history subgraphs (The Graph's protocol): entities in order of id, page by page; blind after 2026-04-28.

Pages follow `id_gt` (skips beyond 5,000 are refused); a query that times out is repeated with half the rows. How far
the subgraph has read the chain is asked with every page. No row is decoded here (`datasets.decode.subgraph` does).
"""

import re
from collections.abc import Mapping

import msgspec

from whaletrader.adapters.polymarket.http import VenueHttp
from whaletrader.adapters.polymarket.pages import Page, raws
from whaletrader.errors import UsageError, VenueError

PAGE_ROWS = 1_000
NAMES: Mapping[str, str] = {
    "orderbook": "orderbook-subgraph/0.0.1",
    "positions": "positions-subgraph/0.0.7",
    "activity": "activity-subgraph/0.0.4",
    "oi": "oi-subgraph/0.0.6",
    "pnl": "pnl-subgraph/0.0.14",
    "fpmm": "fpmm-subgraph/0.0.1",
    "wallet": "wallet-subgraph/0.0.4",
}
"""Short name to what stands in the address."""
_META = "_meta{block{number timestamp} hasIndexingErrors}"
"""How far the chain was read, asked for beside the entities."""
_INCOMPLETE = "the subgraph says that it could not index everything"


class WalletListing(msgspec.Struct, frozen=True):
    """What a subgraph tells of one wallet: which entity, by which field, and whether its rows have times."""

    subgraph: str
    owner: str
    fields: str
    timed: bool = True


_CHANGE = "id timestamp stakeholder condition amount"
WALLET_LISTINGS: Mapping[str, WalletListing] = {
    "orderFilledEvents": WalletListing(
        "orderbook",
        "maker",
        "id timestamp transactionHash orderHash maker taker makerAssetId takerAssetId "
        "makerAmountFilled takerAmountFilled fee",
    ),
    "fpmmTransactions": WalletListing(
        "fpmm",
        "user",
        "id timestamp type market{id conditions} user tradeAmount feeAmount outcomeIndex outcomeTokensAmount",
    ),
    "splits": WalletListing("activity", "stakeholder", _CHANGE),
    "merges": WalletListing("activity", "stakeholder", _CHANGE),
    "redemptions": WalletListing("activity", "redeemer", "id timestamp redeemer condition indexSets payout"),
    "negRiskConversions": WalletListing(
        "activity", "stakeholder", "id timestamp stakeholder negRiskMarketId amount indexSet questionCount"
    ),
    "userPositions": WalletListing(
        "pnl", "user", "id user tokenId amount avgPrice realizedPnl totalBought", timed=False
    ),
    "userBalances": WalletListing(
        "positions", "user", "id user asset{id condition{id} complement outcomeIndex} balance", timed=False
    ),
}
"""By entity. A wallet's own orders are its fills in both roles, so `taker` need not be asked for."""
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CONDITION_LENGTH = 66
_VALUE = re.compile(r"[A-Za-z0-9_.\-]*")


class _Problem(msgspec.Struct):
    message: str = ""


class _Answer(msgspec.Struct):
    data: dict[str, msgspec.Raw] | None = None
    errors: list[_Problem] | None = None


class _Node(msgspec.Struct):
    id: str = ""


class _Asset(msgspec.Struct):
    condition: str | _Node | None = None


class _Pool(msgspec.Struct):
    conditions: list[str] = []


class _Row(msgspec.Struct):
    """The few fields that paging and the report look at."""

    id: str
    timestamp: str | int | None = None
    transactionHash: str = ""  # noqa: N815  the subgraph's own name
    condition: str | _Node | None = None
    asset: _Asset | None = None
    market: _Pool | None = None

    @property
    def named(self) -> str:
        """The condition that the row names, "" for none."""
        if self.market is not None:
            return self.market.conditions[0].lower() if self.market.conditions else ""
        told = self.condition if self.asset is None else self.asset.condition
        return ((told.id if isinstance(told, _Node) else told) or "").lower()


class _Meta(msgspec.Struct):
    hasIndexingErrors: bool = False  # noqa: N815


class Subgraph:
    """All subgraphs of one host."""

    def __init__(self, http: VenueHttp) -> None:
        self.http = http

    def page(
        self, name: str, entity: str, fields: str, where: Mapping[str, str], cursor: str = "", rows: int = PAGE_ROWS
    ) -> Page:
        """Up to `rows` entities behind the id `cursor`; `where` holds filters beside it, such as maker.

        Raises
        ------
        UsageError
            A name or a filter's value is none that a query can hold.
        VenueError
            The subgraph reports an error, also when asked for few rows.
        """
        while True:
            query = query_text(entity, fields, {**where, "id_gt": cursor}, rows)[:-1] + _META + "}"
            path = f"/{NAMES.get(name, name)}/gn"
            body = self.http.send("POST", path, msgspec.json.encode({"query": query}), idempotent=True).body
            problem, listing, whole = _read(body, entity)
            if listing is not None:
                page = self._page(entity, where, body, listing, rows)
                return page if whole else msgspec.structs.replace(page, truncated=_INCOMPLETE)
            if "time" not in problem.lower() or rows <= 10:
                raise VenueError(f"the subgraph {name} refused {entity}: {problem[:300]}", status=200, words=problem)
            rows //= 2

    def wallet_page(self, entity: str, wallet: str, since_s: int, until_s: int, cursor: str = "") -> Page:
        """One page of what is told of a wallet (`WALLET_LISTINGS`) in [since_s, until_s]; what has no times, whole."""
        listing = WALLET_LISTINGS[entity]
        where = {listing.owner: wallet.lower()}
        if listing.timed:
            where |= {"timestamp_gte": str(since_s), "timestamp_lte": str(until_s)}
        return self.page(listing.subgraph, entity, listing.fields, where, cursor, PAGE_ROWS)

    def _page(self, entity: str, where: Mapping[str, str], body: bytes, listing: msgspec.Raw, asked: int) -> Page:
        source = f"subgraph.{entity}"
        try:
            found = msgspec.json.decode(listing, type=list[_Row])
        except msgspec.MsgspecError:
            raise VenueError(f"{source} answered rows without ids", retryable=True) from None
        seconds = [int(one.timestamp) for one in found if one.timestamp is not None and str(one.timestamp).isdigit()]
        return Page(
            source=source,
            params=dict(where),
            body=body,
            rows=len(raws(listing, source)),
            next=found[-1].id if len(found) >= asked else "",
            first_s=min(seconds, default=-1),
            last_s=max(seconds, default=-1),
            conditions=tuple(dict.fromkeys(one.named for one in found if len(one.named) == _CONDITION_LENGTH)),
            hashes=tuple(dict.fromkeys(one.transactionHash.lower() for one in found if one.transactionHash)),
        )


def query_text(entity: str, fields: str, where: Mapping[str, str], rows: int) -> str:
    """The GraphQL text; nothing but words, numbers and hex can get into it.

    Raises
    ------
    UsageError
        A name or value has other characters.
    """
    for word in (entity, *where):
        if not _WORD.fullmatch(word):
            raise UsageError(f"{word!r} is no name that a subgraph query can hold")
    for value in where.values():
        if not _VALUE.fullmatch(value):
            raise UsageError(f"{value!r} is no value that a subgraph query can hold")
    conditions = ",".join(f'{key}:"{value}"' for key, value in where.items())
    return f"{{{entity}(first:{rows},orderBy:id,orderDirection:asc,where:{{{conditions}}}){{{fields}}}}}"


def _read(body: bytes, entity: str) -> tuple[str, msgspec.Raw | None, bool]:
    """What went wrong, the rows where nothing did, and whether the subgraph has indexed everything."""
    try:
        answer = msgspec.json.decode(body, type=_Answer)
        meta = msgspec.json.decode((answer.data or {}).get("_meta", b"{}"), type=_Meta | None)
    except msgspec.MsgspecError:
        raise VenueError("the subgraph answered what is no JSON", retryable=True) from None
    if answer.errors:
        return answer.errors[0].message, None, False
    if answer.data is None or entity not in answer.data:
        return "no data", None, False
    return "", answer.data[entity], meta is None or not meta.hasIndexingErrors
