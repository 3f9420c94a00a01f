"""Many decisions of the risk kernel on made-up books, hashed: run as a module, it prints the hash."""

import random
import sys
from hashlib import blake2b

import msgspec

from tests.support.risk import FEE, FREE, hold, market, proposal, reserved, world
from whaletrader.domain.risk.kernel import decide
from whaletrader.domain.values import MICRO

BOOKS = 40


def digest(seed: int = 7) -> str:
    """The hash of every decision on `BOOKS` books of up to 24 positions in lone and neg-risk markets."""
    draw, hashed = random.Random(seed), blake2b(digest_size=16)
    for _ in range(BOOKS):
        lone = [market(f"m{i}", fee=draw.choice([FEE, FREE])) for i in range(draw.randrange(1, 20))]
        rivals = [market(f"r{i}", "g", neg_risk=True) for i in range(draw.randrange(0, 5))]
        views = [*lone, *rivals]
        prices = [draw.randrange(2, 98) * 10_000 for _ in views]
        state = world(views, prices)
        for number, view in enumerate(views):
            hold(state, view, draw.randrange(2), size_micro=draw.randrange(1, 90) * MICRO, wallet=f"0x{number % 5}")
        for number in range(5):
            place, outcome = draw.randrange(len(views)), draw.randrange(2)
            price = prices[place] if outcome == 0 else MICRO - prices[place]
            trade = proposal(
                views[place],
                outcome,
                reference_price_micro=price,
                limit_price_micro=min(price + 10_000, 990_000),
                edge_micro=draw.randrange(1, 30_000),
            )
            decision = decide(state, trade)
            hashed.update(msgspec.msgpack.encode(decision))
            if decision.approved:
                state.book.reserve(str(number), reserved(trade, views[place], decision))
    return hashed.hexdigest()


if __name__ == "__main__":
    sys.stdout.write(digest())
