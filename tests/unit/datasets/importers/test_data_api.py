"""Import of Data-API answers: any form of file, rows counted by fate, and one copy of what two answers tell."""

import gzip
import json

import pytest

from tests.unit.datasets.decode.test_data_api import POSITION, REDEEM, TRADE
from tests.unit.datasets.tiny import cid, market_row, token, trade_row, wallet, write_bundle
from whaletrader.datasets.importers.run import import_any, import_bundle, import_data_api
from whaletrader.domain.values import TapeRole
from whaletrader.errors import SchemaError


def answer(folder, name, rows):
    folder.mkdir(parents=True, exist_ok=True)
    text = "\n".join(json.dumps(row) for row in rows) if "jsonl" in name else json.dumps(rows)
    raw = gzip.compress(text.encode(), mtime=0) if name.endswith(".gz") else text.encode()
    (folder / name).write_bytes(raw)
    return folder


def entries(dataset):
    return {entry.name: entry for entry in dataset.manifest.sources}


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.json.gz", "a.jsonl.gz"])
def test_every_form_of_file_gives_the_same_rows(tmp_path, name):
    dataset = import_any(answer(tmp_path / "in", name, [TRADE]) / name, tmp_path / "d").dataset
    fill = dataset.table("trades").row(0, named=True)
    assert (fill["price_micro"], fill["role"], fill["outcome_index"]) == (968_535, TapeRole.UNKNOWN, 1)
    assert dataset.table("tokens")["token_id"].to_list() == [f"{cid(1)}:0", token(1, 1)]


def test_kinds_may_be_mixed(tmp_path):
    folder = answer(tmp_path / "in", "all.json", [TRADE, REDEEM, POSITION])
    dataset = import_data_api(folder, tmp_path / "d").dataset
    assert [dataset.table(name).height for name in ("trades", "activity", "positions")] == [1, 1, 1]
    assert set(entries(dataset)) == {"trades:all.json", "activity:all.json", "positions:all.json"}


def test_a_position_teaches_both_tokens_and_the_market(tmp_path):
    dataset = import_data_api(answer(tmp_path / "in", "p.json", [POSITION]), tmp_path / "d").dataset
    assert dataset.table("tokens")["token_id"].to_list() == [token(1, 0), token(1, 1)]
    market = dataset.table("markets").row(0, named=True)
    assert (market["neg_risk"], market["resolved"], market["end_ts"]) == (True, False, 1_783_728_000 * 10**9)
    assert dataset.table("positions")["first_seen_ts"].to_list() == [None]


def test_combinations_are_counted_and_left_out(tmp_path):
    rows = [TRADE, TRADE | {"conditionId": "0x" + "c" * 62}]
    dataset = import_data_api(answer(tmp_path / "in", "t.json", rows), tmp_path / "d").dataset
    assert entries(dataset)["trades:t.json"].dropped == {"combination_trade": 1}
    reject = dataset.table("rejects").row(0, named=True)
    assert reject["source_row"] == 1
    assert json.loads(reject["row"])["conditionId"] == "0x" + "c" * 62


def test_exact_duplicates_of_one_answer_have_a_rank(tmp_path):
    folder = answer(tmp_path / "in", "t.json", [TRADE, TRADE, TRADE | {"size": 1}])
    dataset = import_data_api(folder, tmp_path / "d").dataset
    assert sorted(dataset.table("trades")["dup_rank"].to_list()) == [0, 0, 1]
    assert entries(dataset)["trades:t.json"].doubted == {"exact_duplicate": 1}


def test_a_fill_that_two_answers_tell_is_one_and_a_copy(tmp_path):
    folder = answer(tmp_path / "in", "a.json", [TRADE])
    answer(folder, "b.json", [TRADE | {"type": "TRADE"}, TRADE | {"size": 5}])
    dataset = import_data_api(folder, tmp_path / "d").dataset
    first = dataset.table("trades").filter(dup_rank=0)
    assert dataset.table("trades").height == 3
    assert sorted(first["size_micro"].to_list()) == [5_000_000, 30_974_624_038]


