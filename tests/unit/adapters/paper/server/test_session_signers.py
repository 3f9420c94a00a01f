"""Session keys: granted by a wallet's owner at the relayer, told to him, and verified in every order they sign."""

import json
from typing import Any

import msgspec
import pytest

from whaletrader.adapters.local.keys import OrderKey
from whaletrader.adapters.paper.server import orders
from whaletrader.adapters.paper.server.accounts import Bank
from whaletrader.adapters.paper.server.auth import Session
from whaletrader.adapters.paper.server.edge import Reply, Request
from whaletrader.adapters.paper.server.listing import shelf
from whaletrader.adapters.paper.server.orders import OrderDesk, WirePost
from whaletrader.adapters.paper.server.relayer import Relayer
from whaletrader.adapters.paper.server.session_signers import Authorization, SessionRegistry, may_sign
from whaletrader.adapters.paper.server.types import Account, NewOrder, Refusal, VenueRules
from whaletrader.adapters.paper.server.venue import Venue
from whaletrader.domain.addresses import checksum_address
from whaletrader.domain.chain_calls import Call
from whaletrader.domain.clob_auth import ApiKey
from whaletrader.domain.order_hash import (
    CONTRACT_WALLET,
    OrderStruct,
    contract_wallet_digest,
    contract_wallet_signature,
)
from whaletrader.domain.order_payload import order_body
from whaletrader.domain.signature import session_key_signature
from whaletrader.domain.values import MICRO, NANOS, Side
from whaletrader.domain.wallet_addresses import own_wallets
from whaletrader.domain.wallet_batch import deposit_batch_digest

START = 1_790_000_000 * NANOS
START_S = START // NANOS
LATER_S = START_S + 600
BUILDER = {"poly_builder_api_key": "b"}
OWNER, GUEST, STRANGER = (OrderKey(bytes(31) + bytes([number])) for number in (7, 8, 9))


class World:
    """One deposit wallet, the relayer, the registry and the desk that takes orders."""

    def __init__(self) -> None:
        self.now = START
        self.venue = Venue(VenueRules(seed=1, genesis_ns=START))
        self.market = shelf(1, START)[0]
        self.venue.add_market(self.market, START)
        self.bank = Bank(self.venue, 1_000 * MICRO)
        self.wallet = own_wallets(OWNER.address).deposit
        self.bank.welcome(OWNER.address)
        self.relayer = Relayer(self.venue, lambda: self.now)
        self.registry = SessionRegistry(self.bank, lambda: self.now)
        self.desk = OrderDesk(
            self.venue.market_of, self.bank.wallet, lambda wallet, signer: may_sign(wallet, signer, self.now)
        )
        self.nonce = 0

    @property
    def account(self) -> Account:
        return self.venue.accounts[self.wallet]

    def ask(self, path: str, body: dict[str, Any], headers: dict[str, str] | None = None) -> Reply:
        raw = json.dumps(body).encode()
        return self.relayer.router(
            Request("POST", f"/v1/session-signers/{path}", {}, BUILDER if headers is None else headers, raw)
        )

    def grant(self, *, revokes: bool = False, key: OrderKey = OWNER, **changed: Any) -> dict[str, Any]:
        """What the official client posts."""
        body = {
            "walletAddress": checksum_address(self.wallet),
            "sessionSignerAddress": checksum_address(GUEST.address),
            "nonce": str(self.nonce),
            "deadline": str(LATER_S),
            "signature": "",
        }
        body |= {} if revokes else {"validUntil": str(LATER_S), "scopes": ["ALL"]}
        call = Call(self.wallet, msgspec.convert(body, Authorization).call_data(revokes=revokes))
        digest = deposit_batch_digest(self.wallet, (call,), self.nonce, LATER_S)
        return body | {"signature": "0x" + key.sign(digest).hex()} | changed

    def authorize(self, **changed: Any) -> Reply:
        answer = self.ask("authorizations", self.grant(**changed))
        self.nonce += answer.status == 200
        return answer

    def told(self, key: OrderKey = OWNER) -> Any:
        return json.loads(self.registry.told(Request("GET", "/"), session_of(key)).body)

    def order(self, signed_by: OrderKey, *, named: OrderKey | None, caller: OrderKey) -> NewOrder | Refusal:
        """An order of the wallet, signed by a key, in the envelope of a session key where one is named."""
        struct = OrderStruct(
            salt=1,
            maker=self.wallet,
            signer=self.wallet,
            token_id=self.market.token_ids[0],
            maker_amount=5 * MICRO,
            taker_amount=10 * MICRO,
            side=Side.BUY,
            signature_type=CONTRACT_WALLET,
            timestamp_ms=START // 1_000_000,
        )
        inner = signed_by.sign(contract_wallet_digest(struct, neg_risk=False))
        signature = contract_wallet_signature(struct, inner, neg_risk=False)
        if named is not None:
            signature = session_key_signature(named.address, signature)
        body = order_body(struct, owner=session_of(caller).api_key.key, signature="0x" + signature.hex())
        return self.desk.verified(msgspec.json.decode(body, type=WirePost), session_of(caller))


def session_of(key: OrderKey) -> Session:
    return Session(key.address, ApiKey(f"key-{key.address}", "", ""))


@pytest.fixture
def world() -> World:
    return World()


def test_a_granted_key_is_told_to_the_owner_until_it_ends(world: World) -> None:
    answer = world.authorize()
    assert json.loads(answer.body)["status"] == "REGISTERED"
    wanted = {"address": checksum_address(GUEST.address), "scopes": ["ALL"], "valid_until": LATER_S}
    assert world.told() == {"wallet": checksum_address(world.wallet), "signers": [wanted]}
    world.now = LATER_S * NANOS
    assert world.told()["signers"] == []


