"""Markets, payouts and pools of archives: JSON or Python's spelling, ids that are none, and only final prices pay."""

import json

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.datasets.importers.archive_markets import pools_of, stage_market_table, stage_payouts
from whaletrader.domain.values import NANOS

CONDITION = "0x" + "c1" * 32
OTHER = "0x" + "d2" * 32
YES, NO = "7" * 70, "8" * 70
POOL = "0x" + "ee" * 20
GAMMA = {
    "conditionId": CONDITION, "question": "Will it?", "slug": "will-it", "clobTokenIds": json.dumps([YES, NO]),
    "outcomes": '["Yes", "No"]', "outcomePrices": '["1", "0"]', "closed": "true", "umaResolutionStatus": "resolved",
}  # fmt: skip
LABEL = st.text(st.sampled_from("abcXYZ '\"-0."), min_size=1, max_size=8).filter(lambda text: text.strip() == text)


def table(folder, *rows, name="x.csv"):
    file = folder / name
    frame = pl.DataFrame(list(rows), infer_schema_length=None)
    frame.write_parquet(file) if name.endswith("parquet") else frame.write_csv(file)
    return file


def market(folder, *rows, **more):
    part = stage_market_table(table(folder, *(rows or (GAMMA | more,))), "ab" * 32)
    return part.tables["markets"].row(0, named=True), part.tables["tokens"].rows(), part.sources[0]


def payout(folder, **more):
    return market(folder, **more)[0]["payout0_micro"]


@settings(max_examples=60, deadline=None)
@given(st.tuples(LABEL, LABEL), st.sampled_from([json.dumps, repr]))
def test_labels_keep_their_outcomes_whichever_quotes_a_spelling_uses(tmp_path_factory, labels, spell):
    # Python quotes a text with an apostrophe in double quotes and its neighbour in single ones.
    _, tokens, _ = market(tmp_path_factory.getbasetemp(), outcomes=spell(list(labels)))
    assert [(outcome, label) for _, _, outcome, label in tokens] == [(0, labels[0]), (1, labels[1])]


def test_an_apostrophe_in_one_label_does_not_swap_the_two(tmp_path):
    _, tokens, _ = market(tmp_path, outcomes="""['Yes', "Don't"]""")
    assert tokens == [(YES, CONDITION, 0, "Yes"), (NO, CONDITION, 1, "Don't")]


def test_lists_of_a_parquet_file_are_taken_as_they_are(tmp_path):
    row = GAMMA | {"clobTokenIds": [YES, NO], "outcomes": ['Say "yes"', "It's no"], "outcomePrices": ["0", "1"]}
    part = stage_market_table(table(tmp_path, row, name="x.parquet"), "ab" * 32)
    assert part.tables["tokens"]["outcome"].to_list() == ['Say "yes"', "It's no"]
    assert part.tables["markets"]["payout0_micro"].to_list() == [0]


@pytest.mark.parametrize(
    ("prices", "paid"),
    [
        ('["1", "0"]', 1_000_000), ("['0', '1']", 0), ("[0.5, 0.5]", 500_000), ('["1.0","0.0"]', 1_000_000),
        ('["0.9995", "0.0005"]', None), ('["1", "1"]', None), ('["0", "0"]', None), ('["1"]', None), ("", None),
        ("[]", None), ('["0.3333", "0.6667"]', None),
    ],
)  # fmt: skip
def test_only_final_prices_of_a_closed_market_are_payouts(tmp_path, prices, paid):
    assert payout(tmp_path, outcomePrices=prices) == paid
    assert payout(tmp_path, outcomePrices=prices, closed="false") is None


@pytest.mark.parametrize("status", ["proposed", "disputed", "challenged"])
def test_a_market_whose_oracle_has_not_decided_pays_nothing_yet(tmp_path, status):
    assert payout(tmp_path, umaResolutionStatus=status) is None


def test_a_market_without_any_word_of_its_oracle_is_believed_by_its_prices(tmp_path):
    assert payout(tmp_path, umaResolutionStatus="") == 1_000_000


