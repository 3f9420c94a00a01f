"""Where we are, whose wallet it is, what it allows, whether the books agree, and who looks after the account."""

from types import SimpleNamespace

import pytest

from tests.support.scripted_clob import Clock, venue_error
from tests.support.waiting import wait_until
from whaletrader.adapters.polymarket.allowances import OPERATORS, SPENDERS, Allowances, BalanceOracle
from whaletrader.adapters.polymarket.exchange_store import ExchangeStore
from whaletrader.adapters.polymarket.geoblock import PlaceWatch, require_open
from whaletrader.adapters.polymarket.http import Reply
from whaletrader.adapters.polymarket.reconcile import (
    Findings,
    Ledger,
    Snapshot,
    differences,
    require_agreement,
    take_snapshot,
)
from whaletrader.adapters.polymarket.revert_watch import RevertWatch
from whaletrader.adapters.polymarket.secure_clob import Balance
from whaletrader.adapters.polymarket.upkeep import Heartbeat, Upkeep
from whaletrader.adapters.polymarket.wallet_kind import require_tradable, wallet_kind
from whaletrader.domain.chain_calls import allowance_view, approval_view, collateral_view, word
from whaletrader.domain.wallet_addresses import own_wallets
from whaletrader.errors import ExchangeError, StorageError, UsageError

ACCOUNT = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
OWN = own_wallets(ACCOUNT)


# -- where we are ------------------------------------------------------------------------------------------------------


def place(answer):
    def get(path, params=None):
        if isinstance(answer, Exception):
            raise answer
        return Reply(200, {}, answer)

    return SimpleNamespace(get=get)


def test_a_place_is_looked_at_again_and_any_doubt_is_a_no_until_the_next_look():
    answers = [b'{"blocked":false}', b'{"blocked":true}', venue_error(0), b'{"blocked":false}']
    watch = PlaceWatch(SimpleNamespace(get=lambda path, params=None: place(answers.pop(0)).get(path)))
    told = []
    for _ in range(4):
        watch.look()
        told.append(watch.gate())
    assert told == ["", "PLACE_BARRED", "PLACE_BARRED", ""]


def test_an_open_place_is_told():
    assert require_open(place(b'{"blocked":false,"ip":"1.2.3.4","country":"IE","region":"L"}')).country == "IE"


@pytest.mark.parametrize(
    "answer",
    [
        b'{"blocked":true,"ip":"1.2.3.4","country":"DE","region":"BE"}',
        b"{}",
        b'{"blocked":"false"}',
        b'{"blocked":0}',
        b"[]",
        b"<html>not here</html>",
        venue_error(0),
        venue_error(403, "forbidden"),
        venue_error(500),
    ],
)
def test_whatever_is_no_clear_permission_refuses_live_mode_in_one_sentence(answer):
    with pytest.raises(UsageError) as error:
        require_open(place(answer))
    assert "live mode is refused" in error.value.message
    assert "1.2.3.4" not in error.value.message


# -- whose wallet ------------------------------------------------------------------------------------------------------


def chain_with(*deployed):
    return SimpleNamespace(code=lambda address: "0x6080" if address in deployed else "0x")


@pytest.mark.parametrize(
    ("deployed", "wallet", "kind"),
    [
        ((OWN.deposit,), OWN.deposit, 3),
        ((OWN.deposit_uups,), OWN.deposit_uups, 3),
        ((OWN.safe,), OWN.safe, 2),
        ((OWN.proxy,), OWN.proxy, 1),
        ((OWN.proxy, OWN.safe, OWN.deposit), OWN.deposit, 3),
    ],
)
def test_the_wallet_that_exists_is_found_the_present_kind_first(deployed, wallet, kind):
    found = wallet_kind(chain_with(*deployed), ACCOUNT)
    assert (found.wallet, found.signature_type, found.deployed) == (wallet, kind, True)
    assert set(found.others) == set(deployed) - {wallet}
    assert found.signer == (wallet if kind == 3 else ACCOUNT)
    require_tradable(found)


def test_a_wallet_that_is_named_decides():
    found = wallet_kind(chain_with(OWN.deposit, OWN.safe), ACCOUNT, OWN.safe.upper().replace("X", "x"))
    assert (found.wallet, found.signature_type) == (OWN.safe, 2)