def test_the_transaction_of_a_grant_is_found_at_the_relayer(world: World) -> None:
    told = json.loads(world.authorize().body)
    found = world.relayer.router(Request("GET", f"/v1/account/transactions/{told['transactionId']}"))
    assert json.loads(found.body)["state"] == "STATE_CONFIRMED"


def test_an_order_that_a_granted_key_signed_is_taken(world: World) -> None:
    world.authorize()
    order = world.order(GUEST, named=GUEST, caller=GUEST)
    assert isinstance(order, NewOrder)
    assert (order.maker, order.owner) == (world.wallet, session_of(GUEST).api_key.key)


@pytest.mark.parametrize("scopes", [["CLOB"], ["COMBOSRFQ", "CLOB"]])
def test_a_scope_for_trading_is_enough(world: World, scopes: list[str]) -> None:
    world.authorize(scopes=scopes)
    assert isinstance(world.order(GUEST, named=GUEST, caller=GUEST), NewOrder)


def test_without_a_grant_a_session_keys_order_is_refused(world: World) -> None:
    assert world.order(GUEST, named=GUEST, caller=GUEST) == orders.WRONG_SIGNER


def test_a_grant_for_something_else_than_trading_is_none(world: World) -> None:
    world.authorize(scopes=["COMBOSRFQ"])
    assert world.order(GUEST, named=GUEST, caller=GUEST) == orders.WRONG_SIGNER


def test_a_grant_that_has_ended_or_was_revoked_is_none(world: World) -> None:
    world.authorize()
    world.now = LATER_S * NANOS
    assert world.order(GUEST, named=GUEST, caller=GUEST) == orders.WRONG_SIGNER
    world.now = START
    answer = world.ask("revocations", world.grant(revokes=True), {"relayer_api_key": "k"})
    assert json.loads(answer.body)["fenced"] is True
    assert world.order(GUEST, named=GUEST, caller=GUEST) == orders.WRONG_SIGNER
    assert world.told()["signers"] == []


def test_a_session_key_without_its_envelope_and_an_owner_in_one_are_refused(world: World) -> None:
    world.authorize()
    assert world.order(GUEST, named=None, caller=GUEST) == orders.BAD_SIGNATURE
    assert world.order(OWNER, named=OWNER, caller=OWNER) == orders.BAD_SIGNATURE
    assert isinstance(world.order(OWNER, named=None, caller=OWNER), NewOrder)


@pytest.mark.parametrize(("signed_by", "named"), [(STRANGER, GUEST), (GUEST, STRANGER), (OWNER, GUEST)])
def test_an_envelope_that_names_somebody_else_is_refused(world: World, signed_by: OrderKey, named: OrderKey) -> None:
    world.authorize()
    assert world.order(signed_by, named=named, caller=GUEST) == orders.BAD_SIGNATURE


def test_a_session_keys_usual_wallet_is_the_one_it_was_granted_for(world: World) -> None:
    assert world.bank.wallet("", GUEST.address, CONTRACT_WALLET) is not world.account
    world.authorize()
    assert world.bank.wallet("", GUEST.address, CONTRACT_WALLET) is world.account
    assert world.told(GUEST) == {"error": "wallet not found"}


def test_only_the_owner_grants_with_the_nonce_that_is_due(world: World) -> None:
    assert world.authorize(key=STRANGER).status == 400
    assert world.authorize(nonce="4").status == 400
    assert world.authorize(validUntil=str(LATER_S + 1)).status == 400
    assert world.account.session_signers == {}
    assert world.authorize().status == 200
    assert world.ask("authorizations", world.grant(nonce="0")).status == 400


@pytest.mark.parametrize(
    "changed",
    [{"walletAddress": "0x1"}, {"sessionSignerAddress": "nobody"}, {"validUntil": "soon"}, {"validUntil": "-1"}],
)
def test_nonsense_is_refused(world: World, changed: dict[str, str]) -> None:
    answer = world.ask("authorizations", world.grant(**changed))
    assert (answer.status, answer.body) == (400, b'{"error":"invalid request payload"}')


def test_a_grant_needs_a_builders_key_and_a_revocation_any(world: World) -> None:
    assert world.ask("authorizations", world.grant(), {"relayer_api_key": "k"}).status == 401
    assert world.ask("revocations", world.grant(revokes=True), {}).status == 401


def test_a_wallet_that_nobody_deployed_grants_nothing(world: World) -> None:
    world.account.deployed = False
    assert json.loads(world.authorize().body) == {"error": "wallet is not deployed"}


@pytest.mark.parametrize("ended", ["revoked", "over"])
def test_a_session_key_has_its_grantors_wallet_no_longer_than_the_grant(world: World, ended: str) -> None:
    world.authorize()
    held = world.bank.wallet("", GUEST.address, CONTRACT_WALLET)
    assert held is world.account
    if ended == "revoked":
        assert world.ask("revocations", world.grant(revokes=True)).status == 200
    else:
        world.venue.advance(LATER_S * NANOS)
    own = world.bank.wallet("", GUEST.address, CONTRACT_WALLET)
    assert own is not None
    assert own.address == own_wallets(GUEST.address).deposit


def test_a_revocation_by_somebody_who_never_granted_takes_no_key_away(world: World) -> None:
    world.authorize()
    other = own_wallets(STRANGER.address).deposit
    world.bank.welcome(STRANGER.address)
    world.venue.authorize(other, GUEST.address, 0, ())
    assert world.bank.wallet("", GUEST.address, CONTRACT_WALLET) is world.account
