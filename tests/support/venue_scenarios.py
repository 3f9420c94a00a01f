"""What every client of the venue must be able to do: the names that the gateway and the official clients share.

Each end-to-end test of a client against the local exchange is named after one of these; `missing` says which names a
test module lacks.
"""

from collections.abc import Iterable
from types import ModuleType

SCENARIOS = (
    "derive_keys",
    "a_second_derivation_gives_the_same_keys",
    "place_a_resting_order",
    "place_a_crossing_order",
    "place_a_batch",
    "a_batch_with_one_bad_order_takes_the_others",
    "the_same_bytes_again_are_one_order",
    "cancel_an_order",
    "cancel_what_is_gone",
    "read_the_book",
    "read_open_orders",
    "read_trades",
    "read_balances",
    "user_channel_tells_placement_trade_and_cancel",
    "a_trade_is_matched_mined_and_confirmed",
    "fill_or_kill_without_enough_is_an_outcome",
    "fill_and_kill_without_any_is_an_outcome",
    "a_post_only_order_that_crosses_is_refused",
    "a_wrong_tick_is_refused",
    "a_size_below_the_minimum_is_refused",
    "more_than_the_balance_is_refused",
    "a_signature_for_the_wrong_exchange_is_refused",
)
GATEWAY_ONLY = (
    "an_answer_that_was_lost_is_found_by_asking",
    "a_restart_of_the_venue_is_waited_for",
    "a_failed_settlement_voids_the_fill",
    "a_delayed_order_ends_like_any_other",
    "a_resolved_position_is_redeemed_once",
    "pairs_are_merged_once",
    "a_market_buy_that_could_bring_too_much_is_not_sent",
    "a_deaf_account_sells_and_buys_nothing",
    "a_refusal_elsewhere_holds_no_cancel_back",
    "a_plain_key_pays_itself_out_once",
    "failed_settlements_are_counted_over_a_restart",
    "a_payment_that_is_refused_says_why",
    "our_ledger_is_compared_with_exchange_and_chain",
)
"""What the official clients leave to their users."""


def missing(module: ModuleType, names: Iterable[str] = SCENARIOS) -> list[str]:
    """Return the scenarios for which a test module has no test."""
    return [name for name in names if not hasattr(module, f"test_{name}")]