def test_ids_that_are_none_are_counted_and_of_two_rows_the_later_counts(tmp_path):
    rows = [GAMMA | {"slug": "old"}, GAMMA | {"conditionId": "0x" + "a" * 62}, GAMMA | {"conditionId": ""}, GAMMA]
    known, tokens, entry = market(tmp_path, *rows)
    assert known["slug"] == "will-it"
    assert len(tokens) == 2
    assert entry.dropped == {"condition_id_malformed": 2, "told_by_a_later_row": 1}
    assert (entry.rows_in, entry.rows_out) == (4, 1)


def test_what_a_row_does_not_say_is_unknown_and_no_default(tmp_path):
    known, _, _ = market(tmp_path, negRisk="maybe", orderMinSize="few", startDate="soon", feesEnabled="")
    names = ("neg_risk", "fees_enabled", "tick_micro", "min_order_micro", "start_ts", "end_ts", "closed_ts", "fee_type")
    assert [known[name] for name in names] == [None] * len(names)


def test_terms_of_a_market_are_in_canonical_units(tmp_path):
    known, _, _ = market(
        tmp_path, negRisk="True", orderPriceMinTickSize="0.0025", orderMinSize="5.0",
        endDate="2026-09-24T14:02:16Z", closedTime="2026-09-24 14:02:16+00", startDate="2026-09-24",
    )  # fmt: skip
    assert (known["neg_risk"], known["tick_micro"], known["min_order_micro"]) == (True, 2_500, 5_000_000)
    assert known["end_ts"] == known["closed_ts"] == 1_790_258_536 * NANOS
    assert known["start_ts"] == 1_790_208_000 * NANOS


def payouts(folder, *told):
    rows = [{"condition_id": condition, "payout_numerators": paid, "timestamp": "100"} for condition, paid in told]
    part = stage_payouts(table(folder, *rows), "ab" * 32)
    found = part.tables["markets"].select("condition_id", "payout0_micro", "exact_ts").rows()
    return found, part.sources[0]


@pytest.mark.parametrize(
    ("numerators", "paid"),
    [("[1, 0]", 1_000_000), ("0,1", 0), ("[1,1]", 500_000), ("[1000000, 3000000]", 250_000), ("[1, 2]", 333_333)],
)
def test_a_payout_is_the_first_outcomes_share_of_all_numerators(tmp_path, numerators, paid):
    assert payouts(tmp_path, (CONDITION, numerators))[0] == [(CONDITION, paid, 100 * NANOS)]


def test_payouts_of_no_market_of_two_outcomes_are_counted(tmp_path):
    told = [(CONDITION, "[1,0,0]"), (CONDITION, "[0,0]"), (CONDITION, ""), (OTHER, "[1,0]")]
    found, entry = payouts(tmp_path, *told)
    assert found == [(OTHER, 1_000_000, 100 * NANOS)]
    assert entry.dropped == {"payout_of_other_than_two_outcomes": 3}


@pytest.mark.parametrize("condition", ["nobody", "0x" + "a" * 62, "c1" * 32])
def test_a_payout_of_what_is_no_condition_makes_no_market(tmp_path, condition):
    found, entry = payouts(tmp_path, (condition, "[1,0]"), (OTHER, "[0,1]"))
    assert found == [(OTHER, 0, 100 * NANOS)]
    assert entry.dropped == {"condition_id_malformed": 1}
    assert (entry.rows_in, entry.rows_out) == (2, 1)


def test_pools_are_known_by_their_addresses_and_name_one_market_each(tmp_path):
    rows = [
        {"id": POOL.upper().replace("X", "x"), "conditions": f'["{CONDITION}", "{OTHER}"]', "collateralToken": "u"},
        {"id": "no pool", "conditions": f'["{OTHER}"]', "collateralToken": "u"},
        {"id": "0x" + "ab" * 20, "conditions": "[]", "collateralToken": "u"},
    ]
    assert pools_of(table(tmp_path, *rows)).rows() == [(POOL, CONDITION)]
    gamma = {"conditionId": OTHER, "marketMakerAddress": POOL, "clobTokenIds": ""}
    assert pools_of(table(tmp_path, gamma)).rows() == [(POOL, OTHER)]
    assert pools_of(table(tmp_path, GAMMA)).rows() == []
