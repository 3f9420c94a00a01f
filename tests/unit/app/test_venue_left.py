"""What earlier live runs left: by their own stores and the chain, named in one sentence, and never sold by itself."""

from types import SimpleNamespace

import pytest
from msgspec.structs import replace

from tests.contract.test_exchange import order
from tests.support.scripted_clob import Clock, venue_error
from whaletrader.adapters.polymarket.exchange_store import ExchangeStore, TradeRecord
from whaletrader.app.layout import DataDirectory
from whaletrader.app.venue_left import Left, left_behind, require_nothing_left
from whaletrader.errors import UsageError, VenueError


@pytest.fixture
def directory(tmp_path):
    made = DataDirectory(tmp_path)
    made.ensure()
    return made


class Account:
    """Wallet, payer and order book in one."""

    def __init__(self, held=None, lost=(), resting=()) -> None:
        self.held, self.lost, self.resting, self.asked = held or {}, set(lost), resting, []

    def token_micro(self, token_id) -> int:
        self.asked.append(token_id)
        return self.held.get(token_id, 0)

    def worthless(self, token_id) -> bool:
        return token_id in self.lost

    def open_orders(self, *, market_id=""):
        return [SimpleNamespace(order_id=each) for each in self.resting]


def run(directory, *fills):
    """A run that ordered and got these fills: (token, side, shares, status)."""
    folder = directory.new_run()
    store = ExchangeStore(folder.gateway, Clock())
    for number, (token, side, shares, status) in enumerate(fills):
        order_hash = f"0x{folder.run_id}{number:060x}"
        store.keep_order(replace(order(), order_hash=order_hash, token_id=token, side=side))
        if shares:
            store.keep_trade(TradeRecord(order_hash, f"t{number}", f"t{number}", shares * 10**6, status))
    store.close()
    return folder


def look(directory, folder, account):
    return [(left.run_id, left.tokens_micro, left.orders) for left in left_behind(directory, folder, *[account] * 3)]


def test_nothing_is_left_by_runs_that_were_none_and_by_the_run_itself(directory):
    directory.new_run()  # of paper: no store of the gateway's
    new = run(directory, ("1", "BUY", 5, "CONFIRMED"))
    account = Account({"1": 5_000_000})
    assert look(directory, new, account) == []
    assert account.asked == []


@pytest.mark.parametrize("retryable", [False, True])
def test_shares_of_a_market_that_the_venue_forgot_are_told_and_stop_nobody_who_leaves_them(directory, retryable):
    run(directory, ("1", "BUY", 20, "CONFIRMED"))
    account = Account({"1": 20_000_000})

    def forgotten(_token_id):
        raise VenueError("the venue names no market of token 1", retryable=retryable)

    account.worthless = forgotten
    if retryable:  # nobody answered: that is no answer
        with pytest.raises(VenueError):
            look(directory, directory.new_run(), account)
    else:
        assert look(directory, directory.new_run(), account) == [("0001", {"1": 20_000_000}, ())]


def test_shares_that_were_bought_and_are_still_in_the_wallet_are_left_by_their_run(directory):
    run(
        directory,
        ("1", "BUY", 20, "CONFIRMED"),
        ("2", "BUY", 20, "CONFIRMED"),
        ("2", "SELL", 20, "CONFIRMED"),
        ("3", "BUY", 20, "FAILED"),
        ("4", "BUY", 20, "MATCHED"),
        ("5", "BUY", 20, "CONFIRMED"),
        ("6", "BUY", 0, ""),
    )
    account = Account({"1": 20_000_000, "2": 1, "3": 1, "4": 7_000_000, "6": 1}, lost=["5"])
    assert look(directory, directory.new_run(), account) == [("0001", {"1": 20_000_000, "4": 7_000_000}, ())]
    assert account.asked == ["1", "4", "5"]


def test_shares_of_a_lost_outcome_are_left_out(directory):
    run(directory, ("1", "BUY", 20, "CONFIRMED"))
    assert look(directory, directory.new_run(), Account({"1": 20_000_000}, lost=["1"])) == []


def test_orders_that_are_still_open_are_named_and_strangers_orders_are_not(directory):
    run(directory, ("1", "BUY", 0, ""))
    ours = f"0x0001{0:060x}"
    found = look(directory, directory.new_run(), Account(resting=[ours, "0xstranger"]))
    assert found == [("0001", {}, (ours,))]


def test_an_exchange_or_a_chain_that_does_not_answer_is_no_answer(directory):
    run(directory, ("1", "BUY", 20, "CONFIRMED"))
    account = Account()

    def silent(_token_id):
        raise venue_error(502)

    account.token_micro = silent
    with pytest.raises(VenueError):
        look(directory, directory.new_run(), account)


def test_a_new_run_is_refused_in_one_sentence_and_the_next_start_goes_on_with_the_one_that_left_something(directory):
    run(directory, ("1", "BUY", 20, "CONFIRMED"))
    new = directory.new_run()
    left = left_behind(directory, new, *[Account({"1": 20_000_000}, resting=[f"0x0001{0:060x}"])] * 3)
    assert directory.current_run() == new
    with pytest.raises(UsageError) as told:
        require_nothing_left(directory, left)
    assert told.value.message.startswith(f"run 0001 left 20.00 shares of 1 and open order 0x0001{0:060x}: go on with")
    assert directory.current_run() == directory.run("0001")
    require_nothing_left(directory, [])
    assert directory.current_run() == directory.run("0001")


def test_of_many_tokens_and_orders_three_are_named_and_the_rest_is_counted():
    left = Left(run_id="0007", tokens_micro={str(n): 1_500_000 for n in range(5)}, orders=("0xa", "0xb"))
    assert left.words == (
        "run 0007 left 1.50 shares of 0, 1.50 shares of 1, 1.50 shares of 2 and 2 more and open orders 0xa, 0xb"
    )
