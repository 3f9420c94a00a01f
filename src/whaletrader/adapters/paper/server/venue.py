"""The paper exchange itself: a synchronous, deterministic state machine without sockets, threads or a clock.

Time comes in with every call as `now_ns` and never runs backwards; `advance` lets what is due happen (delayed orders,
expiries, blocks, settlements, heartbeats, game starts). The same seed and the same calls give the same books, ids,
transactions and logs. Everything it tells is SIMULATED.
"""

from collections.abc import Sequence

from whaletrader.adapters.paper.server import terms as rules_of_orders
from whaletrader.adapters.paper.server.books import MarketBook
from whaletrader.adapters.paper.server.builder_codes import UNKNOWN_CODE, BuilderRates
from whaletrader.adapters.paper.server.chain import Transaction
from whaletrader.adapters.paper.server.funds import UNLIMITED, need_of
from whaletrader.adapters.paper.server.matches import worst_cost_micro
from whaletrader.adapters.paper.server.settlement_logs import resolution_logs
from whaletrader.adapters.paper.server.terms import Terms
from whaletrader.adapters.paper.server.trading import Listener, Trading, delay_ns, uuid_of
from whaletrader.adapters.paper.server.types import (
    Account,
    Block,
    BookView,
    Cancelled,
    Heartbeat,
    Log,
    MarketAdded,
    MarketResolved,
    Mode,
    NewOrder,
    OrderState,
    OrderType,
    Placed,
    Refusal,
    VenueMarket,
    VenueOrder,
    VenueTrade,
)
from whaletrader.domain.values import MICRO, NANOS, Side
from whaletrader.domain.venue_contracts import LIVE_EXCHANGES


