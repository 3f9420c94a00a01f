"""The history subgraphs' face: the public record in the words of the first exchanges, asked by GraphQL.

Entities come by `id_gt` or `skip` as The Graph serves them: at most 1,000 at once and 5,000 skipped, errors with status
200. The real ones know the first exchanges only; this one tells what happened here as if it had happened there.
Pools of the AMM era never were.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from whaletrader.adapters.paper.server.edge import Reply, Request, Router, reply
from whaletrader.adapters.paper.server.figures import seconds
from whaletrader.adapters.paper.server.graph_query import BadQuery, Selected, Value, parse_query
from whaletrader.adapters.paper.server.holding import Holding
from whaletrader.adapters.paper.server.holdings import holdings_of
from whaletrader.adapters.paper.server.record import Leg, Move, Record
from whaletrader.domain.values import MICRO
from whaletrader.domain.venue_contracts import VenueContract

MOST_ROWS, MOST_SKIPPED, USUAL_ROWS = 1_000, 5_000, 100
Entity = dict[str, object]
Where = Mapping[str, Value]
Entities = Callable[[Where], Iterable[Entity]]
_SUFFIXES = ("not_in", "not", "gte", "gt", "lte", "lt", "in")
_TEXTS = frozenset(
    {"id", "user", "maker", "taker", "stakeholder", "redeemer", "condition", "orderHash", "transactionHash"}
)
"""Fields that are compared as text; all others are numbers."""


class _Asked(msgspec.Struct):
    query: str
    variables: dict[str, object] | None = None


class SubgraphFace:
    """Every subgraph of the host, at `/<name>-subgraph/<version>/gn`."""

    def __init__(self, record: Record, now: Callable[[], int]) -> None:
        self._record, self._now = record, now
        self._subgraphs: dict[str, dict[str, Entities]] = {
            "orderbook": {"orderFilledEvents": self._fills, "ordersMatchedEvents": self._matches,
                          "marketDatas": self._tokens},
            "activity": {"splits": self._moves("SPLIT"), "merges": self._moves("MERGE"),
                         "redemptions": self._moves("REDEEM"), "negRiskConversions": self._moves("CONVERSION"),
                         "positions": self._tokens},
            "fpmm": {"fpmmTransactions": lambda _: ()},
            "positions": {"userBalances": self._balances},
            "pnl": {"userPositions": self._positions, "conditions": self._conditions},
        }  # fmt: skip
        self.router = Router()
        self.router.add("POST", "/", self._answer)
        for name in self._subgraphs:
            self.router.add("POST", f"/{name}-subgraph/", self._answer)

    def _answer(self, request: Request) -> Reply:
        name, _, place = request.path.strip("/").partition("-subgraph/")
        entities = self._subgraphs.get(name)
        if entities is None or not place.endswith("/gn"):
            return reply({"message": "Subgraph not found"}, 404)
        try:
            asked = msgspec.json.decode(request.body, type=_Asked)
            fields = parse_query(asked.query, asked.variables)  # type: ignore[arg-type]
            return reply({"data": {one.alias: self._field(entities, one) for one in fields}})
        except (BadQuery, msgspec.MsgspecError) as error:
            return reply({"errors": [{"message": str(error)}]})

    def _field(self, entities: Mapping[str, Entities], asked: Selected) -> object:
        if asked.name == "_meta":
            return picked(self._meta(), asked.fields, "_Meta_")
        if asked.name not in entities:
            raise BadQuery(f"Type `Query` has no field `{asked.name}`")
        where = asked.arguments.get("where") or {}
        if not isinstance(where, dict):
            raise BadQuery("Invalid value provided for argument `where`")
        count = _number(asked.arguments, "first", USUAL_ROWS, MOST_ROWS)
        skipped = _number(asked.arguments, "skip", 0, MOST_SKIPPED)
        order = str(asked.arguments.get("orderBy") or "id")
        found = [row for row in entities[asked.name](where) if fits(row, where)]
        found.sort(key=lambda row: (_key(row, order), str(row["id"])))
        if asked.arguments.get("orderDirection") == "desc":
            found.reverse()
        return [picked(row, asked.fields, asked.name) for row in found[skipped : skipped + count]]

    def _meta(self) -> Entity:
        now = self._now()
        newest = next(self._record.legs_newest_first(now), None)
        block = {"number": newest.block if newest else 0, "timestamp": seconds(newest.ts if newest else now)}
        return {"block": block, "hasIndexingErrors": False}

    # -- orderbook

    def _fills(self, where: Where) -> Iterator[Entity]:
        legs = list(self._record.legs_newest_first(self._now(), wallet=_told(where, "maker")))
        takers = {leg.tx_hash: leg.wallet for leg in self._takers({leg.tx_hash for leg in legs if leg.maker})}
        for leg in legs:
            exchange = self._exchange(leg)
            shares_for_fee = leg.fee_micro * leg.size_micro // leg.usd_micro if leg.usd_micro else 0
            yield {
                "id": f"{leg.tx_hash}_{leg.order_hash}",
                "transactionHash": leg.tx_hash,
                "timestamp": str(seconds(leg.ts)),
                "orderHash": leg.order_hash,
                "maker": leg.wallet,
                "taker": takers.get(leg.tx_hash, exchange) if leg.maker else exchange,
                **_exchanged(leg, "makerAssetId", "takerAssetId"),
                "fee": str(shares_for_fee if leg.side == "BUY" else leg.fee_micro),
            }

    def _takers(self, hashes: set[str]) -> Iterator[Leg]:
        """The taker's leg of each of some transactions."""
        lacking = set(hashes)
        for leg in self._record.legs_newest_first(self._now()) if lacking else ():
            if not leg.maker and leg.tx_hash in lacking:
                lacking.discard(leg.tx_hash)
                yield leg
            if not lacking:
                return

    def _exchange(self, leg: Leg) -> str:
        neg_risk = self._record.cards[leg.market_id].neg_risk
        return (VenueContract.NEG_RISK_EXCHANGE_V1 if neg_risk else VenueContract.EXCHANGE_V1).value

    def _matches(self, _where: Where) -> Iterator[Entity]:
        for leg in self._record.legs_newest_first(self._now()):
            if not leg.maker:
                yield {
                    "id": leg.tx_hash,
                    "timestamp": str(seconds(leg.ts)),
                    **_exchanged(leg, "makerAssetID", "takerAssetID"),
                }

    def _tokens(self, _where: Where) -> Iterator[Entity]:
        for card in self._record.cards.values():
            for index, token_id in enumerate(card.token_ids):
                yield {"id": token_id, "condition": card.market_id, "outcomeIndex": str(index)}

    # -- activity

    def _moves(self, kind: str) -> Entities:
        owner = "redeemer" if kind == "REDEEM" else "stakeholder"

        def rows(where: Where) -> Iterator[Entity]:
            wallet, now = _told(where, owner), self._now()
            moves = (
                self._record.moves_newest_first(now, wallet)
                if wallet
                else iter(self._record.moves.rows[: self._record.moves.known(now)])
            )
            return (self._move(move, owner) for move in moves if move.kind == kind)

        return rows

    def _move(self, move: Move, owner: str) -> Entity:
        base: Entity = {
            "id": f"{move.tx_hash}_{max(move.log_index, 0):#x}",
            "timestamp": str(seconds(move.ts)),
            owner: move.wallet,
        }
        if move.kind == "REDEEM":
            return base | {"condition": move.market_id, "indexSets": ["1", "2"], "payout": str(move.usd_micro)}
        if move.kind != "CONVERSION":
            return base | {"condition": move.market_id, "amount": str(move.size_micro)}
        event = self._record.cards[move.market_id].neg_risk_market_id
        questions = [card for card in self._record.cards.values() if card.neg_risk_market_id == event]
        given = [card for card in questions if card.market_id in move.given_ids]
        return base | {
            "negRiskMarketId": event,
            "amount": str(move.size_micro),
            "indexSet": str(sum(1 << int(card.question_id[-2:], 16) for card in given)),
            "questionCount": len(questions),
        }

    # -- positions and PNL

    def _held(self, where: Where) -> list[Holding]:
        return holdings_of(self._record, self._now(), wallet=_told(where, "user"))

    def _balances(self, where: Where) -> Iterator[Entity]:
        for held in self._held(where):
            tokens = self._record.cards[held.market_id].token_ids
            yield {
                "id": f"{held.wallet}-{held.token_id}",
                "user": held.wallet,
                "asset": {
                    "id": held.token_id,
                    "condition": {"id": held.market_id},
                    "complement": tokens[1 - held.outcome_index],
                    "outcomeIndex": str(held.outcome_index),
                },
                "balance": str(held.size_micro),
            }

    def _positions(self, where: Where) -> Iterator[Entity]:
        for held in self._held(where):
            yield {
                "id": f"{held.wallet}-{held.token_id}",
                "user": held.wallet,
                "tokenId": held.token_id,
                "amount": str(held.size_micro),
                "avgPrice": str(held.cost_micro * MICRO // held.size_micro if held.size_micro else 0),
                "realizedPnl": str(held.realized_micro),
                "totalBought": str(held.bought_micro),
            }

    def _conditions(self, _where: Where) -> Iterator[Entity]:
        for card in self._record.cards.values():
            payouts = self._record.standings[card.market_id].payouts_micro
            yield {
                "id": card.market_id,
                "positionIds": list(card.token_ids),
                "payoutNumerators": [str(each) for each in payouts or ()],
                "payoutDenominator": str(sum(payouts or ())),
            }


def _exchanged(leg: Leg, given: str, received: str) -> Entity:
    """What an order gave and got: the asset "0" is collateral."""
    sides = (("0", leg.usd_micro), (leg.token_id, leg.size_micro))
    (gave, amount), (got, taken) = sides if leg.side == "BUY" else sides[::-1]
    return {given: gave, received: got, "makerAmountFilled": str(amount), "takerAmountFilled": str(taken)}


def _told(where: Where, name: str) -> str:
    """The text that a field must be equal to, "" where none is told."""
    value = where.get(name)
    return value.lower() if isinstance(value, str) else ""


def fits(row: Entity, where: Where) -> bool:
    """Whether an entity passes every filter; BadQuery for a field that it does not have."""
    return all(_passes(row, name, wanted) for name, wanted in where.items())


def _passes(row: Entity, name: str, wanted: Value) -> bool:
    suffix = next((each for each in _SUFFIXES if name.endswith("_" + each)), "")
    field = name.removesuffix("_" + suffix) if suffix else name
    have = _key(row, field)
    if suffix in ("in", "not_in"):
        listed = [_comparable(field, each) for each in wanted] if isinstance(wanted, list) else []
        return (have in listed) == (suffix == "in")
    limit = _comparable(field, wanted)
    return {
        "": have == limit, "not": have != limit, "gt": have > limit, "gte": have >= limit,
        "lt": have < limit, "lte": have <= limit,
    }[suffix]  # fmt: skip


def _key(row: Entity, field: str) -> tuple[int, str]:
    if field not in row:
        raise BadQuery(f"no field `{field}` to filter or order by")
    return _comparable(field, row[field])


def _comparable(field: str, value: object) -> tuple[int, str]:
    """A value as it is ordered: a number by its size, a text by its letters."""
    text = str(value)
    if field in _TEXTS or not text.lstrip("-").isdigit():
        return 0, text.lower()
    return int(text), ""


def picked(row: Entity, fields: tuple[Selected, ...], kind: str) -> Entity:
    """The fields of an entity that are asked for; BadQuery for one that it does not have."""
    if not fields:
        raise BadQuery(f"Field `{kind}` must have a selection of subfields")
    found: Entity = {}
    for one in fields:
        if one.name not in row:
            raise BadQuery(f"Type `{kind}` has no field `{one.name}`")
        value = row[one.name]
        found[one.alias] = picked(value, one.fields, one.name) if isinstance(value, dict) else value
    return found


def _number(arguments: Mapping[str, Value], name: str, usual: int, most: int) -> int:
    value = arguments.get(name, usual)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise BadQuery(f"The value of the `{name}` argument must be between 0 and {most}, but is {value}")
    return value