def test_a_strangers_wallet_is_refused():
    with pytest.raises(UsageError, match="does not belong"):
        wallet_kind(chain_with(), ACCOUNT, "0x" + "77" * 20)


def test_a_wallet_that_is_not_deployed_cannot_trade_and_a_plain_key_only_where_it_is_named():
    with pytest.raises(UsageError, match="not deployed"):
        require_tradable(wallet_kind(chain_with(), ACCOUNT))
    plain = wallet_kind(chain_with(), ACCOUNT, ACCOUNT)
    assert (plain.signature_type, plain.wallet, plain.deployed) == (0, ACCOUNT, True)
    require_tradable(plain)


# -- what it allows ----------------------------------------------------------------------------------------------------


class Views:
    """A chain that knows some allowances and approvals."""

    def __init__(self, spenders=(), operators=(), cash=5_000_000) -> None:
        self.answers = {allowance_view(OWN.deposit, each).data: 2**255 for each in spenders}
        self.answers |= {approval_view(OWN.deposit, o, c).data + c.encode(): 1 for o, c in operators}
        self.cash = cash

    def eth_call(self, to, data, block=None):
        raw = bytes.fromhex(data[2:])
        if raw == collateral_view(OWN.deposit).data:
            return "0x" + word(self.cash).hex()
        return "0x" + word(self.answers.get(raw, self.answers.get(raw + to.encode(), 0))).hex()


def test_every_exchange_is_looked_at_and_what_is_missing_is_named():
    assert BalanceOracle(Views(SPENDERS, OPERATORS), OWN.deposit, 3).missing().complete
    oracle = BalanceOracle(Views(SPENDERS[1:], OPERATORS[:-1]), OWN.deposit, 3)
    missing = oracle.missing()
    assert missing.collateral == ("EXCHANGE",)
    assert missing.tokens == ("ROUTER of POSITION_MANAGER",)
    assert len(oracle.lacking_calls()) == 2
    nothing = BalanceOracle(Views(), OWN.deposit, 3)
    assert len(nothing.lacking_calls()) == len(SPENDERS) + len(OPERATORS)


def test_the_venue_is_made_to_read_the_chain_again_where_it_believes_otherwise():
    told, asked = [Balance(1, {}), Balance(5_000_000, {})], []
    clob = SimpleNamespace(balance=lambda *a, **k: told.pop(0), refresh_balance=lambda *a, **k: asked.append(a))
    assert BalanceOracle(Views(), OWN.deposit, 3, clob).believed_micro() == 5_000_000
    assert asked == [("COLLATERAL",)]


# -- whether the books agree -------------------------------------------------------------------------------------------


def snapshot(**changes):
    values = {
        "open_orders": (),
        "tokens_micro": {"1": 100},
        "collateral_micro": 5,
        "believed_micro": 5,
        "allowances": Allowances(),
    }
    return Snapshot(**{**values, **changes})


def found(ledger, **changes):
    return [(d.finding, d.subject, d.grave) for d in differences(ledger, snapshot(**changes))]


def test_books_that_agree_have_no_differences():
    assert found(Ledger(settled_micro={"1": 100}, cash_micro=5)) == []


@pytest.mark.parametrize(("there", "expected"), [(80, []), (130, []), (79, "MISSING_SHARES"), (131, "FOREIGN_SHARES")])
def test_a_trade_that_is_matched_may_be_mined_or_not(there, expected):
    ledger = Ledger(settled_micro={"1": 100}, coming_micro={"1": 30}, going_micro={"1": 20}, cash_micro=5)
    told = found(ledger, tokens_micro={"1": there})
    assert told == ([(Findings(expected), "1", expected == "MISSING_SHARES")] if expected else [])


CENT = 10_000


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (900_000, None),
        (800_000, None),
        (950_000, None),
        (800_000 - CENT, None),
        (800_000 - CENT - 1, "MISSING_CASH"),
        (950_000 + CENT + 1, "FOREIGN_CASH"),
    ],
)
def test_cash_of_trades_that_are_not_mined_yet_may_be_there_or_not_and_a_cent_of_rounding_is_none(there, expected):
    ledger = Ledger(settled_micro={"1": 100}, cash_micro=900_000, cash_coming_micro=100_000, cash_going_micro=50_000)
    told = found(ledger, collateral_micro=there, believed_micro=there)
    assert told == ([(Findings(expected), "collateral", expected == "MISSING_CASH")] if expected else [])


