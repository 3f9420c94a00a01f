"""The venue's contracts as clients call them: what wallets send is carried out, what they ask is answered."""

import pytest

from whaletrader.adapters.paper.server.contract_calls import (
    Reverted,
    Sent,
    Views,
    address_of,
    array_at,
    bytes32_of,
    encode_words,
    selector,
    words_of,
)
from whaletrader.adapters.paper.server.listing import shelf
from whaletrader.adapters.paper.server.types import Account, VenueMarket, VenueRules
from whaletrader.adapters.paper.server.venue import Venue
from whaletrader.domain import chain_calls
from whaletrader.domain.values import MICRO, NANOS
from whaletrader.domain.venue_contracts import VenueContract

START = 1_790_000_000 * NANOS
WALLET = "0x" + "a" * 40


class World:
    """A wallet with a thousand dollars and a shelf of markets."""

    def __init__(self) -> None:
        self.venue = Venue(VenueRules(seed=1, genesis_ns=START))
        for market in shelf(1, START):
            self.venue.add_market(market, START)
        self.wallet: Account = self.venue.open_account(WALLET, owner=WALLET, cash_micro=1_000 * MICRO)
        self.sent, self.views, self.now = Sent(self.venue), Views(self.venue), START

    def market(self, word: str) -> VenueMarket:
        return next(market for market in self.venue.markets.values() if word in market.slug)

    def send(self, call: chain_calls.Call) -> str:
        tx_hash = self.sent.send(self.wallet, call.to, call.data.hex(), self.now)
        self.now += 10 * NANOS
        self.venue.advance(self.now)
        return tx_hash

    def held(self, market: VenueMarket) -> list[int]:
        return [self.wallet.tokens.get(token, 0) for token in market.token_ids]

    def ask(self, signature: str, *words: int) -> str:
        return self.views.call(VenueContract.CONDITIONAL_TOKENS, "0x" + selector(signature) + encode_words(*words)[2:])


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize("word", ["coin-above-100k", "ada-elected"])
def test_a_split_and_a_merge_move_both_outcomes(world: World, word: str) -> None:
    market = world.market(word)
    split = world.send(chain_calls.split_call(market.condition_id, 30 * MICRO, neg_risk=market.neg_risk))
    assert world.venue.receipt(split) is not None
    assert (world.held(market), world.wallet.cash_micro) == ([30 * MICRO] * 2, 970 * MICRO)
    world.send(chain_calls.merge_call(market.condition_id, 10 * MICRO, neg_risk=market.neg_risk))
    assert (world.held(market), world.wallet.cash_micro) == ([20 * MICRO] * 2, 980 * MICRO)


def test_a_redemption_pays_what_won(world: World) -> None:
    market = world.market("coin-above-100k")
    world.send(chain_calls.split_call(market.condition_id, 30 * MICRO, neg_risk=False))
    world.venue.resolve(market.condition_id, (MICRO, 0), world.now)
    world.send(chain_calls.redeem_call(market.condition_id, neg_risk=False))
    assert (world.held(market), world.wallet.cash_micro) == ([0, 0], 1_000 * MICRO)


def test_a_position_of_protocol_v2_goes_through_the_router(world: World) -> None:
    market = world.market("bridge-opens")
    condition = f"0x{int(market.token_ids[0]) >> 8:062x}"
    world.send(chain_calls.split_call(condition, 30 * MICRO, neg_risk=False))
    assert world.held(market) == [30 * MICRO] * 2
    world.venue.resolve(market.condition_id, (0, MICRO), world.now)
    world.send(chain_calls.redeem_position_call(market.token_ids[1], 30 * MICRO))
    assert world.wallet.cash_micro == 1_000 * MICRO


def test_no_shares_of_a_group_are_converted_into_yes_of_the_others(world: World) -> None:
    ada, blaise, carl = (world.market(f"{name}-elected") for name in ("ada", "blaise", "carl"))
    world.send(chain_calls.split_call(ada.condition_id, 10 * MICRO, neg_risk=True))
    world.send(chain_calls.convert_call(ada.neg_risk_market_id, 1, 10 * MICRO))
    assert world.held(ada) == [10 * MICRO, 0]
    assert [world.held(market)[0] for market in (blaise, carl)] == [10 * MICRO] * 2


def test_approvals_are_kept_by_contract(world: World) -> None:
    world.wallet.approved.clear()
    world.send(chain_calls.allow_tokens_call(VenueContract.EXCHANGE))
    world.send(chain_calls.allow_call(VenueContract.EXCHANGE, 7))
    assert world.wallet.approved == {VenueContract.EXCHANGE.value}
    assert world.wallet.allowances_micro[VenueContract.EXCHANGE.value] == 7
    withdrawn = chain_calls.allow_tokens_call(VenueContract.EXCHANGE)
    world.send(chain_calls.Call(withdrawn.to, withdrawn.data[:-1] + b"\0"))
    assert world.wallet.approved == set()


def test_what_the_exchange_refuses_reverts_with_its_reason(world: World) -> None:
    market = world.market("coin-above-100k")
    with pytest.raises(Reverted, match="execution reverted"):
        world.send(chain_calls.split_call(market.condition_id, 5_000 * MICRO, neg_risk=False))
    with pytest.raises(Reverted, match="unknown condition"):
        world.send(chain_calls.split_call("0x" + "1" * 62, MICRO, neg_risk=False))
    with pytest.raises(Reverted, match="execution reverted"):
        world.sent.send(world.wallet, VenueContract.PUSD, "0x12345678", START)


def test_a_batch_of_balances_is_answered_in_order(world: World) -> None:
    market = world.market("coin-above-100k")
    world.venue.deposit(WALLET, tokens={market.token_ids[1]: 5})
    owner = int(WALLET, 16)
    tokens = [int(token) for token in market.token_ids]
    told = world.ask("balanceOfBatch(address[],uint256[])", 64, 160, 2, owner, owner, 2, *tokens)
    assert told == encode_words(32, 2, 0, 5)


def test_a_payout_of_protocol_v2_reverts_until_it_is_known(world: World) -> None:
    market = world.market("bridge-opens")
    number = int(market.token_ids[0])
    with pytest.raises(Reverted, match="NotResolved"):
        world.ask("getPayout(uint256,uint256)", number, 10)
    world.venue.resolve(market.condition_id, (MICRO, 0), START)
    assert world.ask("getPayout(uint256,uint256)", number, 10) == encode_words(10)


def test_an_unknown_function_answers_nothing(world: World) -> None:
    assert world.ask("colour()") == "0x"
    assert world.ask("decimals()") == encode_words(6)
    assert world.ask("getOutcomeSlotCount(bytes32)", 5) == encode_words(0)


def test_words_are_read_and_written() -> None:
    data = "0x" + "00000000" + encode_words(32, 2, 7, 9)[2:] + "ff"
    words = words_of(data)
    assert words == [32, 2, 7, 9]
    assert array_at(words, 0) == [7, 9]
    assert address_of((1 << 255) | 0xAB) == "0x" + "0" * 38 + "ab"
    assert bytes32_of(1) == "0x" + "0" * 63 + "1"
    assert selector("transfer(address,uint256)") == "a9059cbb"
