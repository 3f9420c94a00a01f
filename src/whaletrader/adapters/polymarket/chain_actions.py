"""Redeems, merges, splits and converts on the chain: each command once, verified by its receipt.

A command is kept, signed, kept with its signature, sent, and looked after until its receipt is deep enough. The signed
envelope holds the wallet's nonce: sent again after a crash or a lost answer it is still carried out at most once. Only
one envelope is under way at a time. What was recovered is what the receipt says came into the wallet, never what was
hoped for; nothing recovered is told as such.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import msgspec

from whaletrader.adapters.polymarket.exchange_store import ExchangeStore
from whaletrader.adapters.polymarket.market_terms import Terms
from whaletrader.adapters.polymarket.pages import Page
from whaletrader.adapters.polymarket.relayer import REPLACED, Envelope, Sent
from whaletrader.domain.chain_calls import (
    Call,
    balance_view,
    convert_call,
    merge_call,
    payout_denominator_view,
    payout_numerator_view,
    redeem_call,
    redeem_position_call,
    split_call,
)
from whaletrader.domain.event_topics import TOPICS, ChainEvent
from whaletrader.domain.order import ReportKind
from whaletrader.domain.order_hash import is_position_id, token_number
from whaletrader.domain.receipts import Movement, movement_of
from whaletrader.domain.values import MICRO
from whaletrader.domain.venue_contracts import VenueContract
from whaletrader.errors import ExchangeError, VenueError
from whaletrader.ports.exchange import ExchangeEvent, PaymentRefusal

NEW, SIGNED, SENT, DONE = "NEW", "SIGNED", "SENT", "DONE"
DEADLINE_MARGIN_S = 60
STEPS_AT_ONCE = 8
_LOST = ("FAILED", "INVALID")
_PAYING = ("redeem", "merge")
"""What tells an event, and can be found on the chain by what it moved."""


class Chain(Protocol):
    """What is needed of `ChainRpc`."""

    def eth_call(self, to: str, data: str, block: int | None = None) -> str:
        """A view's answer as hex."""
        ...

    def receipt(self, tx_hash: str) -> bytes | None:
        """A receipt as JSON."""
        ...

    def block_number(self) -> int:
        """The newest block."""
        ...

    def logs(self, addresses: list[str], topics: list[str | None], first_block: int, last_block: int) -> Iterator[Page]:
        """Pages of logs."""
        ...


class Wallet(Protocol):
    """What is needed of `Relayer`, or of `OwnTransactions` for a plain account."""

    @property
    def wallet(self) -> str:
        """The wallet's address, lower case."""
        ...

    def prepare(self, calls: Sequence[Call], note: str) -> Envelope:
        """Sign calls."""
        ...

    def submit(self, envelope: Envelope) -> Sent:
        """Send them."""
        ...

    def look(self, transaction_id: str) -> Sent:
        """Look after them."""
        ...


class Markets(Protocol):
    """What is needed of `MarketTerms`."""

    def terms(self, market_id: str) -> Terms:
        """A market's facts."""
        ...

    def of_token(self, token_id: str) -> Terms:
        """The facts of a token's market."""
        ...


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for."""

    kind: str
    """redeem, merge, split or convert."""
    account_id: str
    size_micro: int
    market_id: str = ""
    """Of a conversion: the neg-risk market."""
    token_id: str = ""
    index_set: int = 0


class Notes(msgspec.Struct, frozen=True, kw_only=True):
    """How far it came."""

    body: bytes = b""
    deadline_s: int = 0
    block: int = 0
    """The newest block when it was signed."""
    transaction_id: str = ""
    tx_hash: str = ""
    tokens_micro: dict[str, int] = {}
    """What the receipt moved, for a command about the same market's other token."""
    claimed_micro: dict[str, int] = {}
    """How much of it commands were paid for."""