def test_less_cash_than_the_ledger_says_refuses_the_start_with_both_sums_and_says_what_to_do():
    ledger = Ledger(settled_micro={"1": 100}, cash_micro=1_234_560_000)
    told = differences(ledger, snapshot(collateral_micro=1_200_000_000, believed_micro=1_200_000_000))
    with pytest.raises(ExchangeError) as error:
        require_agreement(told)
    assert "MISSING_CASH collateral: ours 1,234.56 pUSD, theirs 1,200.00 pUSD; put back" in error.value.message
    more = differences(ledger, snapshot(collateral_micro=2_000_000_000, believed_micro=2_000_000_000))
    require_agreement(more)
    assert [each.words for each in more] == ["FOREIGN_CASH collateral: ours 1,234.56 pUSD, theirs 2,000.00 pUSD"]


def test_orders_of_others_and_orders_that_are_gone_are_told():
    row = SimpleNamespace(order_id="0xb")
    told = differences(
        Ledger(open_orders=frozenset({"0xa"}), cash_micro=1),
        SimpleNamespace(
            open_orders=(row,),
            tokens_micro={},
            collateral_micro=1,
            believed_micro=2,
            allowances=Allowances(tokens=("X",)),
        ),
    )
    assert [(d.finding, d.subject) for d in told] == [
        (Findings.FOREIGN_ORDER, "0xb"),
        (Findings.NOT_ALLOWED, "X"),
        (Findings.ORDER_NOT_OPEN, "0xa"),
        (Findings.STALE_BALANCE, "collateral"),
    ]
    with pytest.raises(ExchangeError, match="NOT_ALLOWED X"):
        require_agreement(told[1:])
    with pytest.raises(ExchangeError, match="FOREIGN_ORDER 0xb"):
        require_agreement(told)
    require_agreement(told[2:])


@pytest.mark.parametrize("broken", ["open_orders", "token_micro", "collateral_micro", "believed_micro", "missing"])
def test_a_snapshot_that_is_not_whole_aborts_the_start(broken):
    def fails(*_args, **_more):
        raise venue_error(502, "bad gateway")

    answers = {
        "open_orders": list,
        "token_micro": lambda token: 0,
        "collateral_micro": lambda: 0,
        "believed_micro": lambda: 0,
        "missing": Allowances,
    }
    both = SimpleNamespace(**{**answers, broken: fails})
    with pytest.raises(ExchangeError, match="could not be read completely, so nothing is started"):
        take_snapshot(both, both, ["1"])
    both = SimpleNamespace(**answers)
    assert take_snapshot(both, both, ["1"]).tokens_micro == {"1": 0}


# -- who looks after the account ---------------------------------------------------------------------------------------


class Beats:
    """Heartbeats that are expected with a certain id."""

    def __init__(self) -> None:
        self.expected, self.sent = "", []

    def heartbeat(self, heartbeat_id):
        self.sent.append(heartbeat_id)
        if heartbeat_id != self.expected:
            raise venue_error(400, f"Invalid Heartbeat ID, expected {self.expected}")
        self.expected = f"{len(self.sent):08d}-0000-4000-8000-000000000000"
        return self.expected


def test_heartbeats_carry_the_id_that_is_due():
    beats = Beats()
    heart = Heartbeat(beats)
    for _ in range(3):
        heart.beat()
    assert beats.sent == ["", "00000001-0000-4000-8000-000000000000", "00000002-0000-4000-8000-000000000000"]


def test_a_heartbeat_that_lost_its_place_takes_the_expected_id():
    beats = Beats()
    Heartbeat(beats).beat()
    again = Heartbeat(beats)
    again.beat()
    assert beats.sent[1:] == ["", "00000001-0000-4000-8000-000000000000"]
    again.beat()


class Duty:
    """Something that counts how often it was done, and fails on demand."""

    def __init__(self) -> None:
        self.count, self.fault = 0, None

    def __call__(self):
        self.count += 1
        if self.fault is not None:
            raise self.fault
        return 0


def upkeep(refresh, work, now):
    return Upkeep(SimpleNamespace(refresh=refresh), SimpleNamespace(work=work), clock=lambda: now[0])


