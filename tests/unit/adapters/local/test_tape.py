"""The exchange's tape holds the very prints that the feed replays."""

from tests.support import tables
from tests.support.tables import LEADER, MARKETS, TOKENS, at, dataset, trade
from whaletrader.adapters.local.replay_feed import ReplayFeed


def tape(*args, **kwargs):
    return ReplayFeed(dataset(*args, **kwargs), simulated=False).tape()


def test_prints_of_both_outcomes_within_the_span_are_told_in_order():
    rows = [trade(1, 0, 0, 0.5), trade(2, 1, 1, 0.4), trade(3, 1, 2, 0.1), trade(4, 2, 0, 0.6), trade(5, 0, 0, 0.7)]
    found = tape(rows).prints(MARKETS[0], at(2), at(4))
    assert found.ts.tolist() == [at(2), at(4)]
    assert found.outcome_index.tolist() == [1, 0]
    assert found.price_micro.tolist() == [400_000, 600_000]
    assert found.row.tolist() == [1, 3]


def test_an_unknown_market_has_no_prints_and_no_terms():
    replay = tape([trade(1, 0, 0, 0.5)])
    assert len(replay.prints("0xnone", 0, at(9)).ts) == 0
    assert replay.market("0xnone") is None


def test_wallets_are_coded_as_in_the_prints():
    replay = tape([trade(1, 0, 0, 0.5)])
    assert replay.prints(MARKETS[0], 0, at(9)).wallet.tolist() == [replay.wallet_code(LEADER)]
    assert replay.wallet_code("0xnobody") == -1


def test_a_resolved_market_says_when_and_how():
    market = tape([trade(1, 0, 0, 0.5)], markets=[tables.market(0, resolved_s=9, payout=1)]).market(MARKETS[0])
    assert (market.resolved, market.resolved_ts, market.payouts_micro) == (True, at(9), (1_000_000, 0))
    assert market.token_ids == TOKENS[:2]


def test_where_no_schedule_is_known_the_worst_case_is_charged():
    assert tape([trade(1, 0, 0, 0.5)]).fee_schedule(MARKETS[0], at(1)).provenance == "worst_case"
