"""Every mistake that others made has a test that would show it here, or says that the thing is not built yet."""

import re

import pytest

from tests.tidy import tree
from tests.tidy.test_roadmap_map import NAMED, missing

PAGE = "docs/scars.md"
SECTIONS = {"Venue and copying": 20, "Statistics": 12, "Agents and operations": 8}
SECRETS = re.compile("-----BEGIN [A-Z ]*PRIVATE " + "KEY" + "-----" + "|local" + "Storage|session" + "Storage")


def rows(section):
    """The rows of a section as (scar, shown by, not yet)."""
    text = tree.text(PAGE).split(f"## {section}\n")[1].split("\n## ")[0]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines() if line[:2] == "| "]
    return cells[1:]


@pytest.mark.parametrize(("section", "count"), SECTIONS.items())
def test_every_scar_has_a_row_of_three_cells(section, count):
    found = rows(section)
    assert len(found) == count
    assert {len(row) for row in found} == {3}


@pytest.mark.parametrize("section", SECTIONS)
def test_every_test_that_a_scar_names_exists(section):
    assert [wrong for _, shown, _ in rows(section) for wrong in missing(shown)] == []


@pytest.mark.parametrize("section", SECTIONS)
def test_a_scar_is_shown_by_named_tests_or_says_what_is_not_yet(section):
    for scar, shown, not_yet in rows(section):
        tests = [test for _, test in NAMED.findall(shown)]
        assert all(tests), f"{scar}: a file alone shows nothing"
        assert tests or (shown, not_yet != "–") == ("–", True), scar


def test_no_file_of_the_project_holds_a_private_key_or_keeps_one_in_a_browser():
    files = tree.text_files()
    assert files
    assert [name for name in files if SECRETS.search(tree.text(name))] == []
