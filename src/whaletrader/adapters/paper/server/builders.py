"""What builders get: keys that authenticate them at the relayer, the trades that carry their code, their rates."""

from collections.abc import Iterator
from typing import Any

from whaletrader.adapters.paper.server.auth import Keyring, Session
from whaletrader.adapters.paper.server.edge import Reply, Request, reply
from whaletrader.adapters.paper.server.types import MakerFill, VenueTrade
from whaletrader.adapters.paper.server.venue import Venue
from whaletrader.adapters.paper.server.words import decimal, page, seconds, told_hash
from whaletrader.domain.addresses import checksum_address
from whaletrader.domain.order_hash import NO_BYTES32

PAGE = 100
BAD_CODE = reply({"error": "invalid builder code"}, 400)
NO_CODE = reply({"error": "builder code not found"}, 404)


class BuilderDesk:
    """The `/builder/…`, `/fees/builder-fees/…` and `/auth/builder-api-key` calls."""

    def __init__(self, venue: Venue, keyring: Keyring) -> None:
        self._venue = venue
        self._keyring = keyring

    def create_key(self, _request: Request, session: Session) -> Reply:
        """`POST /auth/builder-api-key`."""
        made = self._keyring.builder(session)
        return reply({"key": made.key, "secret": made.secret, "passphrase": made.passphrase})

    def keys(self, _request: Request, session: Session) -> Reply:
        """`GET /auth/builder-api-key`: ids, no secrets."""
        return reply([{"key": key, "createdAt": None, "revokedAt": None} for key in self._keyring.builders_of(session)])

    def rates(self, request: Request) -> Reply:
        """`GET /fees/builder-fees/{code}`: what a registered code charges; everybody may look."""
        rates = self._venue.builders.rates(request.path.rpartition("/")[2])
        if rates is None:
            return NO_CODE
        return reply({"builder_maker_fee_rate_bps": rates.maker_bps, "builder_taker_fee_rate_bps": rates.taker_bps})

    def trades(self, request: Request) -> Reply:
        """`GET /builder/trades?builder_code=…`: newest first; everybody may look."""
        code = request.query.get("builder_code", "").lower().removeprefix("0x")
        if len(code) != len(NO_BYTES32) or code == NO_BYTES32:
            return BAD_CODE
        market, token = request.query.get("market", ""), request.query.get("asset_id", "")
        chosen = [
            (trade, leg)
            for trade, leg in self._legs()
            if leg.builder == code and market in ("", trade.condition_id) and token in ("", leg.token_id)
        ]
        return page(chosen, request.query, PAGE, self._told)

    def _legs(self) -> Iterator[tuple[VenueTrade, VenueTrade | MakerFill]]:
        for trade in reversed(list(self._venue.trades.values())):
            yield trade, trade
            for fill in trade.makers:
                yield trade, fill

    def _told(self, row: tuple[VenueTrade, VenueTrade | MakerFill]) -> dict[str, Any]:
        trade, leg = row
        taker = isinstance(leg, VenueTrade)
        market = self._venue.markets[trade.condition_id]
        fee = decimal(leg.fee_micro)
        return {
            "id": trade.trade_id,
            "tradeType": "TAKER" if taker else "MAKER",
            "takerOrderHash": trade.taker_order_id,
            "builder": f"0x{leg.builder}",
            "market": trade.condition_id,
            "assetId": leg.token_id,
            "side": leg.side,
            "size": decimal(leg.size_micro),
            "sizeUsdc": decimal(leg.cash_micro),
            "price": decimal(leg.price_micro),
            "status": f"TRADE_STATUS_{trade.state}",
            "outcome": market.outcomes[leg.outcome_index],
            "outcomeIndex": leg.outcome_index,
            "owner": leg.owner,
            "maker": checksum_address(leg.maker),
            "transactionHash": told_hash(trade, trade.state),
            "matchTime": seconds(trade.match_ts),
            "bucketIndex": trade.bucket_index,
            "fee": fee,
            "feeUsdc": fee,
            "err_msg": None,
            "createdAt": seconds(trade.match_ts),
            "updatedAt": seconds(max(trade.updated_ts, trade.match_ts)),
        }
