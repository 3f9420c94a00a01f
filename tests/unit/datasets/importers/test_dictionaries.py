"""Dictionaries of an import: markets, tokens and codes, by the first source that tells."""

import polars as pl

from tests.unit.datasets.tiny import cid
from whaletrader.datasets.importers.dictionaries import build_markets, build_tokens, code_dictionary, code_ids
from whaletrader.datasets.importers.staging import STAGED
from whaletrader.datasets.schema import NO_ID

PRINTS = pl.DataFrame(schema={"condition_id": pl.String, "ts": pl.Int64, "price_micro": pl.Int64})


def staged(name, *rows):
    return pl.DataFrame([{**dict.fromkeys(STAGED[name]), **row} for row in rows], schema=STAGED[name])


def markets_of(*frames, mentioned=()):
    return build_markets(list(frames), [pl.Series(list(mentioned), dtype=pl.String)], PRINTS, 10**18)


def tokens_of(markets, *rows, orphans=()):
    return build_tokens([staged("tokens", *rows)], markets, [pl.Series(list(orphans), dtype=pl.String)])


def named(market, token_id, outcome=0, label=None):
    return {"token_id": token_id, "condition_id": cid(market), "outcome_index": outcome, "outcome": label}


def test_the_first_source_that_tells_is_believed():
    one = staged("markets", {"condition_id": cid(1), "slug": "one"})
    other = staged("markets", {"condition_id": cid(1), "slug": "two", "question": "Will it?"})
    row = markets_of(one, other).row(0, named=True)
    assert (row["slug"], row["question"]) == ("one", "Will it?")


def test_mentioned_markets_are_there_in_order():
    frame = markets_of(staged("markets", {"condition_id": cid(2)}), mentioned=[cid(3), cid(1), cid(2)])
    assert frame["condition_id"].to_list() == [cid(1), cid(2), cid(3)]
    assert frame["market"].to_list() == [0, 1, 2]


def test_every_market_has_two_tokens_named_or_not():
    markets = markets_of(staged("markets", {"condition_id": cid(1)}))
    table, _ = tokens_of(markets, named(1, "7", 1, "No"))
    assert table.select("token", "token_id", "outcome").rows() == [(0, f"{cid(1)}:0", ""), (1, "7", "No")]


def test_two_facts_that_contradict_are_counted_and_the_first_is_kept():
    markets = markets_of(staged("markets", {"condition_id": cid(1)}, {"condition_id": cid(2)}))
    table, contradictions = tokens_of(markets, named(1, "7"), named(2, "7"), named(1, "7"))
    assert contradictions == 1
    assert table.filter(token_id="7")["market"].to_list() == [0]


def test_a_second_token_of_an_outcome_is_a_contradiction():
    markets = markets_of(staged("markets", {"condition_id": cid(1)}))
    table, contradictions = tokens_of(markets, named(1, "7"), named(1, "8"))
    assert (contradictions, table["token_id"].to_list()) == (1, ["7", f"{cid(1)}:1"])


def test_outcomes_other_than_two_are_left_out():
    markets = markets_of(staged("markets", {"condition_id": cid(1)}))
    table, _ = tokens_of(markets, named(1, "7", 2))
    assert table["token_id"].to_list() == [f"{cid(1)}:0", f"{cid(1)}:1"]


def test_tokens_of_no_market_come_last_in_order():
    markets = markets_of(staged("markets", {"condition_id": cid(1)}))
    table, _ = tokens_of(markets, named(1, "7"), orphans=["9", "8", "7"])
    assert table.select("token_id", "market").rows()[2:] == [("8", NO_ID), ("9", NO_ID)]


def test_codes_are_row_numbers_of_sorted_texts():
    table = code_dictionary([pl.Series(["b", "a", None]), pl.Series(["c", "a"])], "wallet", "address")
    assert table.rows() == [(0, "a"), (1, "b"), (2, "c")]


def coded(**row):
    markets = markets_of(staged("markets", {"condition_id": cid(1)}, {"condition_id": cid(2)}))
    tokens, _ = tokens_of(markets, named(1, "10", 0), named(1, "11", 1), named(2, "20", 0))
    blank = {"token_id": None, "condition_id": None, "outcome_index": None}
    types = {"token_id": pl.String, "condition_id": pl.String, "outcome_index": pl.Int8}
    frame = pl.DataFrame([{**blank, **row}], schema=types)
    frame = frame.with_columns(outcome_lacked=pl.col("outcome_index").is_null())
    return code_ids(frame, markets, tokens).row(0, named=True)


def test_a_token_alone_tells_market_and_outcome():
    row = coded(token_id="11")
    assert (row["market"], row["token"], row["outcome_index"]) == (0, 1, 1)
    assert (row["mended_market"], row["mended_outcome"], row["mended_token"]) == (True, True, False)


def test_market_and_outcome_tell_the_token():
    row = coded(condition_id=cid(2), outcome_index=1)
    assert (row["market"], row["token"], row["mended_token"]) == (1, 3, True)


def test_an_unknown_token_of_a_known_outcome_is_that_outcomes():
    row = coded(condition_id=cid(2), outcome_index=0, token_id="99")
    assert (row["token"], row["mended_token"]) == (2, False)


def test_what_contradicts_is_marked_and_the_token_believed():
    row = coded(token_id="10", condition_id=cid(2), outcome_index=0)
    assert (row["market"], row["token"], row["token_contradicts"]) == (0, 0, True)
    assert coded(token_id="10", condition_id=cid(1), outcome_index=1)["token_contradicts"]
    assert not coded(token_id="10", condition_id=cid(1), outcome_index=0)["token_contradicts"]


def test_nothing_known_is_nothing():
    row = coded()
    assert (row["market"], row["token"]) == (None, None)