class ChainActions:
    """Fills `exchange.Payments`; thread-safe: who comes to work while another does waits for him."""

    def __init__(
        self,
        store: ExchangeStore,
        wallet: Wallet,
        chain: Chain,
        markets: Markets,
        *,
        confirmations: int,
        now_s: Callable[[], int],
        killed: Callable[[], bool] = lambda: False,
    ) -> None:
        """While `killed` says so nothing is signed or sent; what was sent is followed."""
        self._store, self._wallet, self._chain, self._markets = store, wallet, chain, markets
        self._confirmations, self._now_s, self._killed = confirmations, now_s, killed
        self._working = threading.Lock()
        self.trouble = ""
        """Why the last command could not go on, for the status page."""

    def redeem(self, command_id: str, account_id: str, token_id: str, size_micro: int) -> None:
        """Take a redemption of a token; it waits for the market's resolution."""
        self._take(command_id, Action(kind="redeem", account_id=account_id, token_id=token_id, size_micro=size_micro))

    def merge(self, command_id: str, account_id: str, market_id: str, size_micro: int) -> None:
        """Take a merge of equal shares of both outcomes."""
        self._take(command_id, Action(kind="merge", account_id=account_id, market_id=market_id, size_micro=size_micro))

    def split(self, command_id: str, account_id: str, market_id: str, size_micro: int) -> None:
        """Take a split of collateral; it tells no event, `state` says when it is done."""
        self._take(command_id, Action(kind="split", account_id=account_id, market_id=market_id, size_micro=size_micro))

    def convert(
        self, command_id: str, account_id: str, neg_risk_market_id: str, index_set: int, size_micro: int
    ) -> None:
        """Take a neg-risk conversion; it tells no event, `state` says when it is done."""
        asked = {"market_id": neg_risk_market_id, "index_set": index_set, "size_micro": size_micro}
        self._take(command_id, Action(kind="convert", account_id=account_id, **asked))  # type: ignore[arg-type]

    def state(self, command_id: str) -> tuple[str, str]:
        """Return (state, transaction hash) of a command; ("", "") for one that was never taken."""
        for found, _, state, notes in self._store.payments(NEW, SIGNED, SENT, DONE):
            if found == command_id:
                return state, _notes(notes).tx_hash
        return "", ""

    def leaving(self) -> set[str]:
        """Return the tokens that the wallet may have given already, though no event tells of it yet."""
        found: set[str] = set()
        for _, content, _, _ in self._store.payments(SIGNED, SENT):
            action = msgspec.json.decode(content, type=Action)
            if action.kind == "redeem":
                found.update((action.token_id, *self._markets.of_token(action.token_id).token_ids))
            elif action.kind == "merge":
                found.update(self._markets.terms(action.market_id).token_ids)
        return found

    def worthless(self, token_id: str) -> bool:
        """Whether a token's market is resolved and pays nothing for it."""
        if is_position_id(token_number(token_id)):
            return False  # what these pay is asked of nobody before their redemption
        terms = self._markets.of_token(token_id)
        return self._view(payout_denominator_view(terms.market_id)) > 0 and self._share(token_id, MICRO) == 0

    def work(self) -> int:
        """Take open commands as far as they go; returns how many are still open."""
        with self._working:
            for _ in range(STEPS_AT_ONCE):
                before = self._store.payments(NEW, SIGNED, SENT)
                self.step()
                after = self._store.payments(NEW, SIGNED, SENT)
                if after == before:
                    break
        return len(after)

    def step(self) -> None:
        """Take every command that may go on one step further."""
        self.trouble = ""
        for command_id, content, state, notes in self._store.payments(SIGNED, SENT) or self._store.payments(NEW):
            if state == NEW and self._store.payments(SIGNED, SENT):
                break  # one envelope at a time: the next one's nonce depends on it
            try:
                self._step(command_id, msgspec.json.decode(content, type=Action), state, _notes(notes))
            except ExchangeError as error:
                self.trouble = error.message

    def _take(self, command_id: str, action: Action) -> None:
        self._store.keep_payment(command_id, msgspec.json.encode(action).decode())

    def _step(self, command_id: str, action: Action, state: str, notes: Notes) -> None:
        if state != SENT and self._killed():
            return
        if state == NEW:
            self._sign(command_id, action)
        elif state == SIGNED:
            self._send(command_id, action, notes)
        else:
            self._follow(command_id, action, notes)

    def _sign(self, command_id: str, action: Action) -> None:
        call = self._call(command_id, action)
        if call is None:
            return
        block = self._chain.block_number()
        envelope = self._wallet.prepare([call], command_id)
        self._keep(command_id, SIGNED, Notes(body=envelope.body, deadline_s=envelope.deadline_s, block=block))

    def _send(self, command_id: str, action: Action, notes: Notes) -> None:
        try:
            sent = self._wallet.submit(Envelope(body=notes.body, deadline_s=notes.deadline_s))
        except VenueError as error:
            if error.retryable:
                raise
            # Its nonce may be used up because an earlier try went through, or the wallet is busy: the chain knows.
            self._search(command_id, action, notes)
            raise
        self._keep(command_id, SENT, msgspec.structs.replace(notes, transaction_id=sent.transaction_id))

    def _follow(self, command_id: str, action: Action, notes: Notes) -> None:
        if not notes.transaction_id:  # found on the chain itself
            if not self._verify(command_id, action, notes) and self._chain.receipt(notes.tx_hash) is None:
                # A reorganisation took it back: the same bytes again, which happen at most once.
                self._keep(command_id, SIGNED, msgspec.structs.replace(notes, tx_hash=""))
            return
        sent = self._looked(notes)
        done = bool(sent.tx_hash) and self._verify(
            command_id, action, msgspec.structs.replace(notes, tx_hash=sent.tx_hash)
        )
        if done or (sent.tx_hash and self._chain.receipt(sent.tx_hash) is not None):
            return
        if sent.state == REPLACED:
            self._keep(command_id, NEW, Notes())
        elif sent.state in _LOST:
            self._fail(command_id, action, PaymentRefusal.PAYMENT_GIVEN_UP)
        elif self._ran_out(notes) and action.kind in _PAYING:
            self._search(command_id, action, notes)  # the chain takes it no more, whatever its sender still hopes for

    def _looked(self, notes: Notes) -> Sent:
        """Ask how far a transaction is; who sent it may have forgotten it once it can no longer happen."""
        try:
            return self._wallet.look(notes.transaction_id)
        except VenueError as error:
            if error.retryable or not self._ran_out(notes):
                raise
            return Sent(transaction_id=notes.transaction_id, state="")

    def _verify(self, command_id: str, action: Action, notes: Notes) -> bool:
        """Look at the receipt; True where the command is done, for good or ill."""
        raw = self._chain.receipt(notes.tx_hash)
        if raw is None:
            return False
        moved = _moved(raw, self._wallet.wallet)
        if self._chain.block_number() - moved.block < self._confirmations:
            return False
        pays = action.kind in _PAYING
        if not moved.succeeded or (pays and not self._is_ours(action, moved)):
            # A relay's transaction may well succeed though the call in it was undone: then no share of ours left.
            self._fail(command_id, action, PaymentRefusal.PAYMENT_REVERTED, notes)
            return True
        claimed = {action.token_id: _redeemed(action, moved)}
        done = msgspec.structs.replace(notes, tokens_micro=moved.tokens_micro, claimed_micro=claimed, body=b"")
        with self._store.writing():
            if pays:
                self._tell(command_id, action, self._cash(action, moved))
            self._keep(command_id, DONE, done)
        return True

    def _search(self, command_id: str, action: Action, notes: Notes) -> None:
        """Find the transaction of an envelope whose answer was lost; sign anew only where it can no longer happen."""
        newest = self._chain.block_number()
        topics = [TOPICS[ChainEvent.TRANSFER], None, "0x" + self._wallet.wallet[2:].rjust(64, "0")]
        for page in self._chain.logs([VenueContract.PUSD.value], topics, notes.block, newest):
            for tx_hash in page.hashes:
                raw = self._chain.receipt(tx_hash)
                if raw is not None and self._is_ours(action, _moved(raw, self._wallet.wallet)):
                    self._keep(command_id, SENT, msgspec.structs.replace(notes, tx_hash=tx_hash))
                    self._verify(command_id, action, msgspec.structs.replace(notes, tx_hash=tx_hash))
                    return
        if self._ran_out(notes):
            self._keep(command_id, NEW, Notes())

    def _ran_out(self, notes: Notes) -> bool:
        return notes.deadline_s > 0 and self._now_s() > notes.deadline_s + DEADLINE_MARGIN_S

    def _is_ours(self, action: Action, moved: Movement) -> bool:
        if action.kind == "redeem":
            return moved.tokens_micro.get(action.token_id, 0) < 0
        if action.kind == "merge":
            tokens = self._markets.terms(action.market_id).token_ids
            return all(moved.tokens_micro.get(token, 0) == -action.size_micro for token in tokens)
        return False

    def _call(self, command_id: str, action: Action) -> Call | None:
        """Return what to call; None where it has to wait, or is answered already."""
        if action.kind == "redeem":
            return self._redemption(command_id, action)
        if action.kind == "convert":
            return convert_call(action.market_id, action.index_set, action.size_micro)
        terms = self._markets.terms(action.market_id)
        if action.kind == "split":
            return split_call(_condition(terms), action.size_micro, neg_risk=terms.neg_risk)
        if any(self._balance(token) < action.size_micro for token in terms.token_ids):
            self._fail(command_id, action, PaymentRefusal.NOT_HELD)
            return None
        return merge_call(_condition(terms), action.size_micro, neg_risk=terms.neg_risk)

    def _redemption(self, command_id: str, action: Action) -> Call | None:
        held = self._balance(action.token_id)
        if held == 0:
            self._answered_by_another(command_id, action)
            return None
        if is_position_id(token_number(action.token_id)):
            return redeem_position_call(action.token_id, min(held, action.size_micro))
        terms = self._markets.of_token(action.token_id)
        if self._view(payout_denominator_view(terms.market_id)) == 0:
            return None
        return redeem_call(terms.market_id, neg_risk=terms.neg_risk)

    def _answered_by_another(self, command_id: str, action: Action) -> None:
        """A redemption pays all there is of both outcomes: a second command finds its share with the first."""
        for other, content, _, raw in self._store.payments(DONE):
            notes = _notes(raw)
            before = notes.claimed_micro.get(action.token_id, 0)
            size = min(-notes.tokens_micro.get(action.token_id, 0) - before, action.size_micro)
            redeemed = msgspec.json.decode(content, type=Action).kind == "redeem"
            if redeemed and size > 0:
                claimed = {**notes.claimed_micro, action.token_id: before + size}
                with self._store.writing():
                    self._tell(command_id, action, self._share(action.token_id, size))
                    self._keep(other, DONE, msgspec.structs.replace(notes, claimed_micro=claimed))
                    self._keep(command_id, DONE, Notes(tx_hash=notes.tx_hash))
                return
        self._fail(command_id, action, PaymentRefusal.NOT_HELD)

    def _cash(self, action: Action, moved: Movement) -> int:
        given = {token: -amount for token, amount in moved.tokens_micro.items() if amount < 0}
        own = _redeemed(action, moved)
        if action.kind == "merge" or given in ({}, {action.token_id: own}):
            return moved.cash_micro
        return min(moved.cash_micro, self._share(action.token_id, own))

    def _share(self, token_id: str, size_micro: int) -> int:
        """What the chain pays for shares of a resolved token."""
        terms = self._markets.of_token(token_id)
        denominator = self._view(payout_denominator_view(terms.market_id))
        numerator = self._view(payout_numerator_view(terms.market_id, terms.token_ids.index(token_id)))
        return size_micro * numerator // denominator if denominator else 0

    def _balance(self, token_id: str) -> int:
        return self._view(balance_view(token_id, self._wallet.wallet))

    def _view(self, call: Call) -> int:
        answer = self._chain.eth_call(call.to, "0x" + call.data.hex())
        try:
            return int(answer, 16)
        except ValueError:
            raise VenueError(
                "the node answered a question about the wallet with what is no number", retryable=True
            ) from None

    def _tell(self, command_id: str, action: Action, cash_micro: int) -> None:
        kind = ReportKind.REDEEMED if action.kind == "redeem" else ReportKind.MERGED
        reason = "" if cash_micro > 0 else "NOTHING_RECOVERED"
        market_id = action.market_id or self._markets.of_token(action.token_id).market_id
        about = msgspec.structs.replace(action, market_id=market_id)
        self._event(command_id, about, kind, cash_micro=cash_micro, size_micro=action.size_micro, reason=reason)

    def _fail(self, command_id: str, action: Action, reason: PaymentRefusal, notes: Notes | None = None) -> None:
        with self._store.writing():
            if action.kind in _PAYING:
                self._event(command_id, action, ReportKind.FAILED, reason=reason)
            self._keep(command_id, DONE, notes or Notes())

    def _event(self, command_id: str, action: Action, kind: ReportKind, **more: object) -> None:
        event = ExchangeEvent(
            event_id=f"{command_id}:paid",
            ts=0,
            kind=kind,
            account_id=action.account_id,
            order_hash=command_id,
            market_id=action.market_id,
            token_id=action.token_id,
            **more,  # type: ignore[arg-type]
        )
        self._store.tell(command_id, [event])

    def _keep(self, command_id: str, state: str, notes: Notes) -> None:
        self._store.set_payment(command_id, state, msgspec.msgpack.encode(notes))


def _condition(terms: Terms) -> str:
    """What a market's sets are split and merged by: of Protocol V2 the 31 bytes that its position ids begin with."""
    number = token_number(terms.token_ids[0])
    return f"0x{number >> 8:062x}" if is_position_id(number) else terms.market_id


def _notes(raw: bytes) -> Notes:
    return msgspec.msgpack.decode(raw, type=Notes) if raw else Notes()


def _redeemed(action: Action, moved: Movement) -> int:
    """The shares of a receipt that are the command's own."""
    return max(0, min(action.size_micro, -moved.tokens_micro.get(action.token_id, 0)))


def _moved(raw: bytes, wallet: str) -> Movement:
    try:
        return movement_of(msgspec.json.decode(raw, type=dict[str, object]), wallet)
    except (msgspec.MsgspecError, ValueError):
        raise VenueError("the node answered what is no receipt", retryable=True) from None
