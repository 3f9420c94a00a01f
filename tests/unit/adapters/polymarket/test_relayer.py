"""Envelopes for the relayer equal those of the venue's own package, for every kind of wallet."""

import json

import pytest

from tests.support.scripted_clob import reply
from whaletrader.adapters.local.keys import OrderKey
from whaletrader.adapters.polymarket.relayer import DEADLINE_S, PROXY_GAS_LIMIT, Envelope, Relayer
from whaletrader.domain.addresses import checksum_address
from whaletrader.domain.chain_calls import merge_call, redeem_call
from whaletrader.domain.wallet_addresses import own_wallets
from whaletrader.errors import UsageError, VenueError

SECRET = bytes(31) + b"\x09"
KEY = OrderKey(SECRET)
OWN = own_wallets(KEY.address)
CONDITION = "0x" + "c0" * 32
CALLS = [redeem_call(CONDITION, neg_risk=True), merge_call(CONDITION, 5_000_000, neg_risk=False)]
RELAY = "0x" + "33" * 20
NOW_S = 1_700_000_000


class Http:
    """Answers nonces and takes envelopes."""

    def __init__(self, nonce="7", **answers) -> None:
        self.params = {"address": RELAY, "nonce": nonce}
        self.answers, self.sent, self.asked = answers, [], []

    def get(self, path, params=None, headers=None):
        assert headers == {"RELAYER_API_KEY": "k"}
        self.asked.append((path, params))
        return reply(self.answers.get("look", self.params) if "transactions/" in path and not params else self.params)

    def send(self, method, path, body, headers=None, *, idempotent):
        assert not idempotent
        self.sent.append((path, body))
        return reply(self.answers["submit"])


def relayer(kind, wallet, http=None):
    return Relayer(
        http or Http(), KEY, wallet, kind, headers=lambda *_call: {"RELAYER_API_KEY": "k"}, now_s=lambda: NOW_S
    )


def theirs():
    """The package's calls, its signer, and the modules that build envelopes."""
    calls = pytest.importorskip("polymarket._internal.actions.relayer.calls", reason="the venue's package is missing")
    from eth_account import Account
    from polymarket._internal.actions.relayer import gasless, signing
    from polymarket._internal.actions.relayer.signing import deposit_wallet, proxy, safe

    told = [calls.TransactionCall(to=checksum_address(c.to), data="0x" + c.data.hex()) for c in CALLS]
    assert signing is not None
    return told, Account.from_key(SECRET), calls, gasless, (deposit_wallet, safe, proxy)


def test_a_deposit_wallets_envelope():
    told, signer, _, gasless, (deposit, _, _) = theirs()
    from whaletrader.domain.venue_contracts import VenueContract

    wallet, deadline = checksum_address(OWN.deposit), str(NOW_S + DEADLINE_S)
    signature = deposit.sign_deposit_wallet_batch(
        signer, wallet=wallet, calls=told, nonce="7", deadline=deadline, chain_id=137
    )
    expected = gasless.build_deposit_wallet_payload(
        signer_address=signer.address,
        deposit_wallet_factory=checksum_address(VenueContract.DEPOSIT_WALLET_FACTORY),
        wallet=wallet,
        calls=told,
        nonce="7",
        deadline=deadline,
        signature=signature,
        metadata="c1",
    )
    envelope = relayer(3, OWN.deposit).prepare(CALLS, "c1")
    assert json.loads(envelope.body) == json.loads(json.dumps(expected))
    assert envelope.deadline_s == NOW_S + DEADLINE_S


def test_a_safes_envelope_for_one_call_and_for_many():
    told, signer, _, gasless, (_, safe, _) = theirs()
    multisend = "0xA238CBeb142c10Ef7Ad8442C6D1f9E89e07e7761"
    for count in (1, 2):
        some = told[:count]
        target, data, value, operation = gasless._resolve_safe_call(multisend, some)
        signature = safe.sign_safe_transaction(
            signer,
            safe_address=checksum_address(OWN.safe),
            to=target,
            data=data,
            value=value,
            operation=operation,
            nonce="7",
            chain_id=137,
        )
        expected = gasless.build_safe_payload(
            signer_address=signer.address,
            wallet=checksum_address(OWN.safe),
            target=target,
            data=data,
            value=value,
            operation=operation,
            nonce="7",
            signature=signature,
            metadata="c1",
        )
        envelope = relayer(2, OWN.safe).prepare(CALLS[:count], "c1")
        assert json.loads(envelope.body) == json.loads(json.dumps(expected))


def test_a_proxys_envelope():
    told, signer, calls, gasless, (_, _, proxy) = theirs()
    from whaletrader.domain.venue_contracts import VenueContract

    factory, hub = checksum_address(VenueContract.PROXY_FACTORY), "0xD216153c06E857cD7f72665E0aF1d7D82172F494"
    data = calls.encode_proxy_call(told)
    values = {"nonce": "7", "gas_limit": str(PROXY_GAS_LIMIT), "relay_hub": hub, "relay": checksum_address(RELAY)}
    hash_ = proxy.build_proxy_transaction_hash(
        from_address=signer.address, to=factory, data=data, relayer_fee="0", gas_price="0", **values
    )
    expected = gasless.build_proxy_payload(
        signer_address=signer.address,
        proxy_factory=factory,
        wallet=checksum_address(OWN.proxy),
        data=data,
        signature=proxy.sign_proxy_message(signer, hash_),
        metadata="c1",
        **values,
    )
    assert json.loads(relayer(1, OWN.proxy).prepare(CALLS, "c1").body) == json.loads(json.dumps(expected))


def test_a_plain_key_has_no_relayer():
    with pytest.raises(UsageError, match="plain key"):
        relayer(0, KEY.address)


def test_an_envelope_is_sent_as_it_is():
    http = Http(submit={"transactionID": "t1", "transactionHash": "", "state": "STATE_NEW"})
    sent = relayer(3, OWN.deposit, http).submit(Envelope(body=b'{"a":1}', deadline_s=0))
    assert http.sent == [("/submit", b'{"a":1}')]
    assert (sent.transaction_id, sent.state, sent.tx_hash) == ("t1", "NEW", "")


def test_how_far_a_transaction_is():
    http = Http(
        look={"transaction_id": "t1", "transaction_hash": "0xAB", "state": "STATE_CONFIRMED", "error_msg": None}
    )
    sent = relayer(3, OWN.deposit, http).look("t1")
    assert (sent.state, sent.tx_hash) == ("CONFIRMED", "0xab")


@pytest.mark.parametrize("answer", [[], {}, "no", {"transactionID": ""}])
def test_an_answer_without_a_transaction_is_an_error(answer):
    with pytest.raises(VenueError):
        relayer(3, OWN.deposit, Http(submit=answer)).submit(Envelope(body=b"{}", deadline_s=0))


@pytest.mark.parametrize("nonce", ["", "x", None, 7])
def test_nothing_is_signed_without_a_nonce(nonce):
    with pytest.raises(VenueError, match="nonce"):
        relayer(3, OWN.deposit, Http(nonce=nonce)).prepare(CALLS, "c1")


def test_the_repr_holds_no_secret():
    assert repr(relayer(3, OWN.deposit)) == f"Relayer({OWN.deposit})"
