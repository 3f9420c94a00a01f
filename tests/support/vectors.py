"""The venue's vectors (`tests/data/polymarket/vectors`), read once, and its public test keys."""

import json
from functools import lru_cache
from pathlib import Path

from whaletrader.adapters.local.keys import OrderKey
from whaletrader.domain.order_hash import OrderStruct
from whaletrader.domain.values import Side

FOLDER = Path(__file__).parents[1] / "data" / "polymarket" / "vectors"
TEST_KEY = OrderKey(bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"))
"""The first account of a well-known development chain; it must never hold funds."""


KEYS = {
    key.address: key
    for key in (
        TEST_KEY,
        OrderKey(bytes.fromhex("59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d")),
        OrderKey(bytes.fromhex("11" * 32)),
    )
}
"""Every public test key of the vectors, by its address."""


@lru_cache(maxsize=16)
def vectors(name: str) -> dict:
    """The file `name`.json."""
    return json.loads((FOLDER / f"{name}.json").read_text())


def named(cases: list) -> list:
    """Ids of parametrised cases: their names, or their places."""
    return [case.get("name", str(place)) if isinstance(case, dict) else str(place) for place, case in enumerate(cases)]


def struct_from(told: dict) -> OrderStruct:
    """The order of a vector's `order_struct`."""
    return OrderStruct(
        salt=int(told["salt"]),
        maker=told["maker"],
        signer=told["signer"],
        token_id=told["tokenId"],
        maker_amount=int(told["makerAmount"]),
        taker_amount=int(told["takerAmount"]),
        side=Side.SELL if told["side"] else Side.BUY,
        signature_type=told["signatureType"],
        timestamp_ms=int(told["timestamp"]),
        metadata=told["metadata"][2:],
        builder=told["builder"][2:],
    )


def micro(text: str) -> int:
    """Micro-units of a decimal string, exactly."""
    whole, _, rest = text.partition(".")
    return int(whole + rest.ljust(6, "0")[:6])
