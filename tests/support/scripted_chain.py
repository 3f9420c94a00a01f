"""A scripted wallet and chain: balances, a relayer with nonces, receipts with the real logs' forms; no sockets."""

import json
from dataclasses import dataclass, field
from types import SimpleNamespace

from whaletrader.adapters.polymarket.market_terms import Terms
from whaletrader.adapters.polymarket.relayer import Envelope, Sent
from whaletrader.domain.chain_calls import selector, word
from whaletrader.domain.event_topics import TOPICS, ChainEvent
from whaletrader.domain.fees import FeeSchedule
from whaletrader.domain.venue_contracts import VenueContract
from whaletrader.errors import VenueError

WALLET = "0x" + "5a" * 20
MARKET = "0x" + "c0" * 32
YES, NO = "1111", "2222"
_BALANCE = selector("balanceOf(address,uint256)")
_DENOMINATOR = selector("payoutDenominator(bytes32)")


def topic(address):
    return "0x" + address[2:].rjust(64, "0")


@dataclass
class ScriptedChain:
    """Fills `Chain`, `Wallet` and `Markets` at once; a test moves it block by block."""

    tokens: dict = field(default_factory=lambda: {YES: 20_000_000, NO: 0})
    payouts: tuple = (1, 0)
    resolved: bool = True
    block: int = 100
    nonce: int = 0
    submitted: list = field(default_factory=list)
    receipts: dict = field(default_factory=dict)
    refusals: list = field(default_factory=list)
    """Errors that the next submissions meet; ("lost",) carries the envelope out and loses the answer."""
    state: str = "CONFIRMED"
    reverts: bool = False
    undone_within: bool = False
    """The call is undone and the transaction that relays it succeeds all the same."""
    pays_nothing: bool = False
    wallet: str = WALLET
    token_ids: tuple = (YES, NO)
    market_id: str = MARKET

    # -- the wallet

    def prepare(self, calls, note) -> Envelope:
        body = json.dumps({"nonce": self.nonce, "note": note, "data": calls[0].data.hex(), "to": calls[0].to})
        return Envelope(body=body.encode(), deadline_s=1_000)

    def submit(self, envelope) -> Sent:
        self.submitted.append(envelope.body)
        refusal = self.refusals.pop(0) if self.refusals else None
        if isinstance(refusal, VenueError):
            raise refusal
        told = json.loads(envelope.body)
        if told["nonce"] != self.nonce:
            raise VenueError("batch nonce 0 does not match on-chain nonce 1", status=400, words="nonce")
        self._carry_out(told)
        if refusal is not None:
            raise VenueError("no answer", retryable=True)
        return Sent(transaction_id=f"id{self.nonce}", state="NEW")

    def look(self, transaction_id) -> Sent:
        tx_hash = next((h for h in self.receipts if h.endswith(f"{int(transaction_id[2:]):02x}")), "")
        return Sent(transaction_id=transaction_id, state=self.state, tx_hash=tx_hash)

    # -- the chain

    def eth_call(self, to, data, block=None) -> str:
        raw = bytes.fromhex(data[2:])
        if raw[:4] == _BALANCE:
            return "0x" + word(self.tokens.get(str(int.from_bytes(raw[36:68], "big")), 0)).hex()
        if raw[:4] == _DENOMINATOR:
            return "0x" + word(sum(self.payouts) if self.resolved else 0).hex()
        return "0x" + word(self.payouts[int.from_bytes(raw[36:68], "big")]).hex()

    def receipt(self, tx_hash):
        found = self.receipts.get(tx_hash)
        return json.dumps(found).encode() if found else None

    def block_number(self) -> int:
        return self.block

    def logs(self, addresses, topics, first_block, last_block):
        assert topics[2] == topic(WALLET)
        return iter([SimpleNamespace(hashes=tuple(self.receipts))])

    # -- the markets

    def terms(self, market_id) -> Terms:
        return Terms(
            market_id=market_id,
            token_ids=self.token_ids,
            neg_risk=False,
            fees=FeeSchedule(0),
            tick_micro=10_000,
            min_order_micro=5_000_000,
        )

    def of_token(self, token_id) -> Terms:
        return self.terms(self.market_id)

    def _carry_out(self, told) -> None:
        self.nonce += 1
        data = bytes.fromhex(told["data"])
        merging = data[:4] == selector("mergePositions(address,bytes32,bytes32,uint256[],uint256)")
        gone = dict(self.tokens)
        if merging:
            gone = dict.fromkeys(gone, int.from_bytes(data[4 + 4 * 32 : 4 + 5 * 32], "big"))
        gone = {token: amount for token, amount in gone.items() if amount}
        cash = (
            gone[self.token_ids[0]]
            if merging
            else sum(
                amount * self.payouts[self.token_ids.index(token)] // sum(self.payouts)
                for token, amount in gone.items()
            )
        )
        undone = self.reverts or self.undone_within
        logs = [] if undone else transfers(gone, 0 if self.pays_nothing else cash)
        if not undone:
            self.tokens = {token: held - gone.get(token, 0) for token, held in self.tokens.items()}
        status = "0x0" if self.reverts else "0x1"
        self.receipts[f"0x{self.nonce:064x}"] = {"status": status, "blockNumber": hex(self.block), "logs": logs}


def transfers(gone, cash):
    """Logs of shares that leave the wallet for the adapter and collateral that comes from it."""
    adapter = VenueContract.COLLATERAL_ADAPTER.value
    ids, amounts = [int(token) for token in gone], list(gone.values())
    data = word(64) + word(96 + 32 * len(ids)) + word(len(ids)) + b"".join(map(word, ids))
    data += word(len(ids)) + b"".join(map(word, amounts))
    batch = [TOPICS[ChainEvent.TRANSFER_BATCH], topic(adapter), topic(WALLET), topic(adapter)]
    paid = [TOPICS[ChainEvent.TRANSFER], topic(adapter), topic(WALLET)]
    return [
        {"address": VenueContract.CONDITIONAL_TOKENS.value, "topics": batch, "data": "0x" + data.hex()},
        {"address": VenueContract.PUSD.value, "topics": paid, "data": "0x" + word(cash).hex()},
    ]
