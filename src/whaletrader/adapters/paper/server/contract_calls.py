"""The venue's contracts as far as clients call them: views for `eth_call`, and the calls that the relayer sends.

ABI words are read and written by hand, as there are only a dozen functions. Views answer from the exchange's state at
its newest block; a call that the contracts would revert gives a `Reverted` with the reason.
"""

from collections.abc import Callable, Sequence

from whaletrader.adapters.paper.server.types import Account, Refusal, VenueMarket
from whaletrader.adapters.paper.server.venue import Venue
from whaletrader.domain.order_hash import keccak256
from whaletrader.domain.values import MICRO
from whaletrader.domain.venue_contracts import VenueContract

WORD = 32
MAX_UINT = (1 << 256) - 1
PAYOUT_WORDS = MICRO
"""The denominator of payouts: a share in micro-units."""
CONTRACT_CODE = "0x6080604052"
"""What any deployed contract's code begins with; nobody reads further."""
COLLATERAL = frozenset({VenueContract.PUSD.value, VenueContract.USDC_E.value, VenueContract.USDC.value})


class Reverted(Exception):
    """The contracts refuse the call; the text is the reason they give."""


def selector(signature: str) -> str:
    """First four bytes of a function's hash, as eight hex digits."""
    return keccak256(signature.encode("ascii"))[:4].hex()


def words_of(data: str) -> list[int]:
    """The 32-byte words behind a selector, without a rest."""
    digits = data.removeprefix("0x")[8:]
    return [int(digits[at : at + 64], 16) for at in range(0, len(digits) - 63, 64)]


def address_of(word: int) -> str:
    """The address in a word."""
    return f"0x{word & ((1 << 160) - 1):040x}"


def bytes32_of(word: int) -> str:
    """A word as 0x and 64 hex digits."""
    return f"0x{word:064x}"


def encode_words(*values: int) -> str:
    """Words as an answer's hex."""
    return "0x" + "".join(f"{value:064x}" for value in values)


def array_at(words: Sequence[int], place: int) -> list[int]:
    """The dynamic array whose offset stands at `place`."""
    start = words[place] // WORD
    return list(words[start + 1 : start + 1 + words[start]])


