"""Scores for notebooks: plain frames in and out, and one sentence for what cannot be used."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from tests.support.universe import Tape
from whaletrader.errors import SchemaError, UsageError
from whaletrader.universe.frames import BOARD, funnel, leaderboard, plain_frames, score_frames, source_of
from whaletrader.universe.scores import ScoreParams, Scores, score_universe

DAY = 86_400
START = datetime(2026, 1, 1, tzinfo=UTC)


def tape(bets: int = 70) -> Tape:
    """Wallet 0 is mostly right at even odds; wallet 1 prints after him, so that he can be copied."""
    made = Tape(wallets=3)
    for m in range(bets):
        made.market(m, 1.0 if m % 8 else 0.0, (m + 2) * DAY, rate=0.0 if m % 2 else 0.03)
        made.trade(m * DAY + 100, 0, m, 0.50, 100.0, tx=2 * m, role=1, fee=0.5)
        made.trade(m * DAY + 120, 1, m, 0.50, 50.0, outcome=m % 2, tx=2 * m + 1)
        made.signal(m * DAY + 200, 2, m, 0.40)
    return made


@pytest.fixture(scope="module")
def scores() -> Scores:
    trades, markets, positions = plain_frames(tape().source())
    return score_frames(trades, markets, positions, min_groups=10)


def few(**other: Any) -> dict[str, pl.DataFrame]:
    """Two trades in two markets, some columns replaced."""
    trades = pl.DataFrame(
        {
            "time": [START, START + timedelta(minutes=1)],
            "wallet": ["0xAA", "0xbb"],
            "market": ["m1", "m2"],
            "outcome": [0, 1],
            "side": ["BUY", "SELL"],
            "price": [0.4, 0.6],
            "size": [10, 20],
        }
    )
    markets = pl.DataFrame({"market": ["m1", "m2"], "payout": [1.0, None], "resolved": [START, None]})
    frames = {"trades": trades, "markets": markets}
    for name, values in other.items():
        table, _, column = name.partition("_")
        frames[table] = frames[table].with_columns(pl.Series(column, values))
    return frames


# ---- what comes out


def test_frames_give_the_scores_that_the_dataset_gives(scores: Scores) -> None:
    names = ["kind", "address", "n_bets", "n_groups", "mean_edge_micro", "mean_price_micro", "p_value_micro", "verdict"]
    theirs = score_universe(tape().source(), ScoreParams(min_groups=10)).frame.select(names).sort("kind", "address")
    assert scores.frame.select(names).sort("kind", "address").equals(theirs)


def test_there_and_back_again_are_the_same_tables() -> None:
    first = source_of(*plain_frames(tape().source()))
    second = source_of(*plain_frames(first))
    for name in ("wallets", "markets", "tokens", "fee_schedules", "trades", "signals"):
        assert first.table(name).equals(second.table(name)), name


def test_the_leaderboard_has_ordinary_numbers_and_named_columns(scores: Scores) -> None:
    board = leaderboard(scores)
    assert board.columns == list(BOARD)
    best = board.row(0, named=True)
    assert best["wallet"] == f"0x{1:040x}"
    assert best["lower"] <= best["edge"] <= best["upper"] < 1.0
    assert 0.0 < best["p"] <= 1.0
    assert best["price"] == pytest.approx(0.5)
    assert not [name for name in board.columns if name.endswith("_micro")]


def test_the_unjudged_are_listed_only_when_asked_for(scores: Scores) -> None:
    assert leaderboard(scores, judged=False).height > leaderboard(scores).height
    assert leaderboard(scores, top=0).height == 0
    unjudged = leaderboard(scores, judged=False).filter(pl.col("rank").is_null())
    assert unjudged["withheld"].null_count() == 0


def test_positions_have_a_board_of_their_own(scores: Scores) -> None:
    assert leaderboard(scores, "position")["wallet"].to_list() == [f"0x{3:040x}"]


def test_the_funnel_counts_wallets_by_step(scores: Scores) -> None:
    steps = funnel(scores).filter((pl.col("kind") == "fill") & (pl.col("policy") == "taker"))
    counts = dict(steps.select("step", "wallets").iter_rows())
    assert counts["found"] == 2
    assert counts["tested"] <= counts["enough_bets"] <= counts["priced"]


def test_settings_are_the_parameters_of_the_scoring() -> None:
    trades, markets, positions = plain_frames(tape(12).source())
    found = score_frames(trades, markets, positions, min_bets_fill=2, policies=("taker", "first"))
    assert found.params.policies == ("taker", "first")
    assert set(found.frame["policy"].cast(pl.String)) == {"taker", "first"}
    assert leaderboard(found, policy="first").height <= 2


@pytest.mark.parametrize(("kind", "policy"), [("fills", "taker"), ("fill", "passive")])
def test_a_board_that_was_not_scored_is_refused(scores: Scores, kind: str, policy: str) -> None:
    with pytest.raises(UsageError, match="was not scored; choose among"):
        leaderboard(scores, kind, policy)


def test_an_unknown_setting_is_named_with_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"no setting 'min_bet'.*min_bets_fill"):
        score_frames(**few(), min_bet=3)


# ---- what goes in


def test_times_are_utc_whatever_their_zone_and_unit() -> None:
    zoned = few(trades_time=pl.Series([START, START]).dt.convert_time_zone("America/New_York").dt.cast_time_unit("ms"))
    naive = few(trades_time=pl.Series([START, START]).dt.replace_time_zone(None))
    assert source_of(**zoned).table("trades")["ts"].to_list() == source_of(**naive).table("trades")["ts"].to_list()


def test_addresses_are_one_wallet_in_any_case() -> None:
    wallets = source_of(**few(trades_wallet=["0xAB", "0xab"])).table("wallets")
    assert wallets["address"].to_list() == ["0xab"]


def test_trades_out_of_order_are_put_in_order() -> None:
    found = source_of(**few(trades_time=[START + timedelta(days=1), START])).table("trades")
    assert found["ts"].is_sorted()
    assert found["price_micro"].to_list() == [600_000, 400_000]


def test_a_market_without_a_payout_is_open_even_with_a_date() -> None:
    markets = source_of(**few(markets_payout=[None, None])).table("markets")
    assert markets["resolved"].to_list() == [False, False]
    assert markets["resolved_ts"].null_count() == 2


def test_no_trades_at_all_give_an_empty_leaderboard() -> None:
    frames = few()
    found = score_frames(frames["trades"].clear(), frames["markets"])
    assert leaderboard(found).height == 0
    assert funnel(found)["wallets"].sum() == 0


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"trades_price": [0.4, None]}, r"trades.price has 1 null, the first in row 1"),
        ({"trades_price": [0.4, float("nan")]}, r"trades.price has nan in row 1; it must be finite"),
        ({"trades_price": [0.4, float("-inf")]}, r"trades.price has -inf in row 1; it must be finite"),
        ({"trades_price": [1.4, 0.2]}, r"trades.price has 1.4 in row 0; it must be at least 0 and at most 1"),
        ({"trades_price": ["a", "b"]}, r"trades.price is String; it must be numbers"),
        ({"trades_size": [-1, 2]}, r"trades.size has -1.0 in row 0; it must be at least 0"),
        ({"trades_size": [1.0, 1e20]}, r"trades.size has 1e\+20 in row 1; it must be at least 0 and at most 1e\+08"),
        ({"trades_fee": [1e9, None]}, r"trades.fee has 1000000000.0 in row 0"),
        ({"trades_side": ["BUY", "buy"]}, r"trades.side has 'buy' in row 1; it must be one of BUY, SELL"),
        ({"trades_outcome": [0, 2]}, r"trades.outcome has 2 in row 1"),
        ({"trades_outcome": ["Yes", "No"]}, r"trades.outcome is String; it must be whole numbers"),
        ({"trades_time": [1, 2]}, r"trades.time is Int64; it must be datetimes"),
        ({"trades_market": ["m1", "m9"]}, r"trades.market has 'm9', which markets.market does not"),
        ({"markets_market": ["m1", "m1"]}, r"markets.market has 'm1' more than once"),
        ({"markets_payout": [2.0, None]}, r"markets.payout has 2.0 in row 0"),
        ({"markets_category": ["sports", "knitting"]}, r"markets.category has 'knitting' in row 1; it must be one of"),
    ],
)
def test_what_cannot_be_used_is_named_by_table_and_column(other: dict[str, Any], told: str) -> None:
    with pytest.raises(SchemaError, match=told):
        score_frames(**few(**other))


def test_a_missing_column_is_named_with_those_that_are_needed() -> None:
    frames = few()
    with pytest.raises(
        SchemaError, match=r"trades lacks the column side; it needs time, wallet, market, outcome, side"
    ):
        score_frames(frames["trades"].drop("side"), frames["markets"])


def test_a_row_that_repeats_another_is_refused_unless_a_transaction_tells_them_apart() -> None:
    frames = few()
    twice = pl.concat([frames["trades"], frames["trades"][:1]])
    with pytest.raises(SchemaError, match=r"trades has 1 rows that repeat another one, the first in row 2"):
        score_frames(twice, frames["markets"])
    apart = twice.with_columns(transaction=pl.Series(["0x1", "0x2", "0x3"]))
    assert source_of(apart, frames["markets"]).table("trades").height == 3


def test_what_is_no_frame_is_refused() -> None:
    with pytest.raises(SchemaError, match="trades must be a polars DataFrame, not list"):
        score_frames([], few()["markets"])  # type: ignore[arg-type]


def test_what_is_not_said_is_not_known() -> None:
    source = source_of(**few())
    assert source.table("trades")["role"].to_list() == [-1, -1]
    assert source.table("trades")["fee_micro"].null_count() == 2
    assert source.table("fee_schedules").height == 0
    assert source.table("markets")["event_group"].to_list() == ["m1", "m2"]