def test_duties_are_done_when_they_are_due_and_faults_of_the_venue_are_tried_again():
    refresh, work, now = Duty(), Duty(), [0.0]
    keeper = upkeep(refresh, work, now)
    assert keeper.step() == 5.0
    keeper.step()
    assert (refresh.count, work.count) == (1, 1)
    now[0], refresh.fault = 15.0, venue_error(502, "bad gateway")
    keeper.step()
    assert (refresh.count, work.count) == (2, 2)
    assert "bad gateway" in keeper.faults["reading back"]
    assert keeper.gate() == ""
    refresh.fault = None
    keeper.now("reading back")
    keeper.step()
    assert keeper.faults == {}


def test_a_broken_store_ends_upkeep_and_closes_the_gate():
    refresh, now = Duty(), [0.0]
    refresh.fault = StorageError("the disk is full")
    keeper = upkeep(refresh, Duty(), now)
    keeper.start()
    wait_until(lambda: keeper.gate() == "UPKEEP_BROKEN", 5, "the gate")
    keeper.stop()
    assert "disk is full" in keeper.broken


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_upkeep_that_ends_by_a_fault_of_its_own_closes_the_gate_too():
    refresh = Duty()
    refresh.fault = ZeroDivisionError("a bug")
    keeper = upkeep(refresh, Duty(), [0.0])
    keeper.start()
    wait_until(lambda: keeper.gate() == "UPKEEP_BROKEN", 5, "the gate")
    keeper.stop()


# -- adverse reverts ---------------------------------------------------------------------------------------------------


def settle(watch, kind, price=500_000, side="BUY", times=1):
    for _ in range(times):
        watch(SimpleNamespace(token_id="1", side=side), SimpleNamespace(kind=kind, price_micro=price))


@pytest.fixture
def store(tmp_path):
    opened = ExchangeStore(tmp_path / "gateway.db", Clock())
    yield opened
    opened.close()


def quiet(*_):
    return None


def test_failures_of_the_good_trades_raise_the_alarm_and_close_the_gate_until_it_is_cleared(store):
    mark, heard, resumed = [400_000], [], [0]

    def tell(alarm, counts):
        heard.append((alarm, counts.failed))

    watch = RevertWatch(store, lambda _token: mark[0], tell, lambda: resumed[0])
    settle(watch, "SETTLED", times=17)
    mark[0] = 600_000
    settle(watch, "FAILED", times=3)
    assert watch.gate() == "ADVERSE_REVERTS"
    assert heard == [("ADVERSE_REVERTS", 3)]
    settle(watch, "FAILED")
    assert len(heard) == 1
    resumed[0] = 5
    assert watch.gate() == ""
    settle(watch, "FAILED")
    assert watch.look().counts.failed == 1


def test_a_sale_is_good_where_the_price_fell_after_it(store):
    watch = RevertWatch(store, lambda _token: 400_000, quiet)
    settle(watch, "FAILED", side="SELL")
    assert watch.look().counts.failed_in_favour == 1
    unknown = RevertWatch(ExchangeStore(":memory:", Clock()), lambda _token: -1, quiet)
    settle(unknown, "FAILED")
    counts = unknown.look().counts
    assert (counts.failed, counts.failed_in_favour, counts.failed_against) == (1, 0, 0)


def test_a_restart_forgets_no_failure_and_no_alarm_and_the_operators_word_counts_once(tmp_path):
    resumed = [0]

    def opened():
        store = ExchangeStore(tmp_path / "gateway.db", Clock())
        return store, RevertWatch(store, lambda _token: -1, quiet, lambda: resumed[0])

    store, watch = opened()
    settle(watch, "SETTLED", times=18)
    settle(watch, "FAILED", times=1)
    store.close()
    store, watch = opened()
    assert (watch.look().counts.failed, watch.gate()) == (1, "")
    settle(watch, "FAILED", times=1)
    assert watch.gate() == "TOO_MANY_REVERTS"
    store.close()
    store, watch = opened()
    assert watch.gate() == "TOO_MANY_REVERTS"
    resumed[0] = 9
    assert watch.gate() == ""
    settle(watch, "FAILED")
    store.close()
    store, watch = opened()  # the log still tells of the same RESUME: what failed after it stays counted
    assert watch.look().counts.failed == 1
    store.close()


def test_a_settlement_that_is_not_written_is_not_counted_either(store):
    watch = RevertWatch(store, lambda _token: -1, quiet)

    def half():
        with store.writing():
            settle(watch, "FAILED")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        half()
    assert watch.look().counts.failed == 0
