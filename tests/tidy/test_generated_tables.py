"""The tables of settings and of canonical columns say what the code says; each setting and column has its own row."""

from scripts import generate_docs, generate_tables
from tests.tidy import tree
from whaletrader.app.settings import load_settings
from whaletrader.datasets import schema


def cells(row):
    return [cell.strip() for cell in row.strip("|").split(" | ")]


def settings_rows():
    return [cells(row) for row in generate_tables.settings_table()[2:]]


def test_the_tables_in_the_documents_are_current():
    written = generate_docs.documents()
    for name in ("operating.md", "data.md"):
        assert tree.text(f"docs/{name}") == written[name], "run: python scripts/generate_docs.py"


def test_the_settings_are_those_that_config_show_lists_with_their_defaults(tmp_path):
    shown = load_settings(tmp_path, environment={}).values
    assert [(row[0], row[1]) for row in settings_rows()] == [(f"`{value.name}`", value.value) for value in shown]


def test_every_setting_says_what_it_means_and_what_is_allowed():
    for name, _, allowed, meaning in settings_rows():
        assert allowed, name
        assert meaning.endswith("."), name


def test_no_meaning_is_told_of_a_setting_that_is_not_there():
    names = {row[0].strip("`") for row in settings_rows()}
    assert set(generate_tables.MEANINGS) <= names


def test_a_bound_is_told_as_the_loader_enforces_it():
    row = next(row for row in settings_rows() if row[0] == "`limits.per_trade`")
    assert row[1:3] == ["0.02", "≥ 0, ≤ 1"]


def test_every_canonical_column_has_a_row_with_its_type():
    told = generate_tables.canonical_tables()
    assert [line.strip("# `") for line in told if line.startswith("### ")] == list(schema.TABLES)
    rows = [cells(line)[:2] for line in told if line.startswith("| `")]
    columns = [[f"`{name}`", str(kind)] for table in schema.TABLES.values() for name, kind in table.items()]
    assert rows == columns


def test_a_comment_beside_a_column_is_told_with_it():
    told = generate_tables.canonical_tables()
    assert "| `dup_rank` | UInt16 | 0 for the first of exactly equal source rows, then 1, 2, … |" in told


def test_what_stands_around_a_generated_table_is_left_alone():
    text = tree.text("docs/operating.md")
    assert generate_docs.with_table("operating.md", "settings", ["| none |"]).count("## Kill and resume") == 1
    assert generate_docs.with_table("operating.md", "settings", generate_tables.settings_table()) == text
