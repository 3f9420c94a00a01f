import pytest

from whaletrader.adapters.paper.faults import NO_FAULTS, FaultPlan

HASHES = [f"0x{number:064x}" for number in range(2_000)]
SHARES = ["drop", "delay", "repeat", "fail"]


def struck(plan, what, order_hash, sequence=0):
    return getattr(plan, f"{what}s")(order_hash, sequence)


@pytest.mark.parametrize("what", SHARES)
def test_none_all_or_about_the_share_is_struck(what):
    assert not any(struck(NO_FAULTS, what, each) for each in HASHES)
    assert all(struck(FaultPlan(**{f"{what}_micro": 1_000_000}), what, each) for each in HASHES)
    third = sum(struck(FaultPlan(**{f"{what}_micro": 300_000}), what, each) for each in HASHES)
    assert 500 < third < 700


def test_only_the_orders_hash_and_the_place_of_the_answer_decide():
    one, other = FaultPlan(drop_micro=500_000), FaultPlan(drop_micro=500_000, delay_micro=1, delay_s=7)
    assert [one.drops(each, 3) for each in HASHES] == [other.drops(each, 3) for each in HASHES]
    assert [one.drops(each, 3) for each in HASHES] != [one.drops(each, 4) for each in HASHES]


def test_a_greater_share_strikes_the_same_orders_and_more():
    less, more = FaultPlan(drop_micro=100_000), FaultPlan(drop_micro=400_000)
    assert all(more.drops(each, 0) for each in HASHES if less.drops(each, 0))


def test_the_kinds_of_faults_are_drawn_apart():
    plan = FaultPlan(drop_micro=500_000, delay_micro=500_000, repeat_micro=500_000, fail_micro=500_000)
    patterns = {what: tuple(struck(plan, what, each) for each in HASHES) for what in SHARES}
    assert len(set(patterns.values())) == len(SHARES)
