"""The paper exchange itself: a synchronous, deterministic state machine without sockets, threads or a clock.

Time comes in with every call as `now_ns` and never runs backwards; `advance` lets what is due happen (delayed orders,
expiries, blocks, settlements, heartbeats, game starts). The same seed and the same calls give the same books, ids,
transactions and logs. Everything it tells is SIMULATED.
"""

from collections.abc import Callable, Sequence

from whaletrader.adapters.paper.server.types import (
    NO_RULES,
    Account,
    Block,
    BookView,
    Cancelled,
    Heartbeat,
    Log,
    Mode,
    NewOrder,
    Placed,
    Refusal,
    VenueEvent,
    VenueMarket,
    VenueOrder,
    VenueRules,
    VenueTrade,
)

Listener = Callable[[VenueEvent], None]


class Venue:
    """Accounts, markets, books, trades and the chain that settles them."""

    def __init__(self, rules: VenueRules = NO_RULES) -> None:
        self.rules = rules
        self.markets: dict[str, VenueMarket] = {}
        """By condition id."""
        self.accounts: dict[str, Account] = {}
        """By lower-case address."""
        self.orders: dict[str, VenueOrder] = {}
        """Every order ever taken, by id."""
        self.trades: dict[str, VenueTrade] = {}
        """Every trade, by id, in the order of matching."""

    # -- setting up ----------------------------------------------------------------------------------------------

    def listen(self, listener: Listener) -> None:
        """Have every event told to `listener`, at once and in order; it must not change anything."""

    def add_market(self, market: VenueMarket, now_ns: int) -> None:
        """List a market (tells `MarketAdded`); the object is the venue's from now on."""

    def open_account(
        self, address: str, *, owner: str = "", signature_type: int = 3, cash_micro: int = 0, approve: bool = True
    ) -> Account:
        """Return the account of an address, made if need be; `approve` allows every exchange contract."""

    def deposit(self, address: str, *, cash_micro: int = 0, tokens: dict[str, int] | None = None) -> None:
        """Give an account collateral or tokens out of nothing."""

    # -- time and modes ------------------------------------------------------------------------------------------

    def advance(self, now_ns: int) -> None:
        """Let everything due up to `now_ns` happen, in the order of its time."""

    def next_due_ns(self) -> int:
        """Return when something is due next (at the latest the next block), for the front's timer."""

    def restart(self, now_ns: int) -> None:
        """Go through a restart of the engine: 425 for `restart_ns`, then post-only for `post_only_ns`; books stay."""

    def set_mode(self, mode: Mode, now_ns: int, until_ns: int = -1) -> None:
        """Take what `mode` says until `until_ns` (-1: until told otherwise)."""

    def mode(self) -> Mode:
        """Return what is taken at the moment."""

    # -- trading -------------------------------------------------------------------------------------------------

    def place(self, order: NewOrder, now_ns: int) -> Placed:
        """Take an order whose signature is verified: match it, let the rest rest, or refuse it in the venue's words."""

    def cancel(self, owner: str, order_ids: Sequence[str], now_ns: int) -> Cancelled:
        """Cancel an API key's orders by id."""

    def cancel_all(self, owner: str, now_ns: int, *, condition_id: str = "", token_id: str = "") -> Cancelled:
        """Cancel all resting orders of an API key, of one market or one token where named."""

    def heartbeat(self, owner: str, heartbeat_id: str, now_ns: int) -> Heartbeat:
        """Arm or feed the dead man's switch of an API key."""

    # -- looking -------------------------------------------------------------------------------------------------

    def market_of(self, token_id: str) -> VenueMarket | None:
        """Return the market that trades a token."""

    def book(self, token_id: str) -> BookView | None:
        """Return a token's book; None where no book exists."""

    def best(self, token_id: str) -> tuple[int, int]:
        """Return best bid (0 if none) and best ask (1000000 if none) of a token."""

    def open_orders(self, owner: str) -> list[VenueOrder]:
        """Return an API key's live and delayed orders, oldest first."""

    def trades_of(self, owner: str) -> list[VenueTrade]:
        """Return the trades in which an API key was taker or maker, oldest first."""

    def available_cash(self, address: str) -> int:
        """Return an account's collateral less what matched trades will take (open orders still count as free)."""

    # -- the chain -----------------------------------------------------------------------------------------------

    def block_number(self) -> int:
        """Return the newest block's number."""

    def blocks(self, first: int, last: int) -> list[Block]:
        """Return the remembered blocks with logs in [first, last]."""

    def block(self, number: int) -> Block | None:
        """Return a block, also an empty one; None for one that is not mined."""

    def receipt(self, transaction_hash: str) -> tuple[Block, tuple[Log, ...]] | None:
        """Return a mined transaction's block and logs."""

    def split(self, address: str, condition_id: str, amount_micro: int, now_ns: int) -> str | Refusal:
        """Turn collateral into equal shares of both outcomes; return its hash (mined with the next block)."""

    def merge(self, address: str, condition_id: str, amount_micro: int, now_ns: int) -> str | Refusal:
        """Turn equal shares of both outcomes into collateral; return the transaction hash."""

    def redeem(self, address: str, condition_id: str, now_ns: int) -> str | Refusal:
        """Pay out everything an account holds of a resolved market; return the transaction hash."""

    def convert(self, address: str, condition_ids: Sequence[str], amount_micro: int, now_ns: int) -> str | Refusal:
        """Turn "No" shares of some questions of a neg-risk event into "Yes" of the others and collateral."""

    def resolve(self, condition_id: str, payouts_micro: tuple[int, ...], now_ns: int) -> None:
        """Resolve a market: cancel its orders, tell `MarketResolved`, put ConditionResolution into the next block."""
