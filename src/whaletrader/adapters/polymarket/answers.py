"""What the venue's answer to an order means: taken, refused, an outcome without a fill, not taken now, or unknown.

The venue has almost no error codes: status and words are all there is (FACTS 1.7). What is not recognised among the
400s is a refusal; what is not recognised among the rest leaves the outcome unknown.
"""

from enum import StrEnum

import msgspec


class Meaning(StrEnum):
    """What is known of an order after an answer."""

    TAKEN = "TAKEN"
    """The venue has it."""
    REFUSED = "REFUSED"
    """It never lived and never will."""
    NO_FILL = "NO_FILL"
    """An immediate order that found nothing: it is over, an outcome and no fault."""
    NOT_NOW = "NOT_NOW"
    """It was not taken; the same bytes may be sent later."""
    UNKNOWN = "UNKNOWN"
    """Only asking tells."""


class Verdict(msgspec.Struct, frozen=True):
    """A meaning, and the reason in one word."""

    meaning: Meaning
    reason: str = ""


_WORDS: tuple[tuple[str, Meaning, str], ...] = (
    ("duplicated", Meaning.TAKEN, "DUPLICATED"),
    ("fok orders are fully filled or killed", Meaning.NO_FILL, "FOK_NOT_FILLED"),
    ("no orders found to match with fak", Meaning.NO_FILL, "FAK_NOT_FILLED"),
    ("match delayed", Meaning.UNKNOWN, "MATCH_DELAYED"),
    ("breaks minimum tick size", Meaning.REFUSED, "BREAKS_TICK_SIZE"),
    ("lower than the minimum", Meaning.REFUSED, "SIZE_BELOW_MINIMUM"),
    ("invalid amount for a marketable", Meaning.REFUSED, "NOTIONAL_BELOW_MINIMUM"),
    ("invalid amounts", Meaning.REFUSED, "INVALID_AMOUNTS"),
    ("not enough balance", Meaning.REFUSED, "NOT_ENOUGH_BALANCE_OR_ALLOWANCE"),
    ("invalid expiration", Meaning.REFUSED, "INVALID_EXPIRATION"),
    ("crosses book", Meaning.REFUSED, "POST_ONLY_WOULD_CROSS"),
    ("not yet ready to process", Meaning.REFUSED, "MARKET_NOT_READY"),
    ("address banned", Meaning.REFUSED, "ADDRESS_BANNED"),
    ("in closed only mode", Meaning.REFUSED, "CLOSED_ONLY"),
    ("maker address not allowed", Meaning.REFUSED, "MAKER_NOT_ALLOWED"),
    ("order owner has to be", Meaning.REFUSED, "WRONG_OWNER"),
    ("signer address has to be", Meaning.REFUSED, "WRONG_SIGNER"),
    ("order_version_mismatch", Meaning.REFUSED, "ORDER_VERSION_MISMATCH"),
    ("canceled in the ctf exchange", Meaning.REFUSED, "CANCELLED_ON_CHAIN"),
    ("invalid signature", Meaning.REFUSED, "INVALID_SIGNATURE"),
    ("invalid order payload", Meaning.REFUSED, "INVALID_PAYLOAD"),
    ("too many orders", Meaning.REFUSED, "TOO_MANY_ORDERS"),
    ("post-only mode", Meaning.NOT_NOW, "POST_ONLY_MODE"),
    ("cancel-only", Meaning.NOT_NOW, "CANCEL_ONLY"),
    ("trading is currently disabled", Meaning.NOT_NOW, "TRADING_DISABLED"),
)
_NOT_TAKEN = {425: "RESTARTING", 429: "TOO_MANY_REQUESTS", 503: "UNAVAILABLE"}
"""Statuses by which the venue says that it did not look at the order."""


def verdict_of(status: int, words: str) -> Verdict:
    """Return what an error answer to an order means.

    Parameters
    ----------
    status : int
        HTTP status; 400 for the error text of one order within a batch, 0 where nobody answered.
    words : str
        The venue's own words.
    """
    said = words.lower()
    found = next((Verdict(meaning, reason) for needle, meaning, reason in _WORDS if needle in said), None)
    if status == 400:
        return found or Verdict(Meaning.REFUSED, "REFUSED")
    if status in _NOT_TAKEN:
        return found if found and found.meaning is Meaning.NOT_NOW else Verdict(Meaning.NOT_NOW, _NOT_TAKEN[status])
    if status in (401, 403):
        return Verdict(Meaning.REFUSED, "UNAUTHORIZED" if status == 401 else "FORBIDDEN")
    if status in (404, 413, 422):
        return Verdict(Meaning.REFUSED, "MARKET_NOT_FOUND" if status == 404 else "INVALID_PAYLOAD")
    return Verdict(Meaning.UNKNOWN, f"STATUS_{status}" if status else "NO_ANSWER")


def verdict_of_answer(*, success: bool, status: str, error: str, order_type: str) -> Verdict:
    """Return what an answer of status 200 (or one of a batch) means; `success` and the error text are both looked at.

    Parameters
    ----------
    success, status, error
        `success`, `status` and `errorMsg` of the answer.
    order_type : str
        GTC, GTD, FOK or FAK.
    """
    if error:
        return verdict_of(400, error)
    if not success:
        return Verdict(Meaning.UNKNOWN, "NO_REASON")
    if status == "unmatched" and order_type in ("FOK", "FAK"):
        return Verdict(Meaning.NO_FILL, "UNMATCHED")
    return Verdict(Meaning.TAKEN, status.upper())
