"""Every error text that the venue documents has one meaning and one reason, whatever ids and figures stand in it."""

import pytest

from whaletrader.adapters.polymarket.answers import _WORDS, Meaning, Verdict, verdict_of, verdict_of_answer

A, H = "0x" + "ab" * 20, "0x" + "cd" * 32
REFUSED, NOT_NOW, NO_FILL = Meaning.REFUSED, Meaning.NOT_NOW, Meaning.NO_FILL
DOCUMENTED = [
    ("Invalid order payload", REFUSED, "INVALID_PAYLOAD"),
    ("the order owner has to be the owner of the API KEY", REFUSED, "WRONG_OWNER"),
    ("the order signer address has to be the address of the API KEY", REFUSED, "WRONG_SIGNER"),
    ("maker address not allowed, please use the deposit wallet flow", REFUSED, "MAKER_NOT_ALLOWED"),
    (f"'{A}' address banned", REFUSED, "ADDRESS_BANNED"),
    (f"'{A}' address in closed only mode", REFUSED, "CLOSED_ONLY"),
    (f"order {H} is invalid. Price (0.123) breaks minimum tick size rule: 0.01", REFUSED, "BREAKS_TICK_SIZE"),
    (f"order {H} is invalid. Size (2) lower than the minimum: 5", REFUSED, "SIZE_BELOW_MINIMUM"),
    (f"order {H} is invalid. Duplicated.", Meaning.TAKEN, "DUPLICATED"),
    ("invalid post-only order: order crosses book", REFUSED, "POST_ONLY_WOULD_CROSS"),
    ("not enough balance / allowance: the balance is not enough", REFUSED, "NOT_ENOUGH_BALANCE_OR_ALLOWANCE"),
    ("invalid expiration", REFUSED, "INVALID_EXPIRATION"),
    ("order canceled in the CTF exchange contract", REFUSED, "CANCELLED_ON_CHAIN"),
    ("order match delayed due to market conditions", Meaning.UNKNOWN, "MATCH_DELAYED"),
    ("order couldn't be fully filled. FOK orders are fully filled or killed.", NO_FILL, "FOK_NOT_FILLED"),
    ("no orders found to match with FAK order. FAK orders are partially filled or killed", NO_FILL, "FAK_NOT_FILLED"),
    ("the market is not yet ready to process new orders", REFUSED, "MARKET_NOT_READY"),
    ("Too many orders in payload: 16, max allowed: 15", REFUSED, "TOO_MANY_ORDERS"),
    ("invalid amount for a marketable BUY order ($0.9975), min size: $1", REFUSED, "NOTIONAL_BELOW_MINIMUM"),
    ("invalid amounts, the buy orders maker amount supports a max accuracy of 4 decimals", REFUSED, "INVALID_AMOUNTS"),
    ("order_version_mismatch", REFUSED, "ORDER_VERSION_MISMATCH"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "meaning", "reason"), DOCUMENTED)
def test_a_documented_refusal_has_its_meaning_alone_or_in_a_batch(words, meaning, reason):
    assert verdict_of(400, words) == verdict_of(400, words.upper()) == Verdict(meaning, reason)
    told = verdict_of_answer(success=True, status="live", error=words, order_type="GTC")
    assert told == Verdict(meaning, reason)
    assert verdict_of_answer(success=False, status="", error=words, order_type="FAK") == told


@pytest.mark.parametrize(
    ("words", "reason"),
    [("Trading is currently disabled. Check polymarket.com for updates", "TRADING_DISABLED"),
     ("Trading is currently cancel-only. New orders are not accepted", "CANCEL_ONLY"),
     ("post-only mode: only post-only orders are accepted", "POST_ONLY_MODE"), ("", "UNAVAILABLE")],
)  # fmt: skip
def test_a_closed_window_is_no_refusal_for_good(words, reason):
    assert verdict_of(503, words) == Verdict(NOT_NOW, reason)


def test_the_window_after_a_restart_named_inside_an_answer_of_200_is_waited_out_too():
    told = verdict_of_answer(success=True, status="", error="post-only mode is on", order_type="GTC")
    assert told == Verdict(NOT_NOW, "POST_ONLY_MODE")


@pytest.mark.parametrize(
    "words", ["there are no matching orders", "the trade contains rounding issues",
              "the price of the taker's order has a discrepancy greater than allowed with the worst maker order",
              "not enough balance / allowance", "no orders found to match with FAK order"],
)  # fmt: skip
def test_a_fault_of_the_server_proves_nothing_whatever_its_words(words):
    assert verdict_of(500, words).meaning is Meaning.UNKNOWN
    assert verdict_of(0, words).meaning is Meaning.UNKNOWN


@pytest.mark.parametrize("status", [425, 429])
def test_an_order_that_was_not_looked_at_may_be_sent_again_whatever_the_words(status):
    assert verdict_of(status, "not enough balance / allowance").meaning is NOT_NOW


def test_every_reason_is_one_word_and_every_text_that_is_looked_for_is_lower_case():
    assert all(needle == needle.lower() for needle, _, _ in _WORDS)
    assert all(reason.replace("_", "").isalnum() and reason.isupper() for _, _, reason in _WORDS)
    assert len({reason for _, _, reason in _WORDS}) == len(_WORDS)


@pytest.mark.parametrize("kind", ["GTC", "GTD", "FOK", "FAK"])
def test_only_an_immediate_order_is_over_when_it_is_unmatched(kind):
    told = verdict_of_answer(success=True, status="unmatched", error="", order_type=kind)
    assert told.meaning is (NO_FILL if kind in ("FOK", "FAK") else Meaning.TAKEN)
