"""Nothing that was not known yet may move a score: the full table cut at a date equals a dataset that ends there."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.universe.tapes import HORIZON_S, tapes
from tests.support.universe import Tape
from whaletrader.domain.values import NANOS
from whaletrader.universe.follower import FollowerParams, build_follower_table
from whaletrader.universe.ledger import ledger, ledger_at
from whaletrader.universe.ledger_tape import ledger_tape
from whaletrader.universe.scores import ScoreParams, score_table, score_universe
from whaletrader.universe.source import known_at
from whaletrader.universe.tape import usable_trades

dates = st.integers(0, HORIZON_S + 100).map(lambda second: second * NANOS)
FOLLOWER = FollowerParams(window_s=150.0)


def visible(columns: list[str]) -> list[str]:
    """Row numbers and event-group codes may differ between the two datasets."""
    return [name for name in columns if name not in ("row", "group")]


@settings(max_examples=40, deadline=None)
@given(tapes(), dates)
def test_the_cut_table_equals_the_table_of_the_cut_dataset(tape: Tape, as_of_ts: int) -> None:
    source = tape.source()
    cut = build_follower_table(source, FOLLOWER).at(as_of_ts)
    then = build_follower_table(known_at(source, as_of_ts), FOLLOWER).frame
    names = visible(cut.columns)
    assert cut.select(names).equals(then.select(names))


@settings(max_examples=40, deadline=None)
@given(tapes(), dates)
def test_scores_at_a_date_equal_the_scores_of_the_cut_dataset(tape: Tape, as_of_ts: int) -> None:
    source = tape.source()
    few = {"min_bets_fill": 2, "min_bets_position": 2, "min_groups": 1, "n_boot": 100, "follower": FOLLOWER}
    params = ScoreParams(as_of_ts=as_of_ts, **few)
    table = build_follower_table(source, FOLLOWER)
    from_table = score_table(table, params, ledger_tape(source), usable_trades(source))
    then = score_universe(known_at(source, as_of_ts), ScoreParams(**few))
    assert from_table.frame.equals(then.frame)
    assert from_table.funnel.equals(then.funnel)


@settings(max_examples=30, deadline=None)
@given(tapes(), dates)
def test_the_ledger_at_a_date_equals_the_ledger_of_the_cut_dataset(tape: Tape, as_of_ts: int) -> None:
    source = tape.source()
    cut, then = ledger_at(ledger_tape(source), as_of_ts), ledger(known_at(source, as_of_ts))
    assert cut.positions.equals(then.positions)
    assert cut.wallets.equals(then.wallets)
