"""The published form of a score: integers, or null."""

import numpy as np
import polars as pl

from tests.support.universe import SELL, Tape
from whaletrader.universe.score_frame import published
from whaletrader.universe.scores import ScoreParams, score_universe


def test_what_is_not_finite_or_beyond_64_bits_is_null() -> None:
    given = pl.DataFrame({"persistence_t": [1.5, np.nan, np.inf, -np.inf, 1e16, -1e16]})
    assert published(given)["persistence_t_micro"].to_list() == [1_500_000, None, None, None, None, None]


def test_a_wallet_whose_wins_and_losses_alternate_to_the_letter_does_not_break_the_scores() -> None:
    tape = Tape(wallets=2)
    for m in range(60):
        tape.market(m, float(m // 6 % 2), (m + 2) * 86_400)
        tape.trade(m * 86_400, 0, m, 0.50).trade(m * 86_400 + 20, 1, m, 0.50, side=SELL)
    found = score_universe(tape.source(), ScoreParams()).frame.filter(pl.col("wallet") == 0)
    assert found["n_bets"].to_list() == [60]
    assert found["persistence_slope_micro"].to_list() == [-1_000_000]
