"""Markets of a bundle: tokens, payouts, event groups and the text `nan`."""

import pytest

from tests.unit.datasets.tiny import cid, imported, market_row, token, trade_row
from whaletrader.domain.values import NANOS


def markets_of(tmp_path, *rows, trades=()):
    return imported(tmp_path, rows, trades).table("markets")


@pytest.mark.parametrize(("winner", "payout"), [(0.0, 1_000_000), (1.0, 0), (0.5, 500_000)])
def test_the_payout_is_that_of_outcome_0(tmp_path, winner, payout):
    market = markets_of(tmp_path, market_row(1, resolved=True, winning_outcome_index=winner)).row(0, named=True)
    assert (market["payout0_micro"], market["resolved"]) == (payout, True)


def test_a_winning_index_that_is_no_outcome_is_no_result(tmp_path):
    dataset = imported(tmp_path, [market_row(1, resolved=True, winning_outcome_index=-998.0)])
    market = dataset.table("markets").row(0, named=True)
    assert (market["payout0_micro"], market["resolved"], market["resolved_ts_kind"]) == (None, False, "unknown")
    assert dataset.manifest.sources[0].doubted == {"winning_index_is_no_payout": 1}


def test_a_winner_without_resolution_is_no_result(tmp_path):
    market = markets_of(tmp_path, market_row(1, winning_outcome_index=0.0)).row(0, named=True)
    assert market["payout0_micro"] is None


def test_markets_are_in_order_of_condition_id_and_tokens_follow_them(tmp_path):
    dataset = imported(tmp_path, [market_row(2), market_row(1)])
    assert dataset.table("markets")["condition_id"].to_list() == [cid(1), cid(2)]
    expected = [(2 * m + i, token(m + 1, i), m, i) for m in (0, 1) for i in (0, 1)]
    assert dataset.table("tokens").select("token", "token_id", "market", "outcome_index").rows() == expected


def test_the_word_nan_is_nothing(tmp_path):
    dataset = imported(tmp_path, [market_row(1, slug="nan", token0="nan", outcome0="")])
    assert dataset.table("markets")["slug"].to_list() == [""]
    assert dataset.table("tokens").row(0, named=True)["token_id"] == f"{cid(1)}:0"


def test_tick_and_minimum_are_micro_units_or_unknown(tmp_path):
    frame = markets_of(tmp_path, market_row(1, tick_size=0.001), market_row(2, tick_size=None, min_order_size=None))
    assert frame["tick_micro"].to_list() == [1_000, None]
    assert frame["min_order_micro"].to_list() == [5_000_000, None]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-04-01", 1_775_001_600),
        ("2026-04-01T12:00:00Z", 1_775_044_800),
        ("2026-04-01 12:00:00+00", 1_775_044_800),
        ("2026-04-01T12:00:00.123456Z", 1_775_044_800),
        ("1970-01-01", None),
        ("soon", None),
        (None, None),
    ],
)
def test_scheduled_ends_come_in_several_spellings(tmp_path, text, seconds):
    expected = None if seconds is None else seconds * NANOS
    assert markets_of(tmp_path, market_row(1, end_date=text))["end_ts"].to_list() == [expected]


def test_an_up_or_down_market_ends_with_its_window(tmp_path):
    frame = markets_of(tmp_path, market_row(1, end_date="2026-04-01", updown_window_end_ts=1_775_002_500))
    assert frame["end_ts"].to_list() == [1_775_002_500 * NANOS]


def test_markets_of_one_event_are_one_group(tmp_path):
    frame = markets_of(tmp_path, market_row(1, event_slug="the-final"), market_row(2, event_slug="the-final"))
    assert frame["event_group"].to_list() == ["the-final", "the-final"]


def test_the_side_pages_of_a_game_belong_to_the_game(tmp_path):
    rows = [market_row(1, event_slug="nba-a-b"), market_row(2, event_slug="nba-a-b-more-markets")]
    assert markets_of(tmp_path, *rows)["event_group"].n_unique() == 1


def test_outcomes_of_a_neg_risk_event_keep_to_its_own_slug(tmp_path):
    rows = [market_row(1, event_slug="psg-ars-exact-score", neg_risk=True), market_row(2, event_slug="psg-ars")]
    assert markets_of(tmp_path, *rows)["event_group"].to_list() == ["psg-ars-exact-score", "psg-ars"]


@pytest.mark.parametrize("slug", [None, "", "0", "nan"])
def test_without_a_usable_event_slug_a_market_is_its_own_group(tmp_path, slug):
    assert markets_of(tmp_path, market_row(1, event_slug=slug))["event_group"].to_list() == [cid(1)]


def test_every_market_has_a_fee_schedule_from_the_beginning(tmp_path):
    dataset = imported(tmp_path, [market_row(1), market_row(2, slug="btc-updown-15m-1")], [trade_row(7)])
    fees = dataset.table("fee_schedules")
    assert fees["market"].unique().to_list() == [0, 1, 2]
    assert (fees.group_by("market").agg(first=fees["from_ts"].min())["first"] == 0).all()
