"""What a run came to, in lines that a person can read."""

import msgspec
import pytest

from whaletrader.app.summary import Summary, Views, summarise
from whaletrader.cli.summary import decision_line, print_summary, short
from whaletrader.runtime.projections.decisions import Decision
from whaletrader.runtime.projections.rebates import RebateEstimate

START = 1_775_433_600 * 10**9


def summary(**other: object) -> Summary:
    empty = summarise(Views(10_000_000_000), simulated=True, dataset="d", run_id="0001", log_head="ab" * 32)
    return msgspec.structs.replace(empty, **other)


def printed(capsys: pytest.CaptureFixture[str], **other: object) -> str:
    print_summary(summary(**other))
    return capsys.readouterr().out


def test_a_simulated_run_is_stamped_on_its_first_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys).splitlines()[0].startswith("SIMULATED: ")


def test_a_run_on_real_data_carries_no_stamp(capsys: pytest.CaptureFixture[str]) -> None:
    assert "SIMULATED" not in printed(capsys, simulated=False)


def test_a_run_in_which_nothing_happened_says_so_without_empty_lists(capsys: pytest.CaptureFixture[str]) -> None:
    said = printed(capsys)
    assert "leaders: nobody has been scored yet" in said
    assert "orders: none" in said
    assert "skipped" not in said
    assert "denied" not in said


def test_money_and_times_are_in_the_units_of_a_person(capsys: pytest.CaptureFixture[str]) -> None:
    said = printed(
        capsys, first_ts=START, clock_ts=START + 3_600 * 10**9, equity_micro=10_500_250_000, return_micro=50_025
    )
    assert "2026-04-06 00:00 to 2026-04-06 01:00 UTC" in said
    assert "equity 10,500.25 from 10,000.00 pUSD (+5.00 %)" in said


def test_a_loss_is_no_gain(capsys: pytest.CaptureFixture[str]) -> None:
    assert "(-1.50 %)" in printed(capsys, return_micro=-15_000)


def test_nobody_followed_is_told_with_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    said = printed(capsys, scans=3, wallets_scanned=300, wallets_qualified=40)
    assert "40 of 300 wallets had enough settled bets at the newest of 3 scans" in said
    assert "nobody is followed, because no follower's edge" in said


def test_leaders_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert "followed: 7" in printed(capsys, scans=1, leaders_followed=7)


def test_a_killed_run_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert "KILLED" in printed(capsys, killed=True)
    assert "KILLED" not in printed(capsys, killed=False)


def test_counts_are_told_with_their_names(capsys: pytest.CaptureFixture[str]) -> None:
    said = printed(
        capsys,
        skipped={"ALREADY_COPIED": 1_200, "STALE": 3},
        orders={"FILLED": 4},
        fee_provenance={"market": 4},
        quotes={"assumed": 9},
    )
    assert "skipped: 1,200 ALREADY_COPIED, 3 STALE" in said
    assert "orders: 4 FILLED" in said
    assert "orders: none" not in said
    assert "fills by fee schedule: 4 market; prices by quote: 9 assumed" in said


def test_without_a_rebate_no_line_speaks_of_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert "ESTIMATE" not in printed(capsys, fees_micro=5_000_000)


def test_rebates_are_told_beside_the_fees_as_an_estimate(capsys: pytest.CaptureFixture[str]) -> None:
    back = RebateEstimate(taker_micro=12_340_000, maker_at_most_micro=0, tier="Silver", weighted_micro=23_000_000_000)
    said = printed(capsys, rebates=back)
    assert (
        "ESTIMATE, counted nowhere: of these fees the venue pays back 12.34 "
        "(Silver, by a weighted volume of 23,000.00 in 30 days)\n"
    ) in said
    made = msgspec.structs.replace(back, taker_micro=0, tier="", maker_at_most_micro=1_500_000)
    assert "pays back 0.00, and for resting orders at most about 1.50" in printed(capsys, rebates=made)


def test_the_head_of_the_log_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert "log: 27,982 messages, head abababababababab" in printed(capsys, messages=27_982)


def test_a_decision_is_one_line_with_the_id_to_explain_it_by() -> None:
    line = decision_line(
        Decision(
            ts=START,
            what="SKIPPED",
            reason="PRICE_OUT_OF_RANGE",
            market_id="m",
            token_id="1234567890123456789",
            side="BUY",
            wallet="w",
            price_micro=990_000,
            size_micro=0,
            message_id="x",
            correlation_id="c" * 32,
        )
    )
    assert "2026-04-06 00:00  SKIPPED   BUY 12345678…6789" in line
    assert line.endswith("c" * 32)


@pytest.mark.parametrize(("given", "shown"), [("", ""), ("1" * 14, "1" * 14), ("1" * 15, "1" * 8 + "…1111")])
def test_only_long_ids_are_shortened(given: str, shown: str) -> None:
    assert short(given) == shown