class Views:
    """Answers `eth_call` and `eth_getCode`."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        views: dict[str, Callable[[str, list[int]], str]] = {
            "balanceOf(address)": self._cash,
            "allowance(address,address)": self._allowance,
            "balanceOf(address,uint256)": self._tokens,
            "balanceOfBatch(address[],uint256[])": self._tokens_batch,
            "isApprovedForAll(address,address)": self._approved,
            "payoutDenominator(bytes32)": self._denominator,
            "payoutNumerators(bytes32,uint256)": self._numerator,
            "getOutcomeSlotCount(bytes32)": self._slots,
            "getPayout(uint256,uint256)": self._payout,
            "nonce()": lambda _target, _words: encode_words(0),
            "decimals()": lambda _target, _words: encode_words(6),
        }
        self._views = {selector(signature): view for signature, view in views.items()}

    def call(self, to: str, data: str) -> str:
        """The answer of a view as hex; "0x" where nobody has the function; Reverted where it reverts."""
        view = self._views.get(data.removeprefix("0x")[:8].lower())
        return "0x" if view is None else view(to.lower(), words_of(data))

    def code(self, address: str) -> str:
        """Code at an address: the venue's contracts and deployed wallets have some."""
        lower = address.lower()
        account = self._venue.accounts.get(lower)
        deployed = account is not None and account.deployed and account.signature_type != 0
        return CONTRACT_CODE if deployed or lower in set(VenueContract) else "0x"

    def _account(self, word: int) -> Account | None:
        return self._venue.accounts.get(address_of(word))

    def _cash(self, target: str, words: list[int]) -> str:
        account = self._account(words[0])
        return encode_words(account.cash_micro if account and target == VenueContract.PUSD else 0)

    def _allowance(self, target: str, words: list[int]) -> str:
        account = self._account(words[0])
        if account is None or target != VenueContract.PUSD:
            return encode_words(0)
        return encode_words(account.allowances_micro.get(address_of(words[1]), 0))

    def _tokens(self, target: str, words: list[int]) -> str:  # noqa: ARG002 - both token contracts answer alike
        account = self._account(words[0])
        return encode_words(account.tokens.get(str(words[1]), 0) if account else 0)

    def _tokens_batch(self, target: str, words: list[int]) -> str:
        pairs = zip(array_at(words, 0), array_at(words, 1), strict=True)
        sizes = [int(self._tokens(target, list(pair)), 16) for pair in pairs]
        return encode_words(WORD, len(sizes), *sizes)

    def _approved(self, target: str, words: list[int]) -> str:  # noqa: ARG002
        account = self._account(words[0])
        return encode_words(int(account is not None and address_of(words[1]) in account.approved))

    def _market(self, word: int) -> VenueMarket | None:
        return self._venue.markets.get(bytes32_of(word))

    def _denominator(self, target: str, words: list[int]) -> str:  # noqa: ARG002
        market = self._market(words[0])
        return encode_words(PAYOUT_WORDS if market and market.resolved else 0)

    def _numerator(self, target: str, words: list[int]) -> str:  # noqa: ARG002
        market = self._market(words[0])
        if market is None or not market.resolved or words[1] >= len(market.payouts_micro):
            return encode_words(0)
        return encode_words(market.payouts_micro[words[1]])

    def _slots(self, target: str, words: list[int]) -> str:  # noqa: ARG002
        return encode_words(2 if self._market(words[0]) else 0)

    def _payout(self, target: str, words: list[int]) -> str:  # noqa: ARG002
        market = self._venue.market_of(str(words[0]))
        if market is None or not market.resolved:
            raise Reverted("execution reverted: NotResolved()")
        share = market.payouts_micro[market.token_ids.index(str(words[0]))]
        return encode_words(words[1] * share // MICRO)


class Sent:
    """Carries out the calls that a wallet sends; each gives the hash of the transaction that it went into, or ""."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        calls: dict[str, Callable[[Account, str, list[int], int], str]] = {
            "approve(address,uint256)": self._approve,
            "setApprovalForAll(address,bool)": self._approve_all,
            "splitPosition(address,bytes32,bytes32,uint256[],uint256)": self._split,
            "mergePositions(address,bytes32,bytes32,uint256[],uint256)": self._merge,
            "redeemPositions(address,bytes32,bytes32,uint256[])": self._redeem,
            "redeemPositions(bytes32,uint256[])": self._redeem_adapter,
            "convertPositions(bytes32,uint256,uint256)": self._convert,
            "split(bytes31,uint256)": self._router_split,
            "merge(bytes31,uint256)": self._router_merge,
            "redeem(bytes31,uint256,uint256)": self._router_redeem,
        }
        self._calls = {selector(signature): call for signature, call in calls.items()}

    def send(self, wallet: Account, to: str, data: str, now_ns: int) -> str:
        """Carry out one call of a wallet; Reverted where the contracts refuse it or nobody has the function."""
        call = self._calls.get(data.removeprefix("0x")[:8].lower())
        if call is None:
            raise Reverted("execution reverted")
        return call(wallet, to.lower(), words_of(data), now_ns)

    def _approve(self, wallet: Account, to: str, words: list[int], now_ns: int) -> str:  # noqa: ARG002 - one form for all
        if to == VenueContract.PUSD:
            self._venue.approve(wallet.address, address_of(words[0]), words[1])
        return ""

    def _approve_all(self, wallet: Account, to: str, words: list[int], now_ns: int) -> str:  # noqa: ARG002
        self._venue.approve_all(wallet.address, address_of(words[0]), bool(words[1]))
        return ""

    def _split(self, wallet: Account, to: str, words: list[int], now_ns: int) -> str:  # noqa: ARG002
        return _hash(self._venue.split(wallet.address, bytes32_of(words[2]), words[4], now_ns))

    def _merge(self, wallet: Account, to: str, words: list[int], now_ns: int) -> str:  # noqa: ARG002
        return _hash(self._venue.merge(wallet.address, bytes32_of(words[2]), words[4], now_ns))

    def _redeem(self, wallet: Account, to: str, words: list[int], now_ns: int) -> str:  # noqa: ARG002
        return _hash(self._venue.redeem(wallet.address, bytes32_of(words[2]), now_ns))

    def _redeem_adapter(self, wallet: Account, to: str, words: list[int], now_ns: int) -> str:  # noqa: ARG002
        return _hash(self._venue.redeem(wallet.address, bytes32_of(words[0]), now_ns))

    def _convert(self, wallet: Account, to: str, words: list[int], now_ns: int) -> str:  # noqa: ARG002
        market_id = bytes32_of(words[0])
        asked = [market for market in self._venue.markets.values() if market.neg_risk_market_id == market_id]
        given = [each.condition_id for each in asked if words[1] >> _question_index(each) & 1]
        return _hash(self._venue.convert(wallet.address, given, words[2], now_ns))

    def _condition(self, word: int) -> str:
        digits = f"{word:064x}"[:62]
        for condition_id, market in self._venue.markets.items():
            if market.version == "v2" and f"{int(market.token_ids[0]) >> 8:062x}" == digits:
                return condition_id
        raise Reverted("execution reverted: unknown condition")

    def _router_split(self, wallet: Account, to: str, words: list[int], now_ns: int) -> str:  # noqa: ARG002
        return _hash(self._venue.split(wallet.address, self._condition(words[0]), words[1], now_ns))

    def _router_merge(self, wallet: Account, to: str, words: list[int], now_ns: int) -> str:  # noqa: ARG002
        return _hash(self._venue.merge(wallet.address, self._condition(words[0]), words[1], now_ns))

    def _router_redeem(self, wallet: Account, to: str, words: list[int], now_ns: int) -> str:  # noqa: ARG002
        return _hash(self._venue.redeem(wallet.address, self._condition(words[0]), now_ns))


def _hash(told: str | Refusal) -> str:
    if isinstance(told, Refusal):
        raise Reverted(f"execution reverted: {told.message}")
    return told


def _question_index(market: VenueMarket) -> int:
    return int(market.question_id[-2:], 16) if market.question_id else 0
