"""The page of messages says what the declarations say, and who publishes is one who exists."""

from scripts import generate_docs
from tests.tidy import tree
from whaletrader.messages.catalogue import CATALOGUE
from whaletrader.messages.envelope import Publisher

READERS = generate_docs.readers_by_message()
AGENTS = {name for names in READERS.values() for name in names}


def test_the_page_of_messages_is_current():
    assert tree.text("docs/messages.md") == generate_docs.render_messages(), "run: python scripts/generate_docs.py"


def test_every_message_is_on_the_page_once():
    rows = [line for line in tree.text("docs/messages.md").splitlines() if line.startswith("| `")]
    assert sorted(row.split("`")[1] for row in rows) == sorted(CATALOGUE)


def test_an_agent_reads_only_messages_that_exist():
    assert set(READERS) <= set(CATALOGUE)


def test_every_agent_that_publishes_is_one_that_reads():
    outside = {Publisher.INGEST, Publisher.RUNTIME, Publisher.OPERATOR, Publisher.ANY_AGENT}
    assert {cls.PUBLISHER for cls in CATALOGUE.values()} - outside == AGENTS


def test_what_an_agent_must_not_miss_has_a_reader():
    for name in ("CopySignal", "TradeProposal", "ApprovedTrade", "OrderReport", "OrderFilled", "UniverseScanned"):
        assert READERS.get(name), f"nobody reads {name}"
