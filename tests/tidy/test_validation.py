"""Every validation's page is in the index, and every page of the index has a validation that writes it."""

import re

from tests.tidy import tree

PAGES = "docs/validation/"
LISTED = re.compile(r"^\| \[[^\]]+\]\(([a-z_]+)\.md\) \| .+ \|$", re.MULTILINE)


def names_of(prefix, suffix):
    found = [name.removeprefix(prefix) for name in tree.tracked() if name.startswith(prefix)]
    return {name.removesuffix(suffix) for name in found if name.endswith(suffix)}


def test_every_page_is_linked_in_the_index():
    pages = names_of(PAGES, ".md") - {"README"}
    assert pages - set(LISTED.findall(tree.text(PAGES + "README.md"))) == set()


def test_the_documents_name_the_index():
    assert "(validation/README.md)" in tree.text("docs/README.md")


def test_a_page_holds_no_date_and_nothing_of_the_machine():
    machine = re.compile(r"\b20\d\d-\d\d-\d\d\b|/(tmp|home|root|work)/")
    for name in tree.tracked():
        if name.startswith(PAGES) and not name.endswith("README.md"):
            assert machine.findall(tree.text(name)) == [], name


def test_every_validation_can_be_run_by_name():
    for name in names_of("benchmarks/validate_", ".py"):
        assert "def main() -> None:" in tree.text(f"benchmarks/validate_{name}.py"), name