class Venue(Trading):
    """Accounts, markets, books, trades and the chain that settles them."""

    # -- setting up ----------------------------------------------------------------------------------------------

    def listen(self, listener: Listener) -> None:
        """Have every event told to `listener`, at once and in order; it must not change anything."""
        self._listeners.append(listener)

    def add_market(self, market: VenueMarket, now_ns: int) -> None:
        """List a market (tells `MarketAdded`); the object is the venue's from now on."""
        now = self._at(now_ns)
        book = MarketBook(market, now)
        self.markets[market.condition_id] = market
        self._books[market.condition_id] = book
        for outcome, token in enumerate(market.token_ids):
            self._token[token] = (book, outcome)
        if market.clear_book_on_start and market.game_start_ts > now:
            self._agenda.add(market.game_start_ts, lambda ts: self._clear(book, ts))
        self._tell(MarketAdded(ts=now, market=market))

    def open_account(
        self, address: str, *, owner: str = "", signature_type: int = 3, cash_micro: int = 0, approve: bool = True
    ) -> Account:
        """Return the account of an address, made if need be; `approve` allows every exchange contract."""
        account = self.accounts.get(address)
        if account is None:
            account = Account(address=address, owner=owner or address, signature_type=signature_type)
            self.accounts[address] = account
        account.cash_micro += cash_micro
        if approve:
            account.allowances_micro.update({str(contract): UNLIMITED for contract in LIVE_EXCHANGES})
            account.approved.update(str(contract) for contract in LIVE_EXCHANGES)
        return account

    def deposit(self, address: str, *, cash_micro: int = 0, tokens: dict[str, int] | None = None) -> None:
        """Give an account collateral or tokens out of nothing."""
        account = self.accounts[address]
        account.cash_micro += cash_micro
        for token, size in (tokens or {}).items():
            account.tokens[token] = account.tokens.get(token, 0) + size

    def approve(self, address: str, spender: str, amount_micro: int) -> None:
        """Allow a contract an amount of a wallet's collateral."""
        self.accounts[address].allowances_micro[spender] = amount_micro

    def approve_all(self, address: str, operator: str, allowed: bool) -> None:
        """Let a contract move a wallet's outcome tokens, or no longer."""
        approved = self.accounts[address].approved
        (approved.add if allowed else approved.discard)(operator)

    def deploy(self, address: str) -> None:
        """Put a wallet's contract on the chain."""
        self.accounts[address].deployed = True

    def use_nonce(self, owner: str, nonce: int) -> None:
        """Take note that an owner's nonce is used up."""
        self.nonces[owner] = nonce + 1

    def authorize(self, address: str, signer: str, until_s: int, scopes: tuple[str, ...]) -> None:
        """Let a session key sign a wallet's orders until a time; with a time that is over, no longer."""
        self.accounts[address].session_signers[signer] = until_s, scopes
        if until_s * NANOS > self.now_ns:
            self.delegates[signer] = address

    # -- time and modes ------------------------------------------------------------------------------------------

    def advance(self, now_ns: int) -> None:
        """Let everything due up to `now_ns` happen, in the order of its time."""
        self._at(now_ns)

    def next_due_ns(self) -> int:
        """Return when something is due next (at the latest the next block), for the front's timer."""
        next_block = self._chain.ts_of(self._chain.number_at(self.now_ns) + 1)
        return min(self._agenda.next_ns(), next_block)

    def restart(self, now_ns: int) -> None:
        """Go through a restart of the engine: 425 for `restart_ns`, then post-only for `post_only_ns`; books stay."""
        self._modes.restart(self._at(now_ns), self.rules)

    def set_mode(self, mode: Mode, now_ns: int, until_ns: int = -1) -> None:
        """Take what `mode` says until `until_ns` (-1: until told otherwise)."""
        self._modes.set(mode, self._at(now_ns), until_ns)

    def mode(self) -> Mode:
        """Return what is taken at the moment."""
        return self._modes.at(self.now_ns)[0]

    # -- trading -------------------------------------------------------------------------------------------------

    def place(self, order: NewOrder, now_ns: int) -> Placed:
        """Take an order whose signature is verified: match it, let the rest rest, or refuse it in the venue's words."""
        now = self._at(now_ns)
        mode, left_s = self._modes.at(now)
        refusal = rules_of_orders.mode_refusal(mode, left_s, post_only=order.post_only)
        if refusal is not None:
            return Placed(refusal=refusal)
        known = self._token.get(order.token_id)
        if known is None:
            return Placed(refusal=rules_of_orders.NO_MARKET)
        book, outcome = known
        terms, rates = self._terms(order, book.market, now), self.builders.rates(order.builder)
        if isinstance(terms, Refusal):
            return Placed(refusal=terms)
        if rates is None:
            return Placed(refusal=UNKNOWN_CODE)
        taken = _order_of(order, terms, (book.market, outcome), rates, now)
        crossing = book.crosses(taken)
        refusal = self._book_refusal(order, taken, crossing) or self._money_refusal(order, taken, terms, crossing)
        if refusal is not None:
            return Placed(refusal=refusal)
        delay = delay_ns(book.market, self.rules) if crossing else 0
        return self._hold(taken, terms, book, now + delay) if delay else self._enter(taken, terms, book, now)

    def cancel(self, owner: str, order_ids: Sequence[str], now_ns: int) -> Cancelled:
        """Cancel an API key's orders by id."""
        now = self._at(now_ns)
        refusal = rules_of_orders.mode_refusal(*self._modes.at(now), cancels=True)
        if refusal is not None:
            return Cancelled(refusal=refusal)
        mine = self._open.get(owner, {})
        gone: list[VenueOrder] = []
        kept: dict[str, str] = {}
        for order_id in dict.fromkeys(order_ids):
            order = mine.get(order_id)
            if order is None:
                kept[order_id] = rules_of_orders.NOT_FOUND
            elif order.state is OrderState.DELAYED:
                kept[order_id] = rules_of_orders.STILL_DELAYED
            else:
                gone.append(order)
        self._cancel(gone, now)
        return Cancelled(canceled=tuple(order.order_id for order in gone), not_canceled=kept)

    def cancel_all(self, owner: str, now_ns: int, *, condition_id: str = "", token_id: str = "") -> Cancelled:
        """Cancel all resting orders of an API key, of one market or one token where named."""
        found = [
            order.order_id
            for order in self._open.get(owner, {}).values()
            if condition_id in ("", order.condition_id) and token_id in ("", order.token_id)
        ]
        return self.cancel(owner, found, now_ns)

    def heartbeat(self, owner: str, heartbeat_id: str, now_ns: int) -> Heartbeat:
        """Arm or feed the dead man's switch of an API key."""
        now = self._at(now_ns)
        return self._switch.beat(owner, heartbeat_id, uuid_of(self._chain.new_hash("heartbeat")), now)

    # -- looking -------------------------------------------------------------------------------------------------

    def market_of(self, token_id: str) -> VenueMarket | None:
        """Return the market that trades a token."""
        known = self._token.get(token_id)
        return known[0].market if known else None

    def book(self, token_id: str) -> BookView | None:
        """Return a token's book; None where no book exists."""
        known = self._token.get(token_id)
        return known[0].view(known[1]) if known else None

    def best(self, token_id: str) -> tuple[int, int]:
        """Return best bid (0 if none) and best ask (1000000 if none) of a token."""
        known = self._token.get(token_id)
        return known[0].best(known[1]) if known else (0, MICRO)

    def open_orders(self, owner: str) -> list[VenueOrder]:
        """Return an API key's live and delayed orders, oldest first."""
        return list(self._open.get(owner, {}).values())

    def trades_of(self, owner: str) -> list[VenueTrade]:
        """Return the trades in which an API key was taker or maker, oldest first."""
        return list(self._trades_of.get(owner, ()))

    def available_cash(self, address: str) -> int:
        """Return an account's collateral less what matched trades will take (open orders still count as free)."""
        return self._funds.available_cash(address)

    def fees_collected_micro(self) -> int:
        """Return all fees of mined trades."""
        return self._settlement.fees_micro

    # -- the chain -----------------------------------------------------------------------------------------------

    @property
    def drawn(self) -> int:
        """How many ids and hashes were drawn so far: two exchanges that were asked the same drew as many."""
        return self._chain.drawn

    def block_number(self) -> int:
        """Return the newest block's number."""
        return self._chain.number_at(self.now_ns)

    def blocks(self, first: int, last: int) -> list[Block]:
        """Return the remembered blocks with logs in [first, last]."""
        return self._chain.blocks(first, last)

    def block(self, number: int) -> Block | None:
        """Return a block, also an empty one; None for one that is not mined."""
        return self._chain.block(number, self.now_ns)

    def receipt(self, transaction_hash: str) -> tuple[Block, tuple[Log, ...]] | None:
        """Return a mined transaction's block and logs."""
        return self._chain.receipt(transaction_hash)

    def has_reverted(self, transaction_hash: str) -> bool:
        """Whether a transaction is in a block and left nothing: its wallet could not pay any more."""
        return self._chain.has_reverted(transaction_hash)

    def split(self, address: str, condition_id: str, amount_micro: int, now_ns: int) -> str | Refusal:
        """Turn collateral into equal shares of both outcomes; return its hash (mined with the next block)."""
        now = self._at(now_ns)
        return self._after(address, self._positions.split(address, condition_id, amount_micro, now), now)

    def merge(self, address: str, condition_id: str, amount_micro: int, now_ns: int) -> str | Refusal:
        """Turn equal shares of both outcomes into collateral; return the transaction hash."""
        now = self._at(now_ns)
        return self._after(address, self._positions.merge(address, condition_id, amount_micro, now), now)

    def redeem(self, address: str, condition_id: str, now_ns: int) -> str | Refusal:
        """Pay out everything an account holds of a resolved market; return the transaction hash."""
        return self._positions.redeem(address, condition_id, self._at(now_ns))

    def convert(self, address: str, condition_ids: Sequence[str], amount_micro: int, now_ns: int) -> str | Refusal:
        """Turn "No" shares of some questions of a neg-risk event into "Yes" of the others and collateral."""
        now = self._at(now_ns)
        return self._after(address, self._positions.convert(address, condition_ids, amount_micro, now), now)

    def resolve(self, condition_id: str, payouts_micro: tuple[int, ...], now_ns: int) -> None:
        """Resolve a market: cancel its orders, tell `MarketResolved`, put ConditionResolution into the next block."""
        now = self._at(now_ns)
        book = self._books[condition_id]
        assert not book.market.resolved, condition_id
        assert sum(payouts_micro) == MICRO, payouts_micro
        self._clear(book, now)
        book.market.accepting_orders = False
        book.market.resolved_ts, book.market.payouts_micro = now, payouts_micro
        self._tell(MarketResolved(ts=now, market=book.market, payouts_micro=payouts_micro))
        book.close()
        transaction = Transaction(self._chain.new_hash("resolve"), resolution_logs(book.market, payouts_micro))
        self._chain.submit(transaction, now + 1)

    # -- checks ---------------------------------------------------------------------------------------------------

    def _terms(self, order: NewOrder, market: VenueMarket, now: int) -> Terms | Refusal:
        if not market.accepting_orders or market.resolved:
            return rules_of_orders.NOT_READY
        # An order so old that it may be one of those that are forgotten is taken for one of them.
        if order.order_id in self.orders or order.timestamp_ms * 1_000_000 <= self._forgotten_ns:
            return rules_of_orders.duplicate(order)
        return (
            rules_of_orders.maker_refusal(order, self.accounts.get(order.maker), self.rules)
            or rules_of_orders.expiry_refusal(order, now)
            or rules_of_orders.terms_of(order, market)
        )

    def _book_refusal(self, order: NewOrder, taken: VenueOrder, crossing: bool) -> Refusal | None:
        if crossing:
            return rules_of_orders.POST_ONLY_CROSSES if order.post_only else rules_of_orders.small_marketable(order)
        if taken.order_type == OrderType.FAK:
            return rules_of_orders.FAK_KILLED
        return rules_of_orders.FOK_KILLED if taken.order_type == OrderType.FOK else None

    def _money_refusal(self, order: NewOrder, taken: VenueOrder, terms: Terms, crossing: bool) -> Refusal | None:
        market, need = self.markets[taken.condition_id], order.maker_amount
        if crossing and order.side == Side.BUY:
            bps = max(taken.builder_taker_bps, taken.builder_maker_bps)
            need = worst_cost_micro(terms, order.maker_amount, self.best(order.token_id)[1], market.fee, bps)
        elif order.side == Side.BUY:
            need = max(need, need_of(taken))
        words = self._funds.shortage(order, market, need)
        return Refusal(400, words) if words else None

    def _after(self, address: str, answer: str | Refusal, now: int) -> str | Refusal:
        self._drop_unpayable(address, now)
        return answer


def _order_of(
    order: NewOrder, terms: Terms, place: tuple[VenueMarket, int], rates: BuilderRates, now: int
) -> VenueOrder:
    market, outcome = place
    return VenueOrder(
        order_id=order.order_id,
        owner=order.owner,
        maker=order.maker,
        signer=order.signer,
        condition_id=market.condition_id,
        token_id=order.token_id,
        outcome_index=outcome,
        side=order.side,
        price_micro=terms.price_micro,
        size_micro=terms.size_micro,
        order_type=order.order_type,
        expiration_s=order.expiration_s,
        post_only=order.post_only,
        builder=order.builder,
        metadata=order.metadata,
        created_ts=now,
        state=OrderState.LIVE,
        builder_maker_bps=rates.maker_bps,
        builder_taker_bps=rates.taker_bps,
        signed_ts=order.timestamp_ms * 1_000_000,
    )