def test_two_answers_with_the_same_copies_number_them_all(tmp_path):
    folder = answer(tmp_path / "in", "a.json", [TRADE, TRADE])
    answer(folder, "b.json", [TRADE | {"type": "TRADE"}] * 2)
    ranks = import_data_api(folder, tmp_path / "d").dataset.table("trades")["dup_rank"].to_list()
    assert sorted(ranks) == [0, 1, 2, 3]


def test_the_same_answer_under_two_names_is_one(tmp_path):
    folder = answer(tmp_path / "in", "a.json", [TRADE])
    answer(folder, "b.json", [TRADE])
    assert import_data_api(folder, tmp_path / "d").dataset.table("trades").height == 1


def test_activity_that_two_answers_tell_counts_once(tmp_path):
    folder = answer(tmp_path / "in", "a.json", [REDEEM, REDEEM])
    answer(folder, "b.json", [REDEEM, REDEEM | {"size": 4}])
    dataset = import_data_api(folder, tmp_path / "d").dataset
    assert dataset.table("activity").height == 3
    told = [entry.dropped.get("told_by_another_source", 0) for entry in dataset.manifest.sources]
    assert sum(told) == 1


def test_answers_can_be_added_to_a_bundle(tmp_path):
    bundle = write_bundle(tmp_path / "bundle", [market_row(1, slug="known")], [trade_row(1, 1)])
    import_bundle(bundle, tmp_path / "d")
    added = import_data_api(answer(tmp_path / "in", "t.json", [TRADE]), tmp_path / "d")
    assert added.dataset.table("trades").height == 2
    assert added.dataset.table("markets")["slug"].to_list() == ["known"]
    assert added.dataset.manifest.name == "bundle"
    assert import_bundle(bundle, tmp_path / "d").nothing_to_do
    assert import_data_api(tmp_path / "in", tmp_path / "d").nothing_to_do


def test_the_order_of_imports_does_not_matter_but_for_the_name(tmp_path):
    bundle = write_bundle(tmp_path / "same", [market_row(1)], [trade_row(1, 1)])
    answers = answer(tmp_path / "in" / "same", "t.json", [TRADE])
    import_bundle(bundle, tmp_path / "a")
    one = import_data_api(answers, tmp_path / "a").dataset
    import_data_api(answers, tmp_path / "b")
    other = import_bundle(bundle, tmp_path / "b").dataset
    assert one.fingerprint == other.fingerprint


def test_wallets_of_answers_are_truncated(tmp_path):
    dataset = import_data_api(answer(tmp_path / "in", "t.json", [TRADE]), tmp_path / "d").dataset
    assert dataset.table("wallets").rows() == [(0, wallet(1), True, "sample_source")]


def test_an_answer_of_another_kind_is_refused(tmp_path):
    rows = [{"rank": "1", "proxyWallet": wallet(1), "userName": "x", "vol": 1}]
    with pytest.raises(SchemaError, match="is no answer of /trades, /activity or /positions"):
        import_data_api(answer(tmp_path / "in", "leaderboard.json", rows), tmp_path / "d")


@pytest.mark.parametrize("raw", [b"nonsense", b"\xff\xfe\x00", b'[{"proxyWallet": 1'])
def test_a_file_that_is_no_json_is_refused(tmp_path, raw):
    (tmp_path / "x.json").write_bytes(raw)
    with pytest.raises(SchemaError, match=r"x\.json is no answer of the Data API"):
        import_data_api(tmp_path / "x.json", tmp_path / "d")


def test_a_cut_gzip_file_is_refused(tmp_path):
    (tmp_path / "x.json.gz").write_bytes(gzip.compress(json.dumps([TRADE]).encode())[:-9])
    with pytest.raises(SchemaError, match="is no whole gzip file"):
        import_data_api(tmp_path / "x.json.gz", tmp_path / "d")


def test_a_folder_without_answers_is_refused(tmp_path):
    (tmp_path / "in").mkdir()
    with pytest.raises(SchemaError, match=r"has no \.json or \.jsonl file"):
        import_data_api(tmp_path / "in", tmp_path / "d")
