"""What a market is about: the venue's own words first, then patterns of the slug, else nothing is claimed."""

import polars as pl
import pytest

from whaletrader.datasets.categories import CATEGORIES, categorise

_COLUMNS = ("category", "fee_type", "sports_market_type", "tags", "slug", "event_slug", "question")


def found(**given):
    frame = pl.DataFrame({name: [given.get(name)] for name in _COLUMNS}, schema=dict.fromkeys(_COLUMNS, pl.String))
    return categorise(frame.lazy()).collect().select("category_found", "category_basis").row(0)


@pytest.mark.parametrize(
    ("slug", "category"),
    [
        ("btc-updown-15m-1767619800", "crypto"),
        ("ethereum-above-1800-on-march-14", "crypto"),
        ("nba-phx-okc-2026-04-19", "sports"),
        ("lol-t1-gen-2026-05-16", "sports"),
        ("epl-ars-che-2026-04-19-ars", "sports"),
        ("highest-temperature-in-nyc-on-april-6-2026", "weather"),
        ("spx-up-or-down-on-may-4-2026", "finance"),
        ("fed-decision-in-april", "economics"),
        ("elon-musk-of-tweets-april-3-april-10", "culture"),
        ("eurovision-winner-2026", "culture"),
        ("gpt-5pt6-released-by-june", "tech"),
        ("democratic-presidential-nominee-2028", "politics"),
        ("us-x-iran-ceasefire-by-april-7", "geopolitics"),
        ("will-china-invade-taiwan-before-2027", "geopolitics"),
        ("will-trump-say-iran-during-events-with-xi-jinping", "mentions"),
        ("what-will-trump-say-during-remarks", "mentions"),
    ],
)
def test_a_slug_tells_the_category(slug, category):
    assert found(slug=slug) == (category, "slug")


def test_the_event_slug_tells_as_well():
    assert found(event_slug="nba-phx-okc-2026-04-19", slug="phx-wins") == ("sports", "slug")


def test_without_a_slug_the_question_is_read():
    assert found(question="Will Bitcoin reach $200k?") == ("crypto", "slug")


@pytest.mark.parametrize(
    ("given", "category"),
    [
        ({"fee_type": "crypto_15_min"}, "crypto"),
        ({"fee_type": "sports_fees"}, "sports"),
        ({"sports_market_type": "spreads"}, "sports"),
        ({"category": "NBA Playoffs"}, "sports"),
        ({"category": "Crypto"}, "crypto"),
        ({"category": "US-current-affairs"}, "politics"),
        ({"tags": "2025-predictions|geopolitics|politics"}, "geopolitics"),
        ({"tags": "pop-culture|music"}, "culture"),
        ({"tags": "mention-markets"}, "mentions"),
    ],
)
def test_the_venues_own_words_are_declared(given, category):
    assert found(**given) == (category, "declared")


def test_what_is_declared_outweighs_the_slug():
    assert found(fee_type="crypto_fees", slug="nba-phx-okc-2026-04-19")[0] == "crypto"


def test_a_tag_is_a_whole_word():
    assert found(tags="technicality|artisan") == ("other", "none")


def test_nothing_known_is_claimed_as_nothing():
    assert found() == ("other", "none")
    assert found(slug="zz-yy-xx") == ("other", "none")


def test_every_category_is_one_of_the_list():
    slugs = [
        "btc-1",
        "nba-1",
        "x-election",
        "spx-1",
        "gdp-1",
        "oscar-1",
        "rainfall-1",
        "openai-1",
        "x-mention",
        "iran-1",
        "",
    ]
    assert {found(slug=slug)[0] for slug in slugs} == set(CATEGORIES)
