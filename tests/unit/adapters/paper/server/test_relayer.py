"""The relayer's face: who may submit, what it refuses in which words, and what it carries out."""

import json
from typing import Any

import pytest

from whaletrader.adapters.local.keys import OrderKey
from whaletrader.adapters.paper.server.edge import Reply, Request
from whaletrader.adapters.paper.server.listing import shelf
from whaletrader.adapters.paper.server.relayer import SUBMITS_PER_MINUTE, Relayer
from whaletrader.adapters.paper.server.types import Account, VenueRules
from whaletrader.adapters.paper.server.venue import Venue
from whaletrader.domain import chain_calls
from whaletrader.domain.values import MICRO, NANOS
from whaletrader.domain.venue_contracts import VenueContract
from whaletrader.domain.wallet_addresses import own_wallets
from whaletrader.domain.wallet_batch import deposit_batch_digest

START = 1_790_000_000 * NANOS
KEYED = {"relayer_api_key": "k", "relayer_api_key_address": "0x1"}
LATER_S = START // NANOS + 600


class World:
    """A relayer with one account's deposit wallet."""

    def __init__(self) -> None:
        self.now = START
        self.venue = Venue(VenueRules(seed=1, genesis_ns=START))
        self.market = shelf(1, START)[0]
        self.venue.add_market(self.market, START)
        self.key = OrderKey(bytes(31) + b"\x07")
        self.wallet = own_wallets(self.key.address).deposit
        self.relayer = Relayer(self.venue, lambda: self.now)

    def open(self) -> Account:
        return self.venue.open_account(self.wallet, owner=self.key.address, cash_micro=1_000 * MICRO)

    def get(self, path: str, **query: str) -> Any:
        return json.loads(self.relayer.router(Request("GET", path, query)).body)

    def submit(self, body: dict[str, Any], headers: dict[str, str] | None = None) -> Reply:
        usual = KEYED if headers is None else headers
        return self.relayer.router(Request("POST", "/submit", {}, usual, json.dumps(body).encode()))

    def batch(self, *calls: chain_calls.Call, nonce: int = 0, deadline: int = LATER_S) -> dict[str, Any]:
        digest = deposit_batch_digest(self.wallet, calls, nonce, deadline)
        told = [{"target": call.to, "value": "0", "data": "0x" + call.data.hex()} for call in calls]
        return {
            "type": "WALLET",
            "from": self.key.address,
            "to": VenueContract.DEPOSIT_WALLET_FACTORY.value,
            "nonce": str(nonce),
            "signature": "0x" + self.key.sign(digest).hex(),
            "metadata": "",
            "depositWalletParams": {"depositWallet": self.wallet, "deadline": str(deadline), "calls": told},
        }

    def split(self, **more: Any) -> dict[str, Any]:
        return self.batch(chain_calls.split_call(self.market.condition_id, 10 * MICRO, neg_risk=False), **more)

    def state(self, answer: Reply) -> str:
        told = json.loads(answer.body)
        return str(self.get(f"/v1/account/transactions/{told['transactionID']}")["state"])


@pytest.fixture
def world() -> World:
    made = World()
    made.open()
    return made


def refused(answer: Reply) -> str:
    assert answer.status == 400
    return str(json.loads(answer.body)["error"])


def test_a_batch_is_executed_then_mined_then_confirmed(world: World) -> None:
    answer = world.submit(world.split())
    assert answer.status == 200
    states = [world.state(answer)]
    for second in range(1, 20):
        world.venue.advance(START + second * NANOS)
        states.append(world.state(answer))
    assert list(dict.fromkeys(states)) == ["STATE_EXECUTED", "STATE_MINED", "STATE_CONFIRMED"]
    assert world.venue.accounts[world.wallet].tokens == dict.fromkeys(world.market.token_ids, 10 * MICRO)


def test_a_wallet_is_deployed_by_asking_for_it() -> None:
    world = World()
    assert world.get("/deployed", address=world.wallet) == {"deployed": False}
    assert refused(world.submit(world.split())) == "wallet is not deployed"
    answer = world.submit({"type": "WALLET-CREATE", "from": world.key.address, "to": "0x0", "metadata": ""})
    assert world.state(answer) == "STATE_CONFIRMED"
    assert world.get("/deployed", address=world.wallet) == {"deployed": True}


def test_the_nonce_goes_up_and_a_used_one_is_refused_with_the_next(world: World) -> None:
    assert world.get("/v1/account/transactions/params", address=world.key.address)["nonce"] == "0"
    world.submit(world.split())
    assert refused(world.submit(world.split())) == "batch nonce 0 does not match on-chain nonce 1"
    assert world.get("/relay-payload", address=world.key.address)["nonce"] == "1"
    assert world.submit(world.split(nonce=1)).status == 200


def test_who_did_not_sign_is_refused(world: World) -> None:
    body = world.split()
    body["depositWalletParams"]["calls"][0]["data"] = "0x00000000"
    assert refused(world.submit(body)) == "invalid signature"
    assert refused(world.submit(world.split() | {"signature": "0x12"})) == "invalid signature"
    assert refused(world.submit(world.split() | {"from": "0x" + "1" * 40})) == "invalid signature"


def test_a_batch_after_its_deadline_is_refused(world: World) -> None:
    assert refused(world.submit(world.split(deadline=START // NANOS - 1))) == "batch deadline has passed"


def test_without_a_key_nothing_is_taken(world: World) -> None:
    assert world.submit(world.split(), headers={}).status == 401


def test_what_is_no_submission_is_refused(world: World) -> None:
    assert refused(world.submit({"no": "type"})) == "invalid request payload"
    assert refused(world.submit({"type": "MAGIC", "from": world.key.address})) == "invalid transaction type MAGIC"


def test_no_wallet_is_made_for_what_is_no_address(world: World) -> None:
    before = set(world.venue.accounts)
    for sender in ("", "0x12", "0x" + "g" * 40):
        assert refused(world.submit({"type": "WALLET-CREATE", "from": sender})) == "invalid address"
    assert set(world.venue.accounts) == before


def test_what_the_contracts_refuse_is_reported_as_failed(world: World) -> None:
    call = chain_calls.split_call(world.market.condition_id, 10**6 * MICRO, neg_risk=False)
    answer = world.submit(world.batch(call))
    told = world.get(f"/v1/account/transactions/{json.loads(answer.body)['transactionID']}")
    assert told["state"] == "STATE_FAILED"
    assert "execution reverted" in told["error_msg"]


def test_approvals_are_given_at_once(world: World) -> None:
    account = world.venue.accounts[world.wallet]
    account.approved.clear()
    account.allowances_micro.clear()
    calls = (chain_calls.allow_call(VenueContract.EXCHANGE, 5), chain_calls.allow_tokens_call(VenueContract.EXCHANGE))
    assert world.state(world.submit(world.batch(*calls))) == "STATE_CONFIRMED"
    assert account.allowances_micro == {VenueContract.EXCHANGE.value: 5}
    assert account.approved == {VenueContract.EXCHANGE.value}


def test_the_26th_submission_of_a_minute_is_refused_and_the_next_minute_takes_again(world: World) -> None:
    for _ in range(SUBMITS_PER_MINUTE):
        world.submit({})
    answer = world.submit(world.split())
    assert (answer.status, answer.headers) == (429, (("Retry-After", "60"),))
    world.now += 60 * NANOS
    assert world.submit(world.split()).status == 200


def test_an_unknown_transaction_is_not_found(world: World) -> None:
    assert world.relayer.router(Request("GET", "/v1/account/transactions/none")).status == 404
