"""How many approvals a second the risk agent decides on with 19 open positions: mapping, kernel, bounds.

The size of half of the proposals is decided by Kelly, that of the other half by the portfolio's CVaR (a search). Only
`decide` is in the time; folding and recording are the runner's benchmark.
"""

import time

from benchmarks.figures import report
from tests.support.harness import Harness
from tests.support.payloads import UNIT, filled, market_data, settled, terms
from whaletrader.agents.risk_management import RiskManagement
from whaletrader.config.tree import Settings
from whaletrader.messages.envelope import Message
from whaletrader.messages.risk import ApprovedTrade, TradeProposal

POSITIONS = 19
PROPOSALS = 1_000
ROUNDS = 10


def book() -> Harness:
    """An agent whose book holds positions in as many markets, and knows one market more."""
    harness = Harness(RiskManagement(Settings()))
    for number in range(POSITIONS + 1):
        about = {"market_id": f"m{number}", "token_id": f"yes{number}"}
        own = terms(event_group_id=f"g{number}", token_ids=(f"yes{number}", f"no{number}"))
        price = 300_000 + number * 20_000
        harness.tell(market_data(price_micro=price, terms=own, **about))
        if number < POSITIONS:
            order = {"order_hash": str(number), "size_micro": 95 * UNIT, **about}
            harness.tell(filled(price_micro=price, wallet=f"0x{number % 7}", event_group_id=f"g{number}", **order))
            harness.tell(settled(**order))
    return harness


def proposals(harness: Harness) -> list[Message]:
    """Proposals in the free market with a small and a large edge in turn."""
    price = 300_000 + POSITIONS * 20_000
    return [
        harness.message(
            TradeProposal(
                account_id="paper",
                wallet="0xnew",
                kind="fill",
                market_id=f"m{POSITIONS}",
                token_id=f"yes{POSITIONS}",
                event_group_id=f"g{POSITIONS}",
                side="BUY",
                reduce_only=False,
                reference_price_micro=price,
                limit_price_micro=price + 20_000,
                edge_micro=(8_000, 60_000)[number % 2],
                desired_size_micro=0,
                size_multiplier_micro=UNIT,
                signal_id="",
                expires_ts=10**18,
            )
        )
        for number in range(PROPOSALS)
    ]


def main() -> None:
    """Measure, and report the best of some rounds."""
    harness = book()
    messages = proposals(harness)
    best = 0.0
    for _ in range(ROUNDS):
        started = time.perf_counter()
        outs = [harness.agent.decide(harness.state, message)[-1] for message in messages]
        best = max(best, PROPOSALS / (time.perf_counter() - started))
        assert all(isinstance(out, ApprovedTrade) for out in outs)
        assert {out.binding_limit for out in outs} == {"KELLY", "PORTFOLIO_CVAR"}
    report("risk kernel, 19 positions", best, "approvals/s", target=3_000)


if __name__ == "__main__":
    main()
