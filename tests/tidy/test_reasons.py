"""Every reason is explained once, and the page of reasons says what the code says."""

import pytest

from scripts import generate_docs
from tests.tidy import tree
from whaletrader.domain import reasons

ENUMS = generate_docs.reason_enums()


def test_all_closed_sets_of_reasons_are_found():
    assert [enum.__name__ for enum in ENUMS] == [
        "SkipReason",
        "DenyReason",
        "BindingLimit",
        "ExecutionReason",
        "DeadLetterReason",
        "PruneReason",
    ]


@pytest.mark.parametrize("enum", ENUMS, ids=lambda enum: enum.__name__)
def test_every_reason_has_an_explanation_that_is_a_sentence_of_its_own(enum):
    sentences = [reasons.EXPLANATIONS[reason] for reason in enum]
    assert all(sentence.endswith(".") and sentence[0].isupper() and "|" not in sentence for sentence in sentences)
    assert len(set(sentences)) == len(sentences)


def test_nothing_is_explained_that_does_not_exist():
    assert len(reasons.EXPLANATIONS) <= sum(len(enum) for enum in ENUMS)
    assert {type(reason) for reason in reasons.EXPLANATIONS} == set(ENUMS)


@pytest.mark.parametrize("enum", ENUMS, ids=lambda enum: enum.__name__)
def test_a_code_is_its_own_name(enum):
    assert all(reason.name == reason.value for reason in enum)


def test_the_page_of_reasons_is_current():
    assert tree.text("docs/reasons.md") == generate_docs.render_reasons(), "run: python scripts/generate_docs.py"
