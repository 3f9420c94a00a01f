"""The roadmap's map names only files and tests that exist, and says "not yet" where there are none."""

import re

import pytest

from tests.tidy import tree

MAP = "docs/roadmap-map.md"
NAMED = re.compile(r"`([\w./-]+\.\w+)(?:::(\w+))?`")


def rows():
    """The table's rows as (line, where, test), without headings and groups."""
    cells = [line.strip("|").split(" | ") for line in tree.text(MAP).splitlines() if line.startswith("| ")]
    kept = [[cell.strip() for cell in row] for row in cells if len(row) == 3]
    return [row for row in kept if row[0] != "roadmap line" and row[1]]


def missing(cell):
    """The files and tests that a cell names and the tree does not hold."""
    wrong = []
    for path, test in NAMED.findall(cell):
        if not (tree.ROOT / path).exists():
            wrong.append(path)
        elif test and f"def {test}(" not in tree.text(path):
            wrong.append(f"{path}::{test}")
    return wrong


def test_the_map_has_a_row_for_every_line_of_the_roadmap():
    assert len(rows()) == 301


def test_every_file_and_test_that_is_named_exists():
    assert [wrong for _, where, test in rows() for wrong in missing(where) + missing(test)] == []


def test_a_line_is_either_carried_by_a_file_and_a_test_or_not_yet():
    for line, where, test in rows():
        carried = bool(NAMED.findall(where)) and bool(NAMED.findall(test))
        assert carried or (where, test) == ("not yet", "–"), line


def test_the_stated_count_is_the_number_of_carried_lines():
    carried = sum(where != "not yet" for _, where, _ in rows())
    assert f"{carried} of {len(rows())} lines are carried so far." in tree.text(MAP)


@pytest.mark.parametrize("cell", ["`src/whaletrader/no_such_file.py`", "`tests/tidy/test_tidy.py::test_no_such`"])
def test_a_name_that_does_not_exist_is_found(cell):
    assert missing(cell)


def test_a_name_that_exists_is_accepted():
    assert missing("`tests/tidy/test_roadmap_map.py::test_a_name_that_exists_is_accepted`") == []
