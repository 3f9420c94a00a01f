"""How long an order takes from its wishes to its signature, ours beside the official package's, in one process.

Both build a limit order of a deposit wallet (ERC-7739) and of an account (EIP-712): amounts by the tick, the struct
with a fresh salt and time, its hash, and the signature with the same coincurve back-end. What is not measured: the
network, and looking markets up.
"""

import statistics
import time
from collections.abc import Callable
from decimal import Decimal

from eth_account import Account
from eth_keys import keys
from polymarket._internal.actions.orders import limit as their_limit
from polymarket._internal.actions.orders.context import resolve_order_exchange_address
from polymarket._internal.actions.orders.orders import create_signed_order, create_unsigned_order
from polymarket._internal.actions.orders.typed_data import build_order_signature, build_order_typed_data
from polymarket._internal.actions.orders.types import OrderDraft
from polymarket._internal.environment import PRODUCTION_CONFIG
from polymarket._internal.wallet import wrap_deposit_wallet_signature

from benchmarks.figures import report
from whaletrader.adapters.local.keys import OrderKey
from whaletrader.domain.addresses import checksum_address
from whaletrader.domain.amounts import limit_amounts
from whaletrader.domain.order_hash import (
    CONTRACT_WALLET,
    OrderStruct,
    contract_wallet_digest,
    contract_wallet_signature,
    order_digest,
)
from whaletrader.domain.values import Side
from whaletrader.domain.wallet_addresses import EOA, deposit_wallet

SECRET = bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
"""The first account of a well-known development chain; it must never hold funds."""
TOKEN = "71321045679252212594626385532706912750332728571942532289631379312455583992563"
ORDERS = 400
ROUNDS = 3
TARGET_MS = 0.15
TARGET_RATIO = 0.5
KINDS = {"deposit wallet": (CONTRACT_WALLET, "DEPOSIT_WALLET"), "account": (EOA, "EOA")}

KEY = OrderKey(SECRET)
SIGNER = Account.from_key(SECRET)
ACCOUNT = checksum_address(KEY.address)


def ours(kind: int, wallet: str, number: int) -> bytes:
    """Build and sign order `number`."""
    amounts = limit_amounts(Side.BUY, 570_000, 17_770_000 + number * 10_000, 10_000)
    order = OrderStruct(
        salt=number,
        maker=wallet,
        signer=wallet if kind == CONTRACT_WALLET else ACCOUNT,
        token_id=TOKEN,
        maker_amount=amounts.maker,
        taker_amount=amounts.taker,
        side=Side.BUY,
        signature_type=kind,
        timestamp_ms=time.time_ns() // 1_000_000,
        metadata=f"{number:064x}",
    )
    if kind != CONTRACT_WALLET:
        return KEY.sign(order_digest(order, neg_risk=False))
    inner = KEY.sign(contract_wallet_digest(order, neg_risk=False))
    return contract_wallet_signature(order, inner, neg_risk=False)


def theirs(name: str, wallet: str, number: int) -> str:
    """The package's own steps for the same order; salt and time are made inside it."""
    size = Decimal("17.77") + Decimal(number) / 100
    offered, requested = their_limit._compute_limit_order_amounts(
        price=Decimal("0.57"), size=size, side="BUY", tick_size=Decimal("0.01")
    )
    draft = OrderDraft(
        chain_id=137,
        exchange_address=resolve_order_exchange_address(PRODUCTION_CONFIG, asset_id=TOKEN, neg_risk=False),
        expiration=0,
        funder_address=wallet,
        offered_amount=offered,
        order_type="GTC",
        side="BUY",
        signer=ACCOUNT,
        requested_amount=requested,
        asset_id=TOKEN,
    )
    unsigned = create_unsigned_order(draft, wallet=wallet, wallet_type=name)
    message = SIGNER.sign_typed_data(full_message=build_order_typed_data(unsigned))
    inner = "0x" + message.signature.hex()
    final = wrap_deposit_wallet_signature(
        signer=ACCOUNT, signer_type="OWNER", signature=build_order_signature(unsigned, inner)
    )
    return create_signed_order(unsigned, final).signature


def median_ms(sign: Callable[[int], object]) -> float:
    """Median of ORDERS timed calls, after some that are not counted."""
    for number in range(20):
        sign(number)
    taken = []
    for number in range(ORDERS):
        started = time.perf_counter_ns()
        sign(number)
        taken.append((time.perf_counter_ns() - started) / 1e6)
    return statistics.median(taken)


def main() -> None:
    """Measure both for both kinds of wallet, taking turns; report the best median of each."""
    back_end = type(keys.PrivateKey(SECRET).backend).__name__
    assert back_end == "CoinCurveECCBackend", back_end
    for label, (kind, name) in KINDS.items():
        wallet = checksum_address(deposit_wallet(KEY.address)) if kind == CONTRACT_WALLET else ACCOUNT
        best = {"ours": float("inf"), "theirs": float("inf")}
        for _ in range(ROUNDS):
            best["ours"] = min(best["ours"], median_ms(lambda n, k=kind, w=wallet: ours(k, w, n)))
            best["theirs"] = min(best["theirs"], median_ms(lambda n, k=name, w=wallet: theirs(k, w, n)))
        title = f"build and sign, {label}"
        peer = "polymarket-client, same back-end"
        report(
            f"{title}, p50", best["ours"], "ms", peer=best["theirs"], peer_name=peer, target=TARGET_MS,
            higher_is_better=False,
        )  # fmt: skip
        ratio = best["ours"] / best["theirs"]
        report(f"{title}, part of theirs", ratio, "x", target=TARGET_RATIO, higher_is_better=False)


if __name__ == "__main__":
    main()
