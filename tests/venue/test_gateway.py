"""The gateway against the local exchange over real sockets: the scenarios that every client of the venue must pass."""

import sys

import pytest
from msgspec.structs import replace

from tests.support import venue_scenarios
from tests.support.venue_desk import Trader, local_exchange
from tests.support.waiting import wait_until
from whaletrader.adapters.paper.server.edge import reply
from whaletrader.adapters.polymarket.reconcile import Ledger
from whaletrader.app.venue_keys import API_KEY_FILE, kept_api_key
from whaletrader.errors import ExchangeError
from whaletrader.ports.exchange import PaymentRefusal


@pytest.fixture(scope="module")
def venue():
    with local_exchange() as exchange:
        yield exchange


@pytest.fixture(scope="module")
def ours(venue, tmp_path_factory):
    trader = Trader(venue, tmp_path_factory.mktemp("ours"), 4_001)
    yield trader
    trader.close()


@pytest.fixture(scope="module")
def theirs(venue, tmp_path_factory):
    trader = Trader(venue, tmp_path_factory.mktemp("theirs"), 4_002)
    yield trader
    trader.close()


@pytest.fixture
def market(venue):
    return venue.market("coin-above-100k")


@pytest.fixture(autouse=True)
def clean_books(request):
    """Leave no resting orders behind."""
    yield
    for name in ("ours", "theirs"):
        if name in request.fixturenames:
            request.getfixturevalue(name).gateway.clob.cancel_all()


def test_every_scenario_has_its_test():
    assert venue_scenarios.missing(sys.modules[__name__]) == []
    assert venue_scenarios.missing(sys.modules[__name__], venue_scenarios.GATEWAY_ONLY) == []


# -- keys --------------------------------------------------------------------------------------------------------------


def test_derive_keys(ours):
    key = kept_api_key(ours.directory, ours.gateway.key.address)
    assert key is not None
    assert key.key in ours.gateway.clob.api_keys()
    assert (ours.directory.keys / API_KEY_FILE).stat().st_mode & 0o077 == 0


def test_a_second_derivation_gives_the_same_keys(ours):
    from whaletrader.adapters.polymarket.secure_clob import obtain_api_key

    known = kept_api_key(ours.directory, ours.gateway.key.address)
    again = obtain_api_key(ours.gateway.clients.clob.http, ours.gateway.key, now_s=ours.gateway.clients.clob.time_s)
    assert (again.key, again.secret, again.passphrase) == (known.key, known.secret, known.passphrase)


# -- placing -----------------------------------------------------------------------------------------------------------


def test_place_a_resting_order(ours, market):
    sent = ours.place(market, "BUY", 0.40, 20)
    assert ours.kinds(sent) == ["ACCEPTED"]
    assert ours.gateway.clob.order(sent.order_hash).status == "LIVE"


def test_place_a_crossing_order(ours, theirs, market):
    resting = theirs.place(market, "BUY", 0.55, 30, outcome=1)
    sent = ours.place(market, "BUY", 0.45, 20)
    found = ours.wait_for(sent, "ACCEPTED", "FILL", "SETTLED")
    fill = next(event for event in found if event.kind == "FILL")
    assert (fill.price_micro, fill.size_micro, fill.role) == (450_000, 20_000_000, "taker")
    assert fill.fee_micro > 0
    made = theirs.wait_for(resting, "ACCEPTED", "FILL", "SETTLED")
    fill = next(event for event in made if event.kind == "FILL")
    assert (fill.price_micro, fill.size_micro, fill.fee_micro, fill.role) == (550_000, 20_000_000, 0, "maker")


def test_place_a_batch(ours, market):
    sent = [ours.order(market, "BUY", 0.10 + number / 100, 10) for number in range(17)]
    ours.exchange.submit_all(sent)
    assert all(ours.kinds(order) == ["ACCEPTED"] for order in sent)


def test_a_batch_with_one_bad_order_takes_the_others(ours, market):
    good, bad = ours.order(market, "BUY", 0.10, 10), ours.order(market, "BUY", 0.10, 1)
    ours.exchange.submit_all([bad, good])
    assert ours.kinds(good) == ["ACCEPTED"]
    assert ours.kinds(bad) == ["REJECTED"]


def test_the_same_bytes_again_are_one_order(ours, market):
    sent = ours.order(market, "BUY", 0.40, 20)
    ours.exchange.submit(sent)
    ours.exchange.submit(sent)
    assert len([row for row in ours.gateway.clob.open_orders() if row.order_id == sent.order_hash]) == 1


def test_cancel_an_order(ours, market):
    sent = ours.place(market, "BUY", 0.40, 20)
    ours.exchange.cancel("live", sent.order_hash, 0)
    found = ours.wait_for(sent, "ACCEPTED", "CANCELLED")
    assert found[-1].size_micro == 0


def test_cancel_what_is_gone(ours, theirs, market):
    theirs.place(market, "BUY", 0.55, 20, outcome=1)
    sent = ours.place(market, "BUY", 0.45, 20)
    ours.exchange.cancel("live", sent.order_hash, 0)
    assert ours.wait_for(sent, "ACCEPTED", "FILL", "SETTLED")


# -- reading -----------------------------------------------------------------------------------------------------------


def test_read_the_book(ours, market):
    from whaletrader.datasets.decode.clob_market import decode_book

    ours.place(market, "BUY", 0.40, 20)
    ours.place(market, "BUY", 0.41, 20)
    decoded = decode_book(ours.gateway.clients.clob.book(market.token_ids[0]))
    assert decoded.rows[0].bids[-1] == (410_000, 20_000_000)


def test_read_open_orders(ours, market):
    sent = [ours.place(market, "BUY", 0.40, 20), ours.place(market, "BUY", 0.41, 20)]
    rows = {row.order_id: row for row in ours.gateway.clob.open_orders()}
    assert set(rows) == {order.order_hash for order in sent}
    assert rows[sent[0].order_hash].price_micro == 400_000


def test_read_trades(ours, theirs, market):
    theirs.place(market, "BUY", 0.55, 20, outcome=1)
    sent = ours.place(market, "BUY", 0.45, 20)
    ours.wait_for(sent, "ACCEPTED", "FILL", "SETTLED")
    (row,) = [r for r in ours.gateway.clob.trades() if r.taker_order_id == sent.order_hash]
    assert (row.status, row.trader_side, row.size_micro) == ("CONFIRMED", "TAKER", 20_000_000)


def test_read_balances(ours):
    told = ours.gateway.clob.balance("COLLATERAL", signature_type=3)
    assert told.balance_micro == ours.gateway.oracle.collateral_micro() > 0
    assert told.allowances


def test_user_channel_tells_placement_trade_and_cancel(ours, theirs, market):
    seen = ours.gateway.channel.status().seen
    ours.exchange.cancel("live", ours.place(market, "BUY", 0.30, 20).order_hash, 0)
    theirs.place(market, "BUY", 0.55, 20, outcome=1)
    ours.place(market, "BUY", 0.45, 20)
    wait_until(lambda: ours.gateway.channel.status().seen >= seen + 5, 10, "the channel's rows")
    assert ours.gateway.channel.status().rejected == 0


# -- life --------------------------------------------------------------------------------------------------------------


def test_a_trade_is_matched_mined_and_confirmed(ours, theirs, market):
    wait_until(lambda: ours.exchange.refresh() == 0, 10, "what is unsettled")
    before = ours.gateway.oracle.token_micro(market.token_ids[0])
    cash = ours.gateway.oracle.collateral_micro()
    theirs.place(market, "BUY", 0.55, 20, outcome=1)
    sent = ours.place(market, "BUY", 0.45, 20)
    found = ours.wait_for(sent, "ACCEPTED", "FILL", "SETTLED")
    fill = next(event for event in found if event.kind == "FILL")
    assert ours.gateway.oracle.token_micro(market.token_ids[0]) == before + 20_000_000
    assert ours.gateway.oracle.collateral_micro() == cash - 9_000_000 - fill.fee_micro


def test_fill_or_kill_without_enough_is_an_outcome(ours, theirs, market):
    theirs.place(market, "BUY", 0.55, 10, outcome=1)
    sent = ours.place(market, "BUY", 0.45, 50, order_type="FOK")
    (over,) = ours.wait_for(sent, "CANCELLED")
    assert (over.size_micro, over.reason) == (0, "FOK_NOT_FILLED")


def test_fill_and_kill_without_any_is_an_outcome(ours, market):
    sent = ours.place(market, "BUY", 0.02, 50, order_type="FAK")
    (over,) = ours.wait_for(sent, "CANCELLED")
    assert (over.size_micro, over.reason) == (0, "FAK_NOT_FILLED")


def refusal(ours, theirs, market, price, size, **more):
    """Why the venue refuses an order beside an ask at 45 cents."""
    theirs.place(market, "BUY", 0.55, 20, outcome=1)
    sent = ours.place(market, "BUY", price, size, **more)
    (refused,) = ours.wait_for(sent, "REJECTED")
    return refused.reason


def test_a_post_only_order_that_crosses_is_refused(ours, theirs, market):
    assert refusal(ours, theirs, market, 0.45, 20, post_only=True) == "POST_ONLY_WOULD_CROSS"


def test_a_wrong_tick_is_refused(ours, theirs, market):
    assert refusal(ours, theirs, market, 0.30, 20, maker_amount=6_020_000) == "BREAKS_TICK_SIZE"


def test_a_size_below_the_minimum_is_refused(ours, theirs, market):
    assert refusal(ours, theirs, market, 0.30, 1) == "SIZE_BELOW_MINIMUM"


def test_more_than_the_balance_is_refused(ours, theirs, market):
    assert refusal(ours, theirs, market, 0.30, 1_000_000) == "NOT_ENOUGH_BALANCE_OR_ALLOWANCE"


def test_a_signature_for_the_wrong_exchange_is_refused(ours, market):
    sent = ours.place(market, "BUY", 0.30, 20, neg_risk=True)
    (refused,) = ours.wait_for(sent, "REJECTED")
    assert refused.reason in ("INVALID_SIGNATURE", "INVALID_PAYLOAD", "REFUSED")


# -- what the official clients leave to their users --------------------------------------------------------------------


def test_an_answer_that_was_lost_is_found_by_asking(venue, ours, theirs, market):
    theirs.place(market, "BUY", 0.55, 20, outcome=1)
    venue.faults.lost["POST /order"] = 1
    sent = ours.order(market, "BUY", 0.45, 20)
    with pytest.raises(ExchangeError) as error:
        ours.exchange.submit(sent)
    assert error.value.retryable
    ours.exchange.ask("live", sent.order_hash, 0)
    assert {"ACCEPTED", "FILL"} <= set(ours.kinds(sent))
    ours.exchange.submit(sent)
    assert ours.gateway.oracle.token_micro(market.token_ids[1]) == 0


def test_a_restart_of_the_venue_is_waited_for(venue, ours, market):
    answer = reply({"error": "service is restarting"}, 425)
    venue.faults.instead_of["POST /order"] = [answer, answer]
    sent = ours.order(market, "BUY", 0.30, 20)
    for _ in range(2):
        with pytest.raises(ExchangeError) as error:
            ours.exchange.submit(sent)
        assert error.value.retryable
    ours.exchange.submit(sent)
    assert ours.kinds(sent) == ["ACCEPTED"]


def test_a_failed_settlement_voids_the_fill(tmp_path):
    plan = tmp_path / "plan.toml"
    plan.write_text("seed = 1\n[settlement]\nfail = 1.0\n")
    with local_exchange(faults=plan) as venue:
        ours, theirs = Trader(venue, tmp_path / "a", 4_003), Trader(venue, tmp_path / "b", 4_004)
        market = venue.market("coin-above-100k")
        theirs.place(market, "BUY", 0.55, 20, outcome=1)
        sent = ours.place(market, "BUY", 0.45, 20)
        ours.wait_for(sent, "ACCEPTED", "FILL", "FAILED")
        assert ours.gateway.oracle.token_micro(market.token_ids[0]) == 0
        ours.close()
        theirs.close()


def test_failed_settlements_are_counted_over_a_restart(tmp_path):
    plan = tmp_path / "plan.toml"
    plan.write_text("seed = 1\n[settlement]\nfail = 1.0\n")
    with local_exchange(faults=plan) as venue:
        ours, theirs = Trader(venue, tmp_path / "a", 4_005), Trader(venue, tmp_path / "b", 4_006)
        market = venue.market("coin-above-100k")
        theirs.place(market, "BUY", 0.55, 20, outcome=1)
        ours.wait_for(ours.place(market, "BUY", 0.45, 20), "ACCEPTED", "FILL", "FAILED")
        counts = ours.gateway.watch.look().counts
        assert (counts.failed, counts.settled) == (1, 0)
        ours.close()
        ours.open()
        ours.exchange.refresh()
        assert ours.gateway.watch.look().counts == counts
        ours.close()
        theirs.close()


def test_a_payment_that_is_refused_says_why(ours, market):
    ours.exchange.merge("merge-too-much", "live", market.condition_id, 999_000_000, 0)
    wait_until(lambda: ours.gateway.actions.work() == 0, 15, "the refusal")
    (told,) = [event for event in ours.told() if event.order_hash == "merge-too-much"]
    assert (told.kind, PaymentRefusal(told.reason), told.cash_micro) == ("FAILED", PaymentRefusal.NOT_HELD, 0)


def test_a_delayed_order_ends_like_any_other(venue, ours, theirs):
    market = venue.market("home-team-wins")
    theirs.place(market, "BUY", 0.55, 20, outcome=1)
    theirs_gone = ours.place(market, "BUY", 0.45, 20)
    assert ours.kinds(theirs_gone) == ["ACCEPTED"]
    ours.exchange.cancel("live", theirs_gone.order_hash, 0)
    ours.wait_for(theirs_gone, "ACCEPTED", "FILL", "SETTLED")


def test_a_resolved_position_is_redeemed_once(venue, ours, theirs):
    market = venue.market("treaty-signed")
    assert ours.gateway.allow() == [] or wait_until(lambda: ours.gateway.oracle.missing().complete, 10) is None
    theirs.place(market, "BUY", 0.55, 20, outcome=1)
    sent = ours.place(market, "BUY", 0.45, 20)
    ours.wait_for(sent, "ACCEPTED", "FILL", "SETTLED")
    venue.do(lambda v, now: v.resolve(market.condition_id, (1_000_000, 0), now))
    cash = ours.gateway.oracle.collateral_micro()
    for _ in range(2):
        ours.exchange.redeem("redeem-1", "live", market.token_ids[0], 20_000_000, 0)
    wait_until(lambda: ours.gateway.actions.work() == 0, 15, "the redemption")
    (paid,) = [event for event in ours.told() if event.order_hash == "redeem-1"]
    assert (paid.kind, paid.cash_micro) == ("REDEEMED", 20_000_000)
    assert ours.gateway.oracle.collateral_micro() == cash + 20_000_000


def test_pairs_are_merged_once(venue, ours, market):
    ours.gateway.allow()
    wait_until(lambda: ours.gateway.oracle.missing().complete, 10, "the allowances")
    ours.gateway.actions.split("split-1", "live", market.condition_id, 7_000_000)
    wait_until(lambda: ours.gateway.actions.work() == 0, 15, "the split")
    cash = ours.gateway.oracle.collateral_micro()
    for _ in range(2):
        ours.exchange.merge("merge-1", "live", market.condition_id, 7_000_000, 0)
    wait_until(lambda: ours.gateway.actions.work() == 0, 15, "the merge")
    (paid,) = [event for event in ours.told() if event.order_hash == "merge-1"]
    assert (paid.kind, paid.cash_micro) == ("MERGED", 7_000_000)
    assert ours.gateway.oracle.collateral_micro() == cash + 7_000_000


def test_a_market_buy_that_could_bring_too_much_is_not_sent(ours, market):
    sent = ours.order(market, "BUY", 0.45, 9, order_type="FAK")
    ours.exchange.submit(replace(sent, size_micro=sent.taker_amount))
    (told,) = ours.wait_for(sent, "NOT_SENT")
    assert told.reason == "MAY_OVERFILL"
    assert ours.gateway.clob.order(sent.order_hash) is None


def test_a_deaf_account_sells_and_buys_nothing(ours, theirs, market):
    theirs.place(market, "BUY", 0.55, 10, outcome=1)
    ours.wait_for(ours.place(market, "BUY", 0.45, 10), "ACCEPTED", "FILL", "SETTLED")
    theirs.place(market, "BUY", 0.44, 10)
    ours.gateway.channel.stop()
    try:
        wait_until(lambda: not ours.gateway.channel.freshness().fresh, 30, "the silence")
        bought = ours.place(market, "BUY", 0.45, 10)
        assert [told.reason for told in ours.wait_for(bought, "NOT_SENT")] == ["USER_CHANNEL_SILENT"]
        sale = replace(ours.order(market, "SELL", 0.44, 10), reduce_only=True)
        ours.exchange.submit(sale)
        ours.wait_for(sale, "ACCEPTED", "FILL", "SETTLED")
    finally:
        ours.close()
        ours.open()


def test_a_refusal_elsewhere_holds_no_cancel_back(venue, ours, market):
    sent = ours.place(market, "BUY", 0.30, 20)
    venue.faults.instead_of["GET /book"] = [
        reply({"error": "Too Many Requests"}, 429).with_headers(("Retry-After", "60"))
    ]
    with pytest.raises(ExchangeError):
        ours.gateway.clients.clob.book(market.token_ids[0])
    ours.exchange.cancel("live", sent.order_hash, 0)
    owner = ours.gateway.clob.owner
    assert sent.order_hash not in venue.do(lambda v, _now: {order.order_id for order in v.open_orders(owner)})
    assert ours.gateway.clients.clob.http.limiter.take("GET", "/book") > 0  # the penalty is still on
    ours.close()
    ours.open()
    ours.wait_for(sent, "ACCEPTED", "CANCELLED")


def test_a_plain_key_pays_itself_out_once(tmp_path):
    with local_exchange(eoa_makers=True) as venue:
        ours, theirs = Trader(venue, tmp_path / "a", 4_021, plain=True), Trader(venue, tmp_path / "b", 4_022)
        market = venue.market("coin-above-100k")
        assert (ours.gateway.kind.signature_type, ours.wallet) == (0, ours.gateway.key.address)
        ours.gateway.allow()
        wait_until(lambda: ours.gateway.oracle.missing().complete, 20, "the allowances")
        theirs.place(market, "BUY", 0.55, 20, outcome=1)
        ours.wait_for(ours.place(market, "BUY", 0.45, 20), "ACCEPTED", "FILL", "SETTLED")
        ours.gateway.actions.split("split-1", "live", market.condition_id, 7_000_000)
        wait_until(lambda: ours.gateway.actions.work() == 0, 30, "the split")
        ours.exchange.merge("merge-1", "live", market.condition_id, 7_000_000, 0)
        wait_until(lambda: ours.gateway.actions.work() == 0, 30, "the merge")
        venue.do(lambda v, now: v.resolve(market.condition_id, (1_000_000, 0), now))
        cash = ours.gateway.oracle.collateral_micro()
        ours.exchange.redeem("redeem-1", "live", market.token_ids[0], 20_000_000, 0)
        wait_until(lambda: ours.gateway.actions.state("redeem-1")[0] in ("SIGNED", "SENT", "DONE"), 30, "the signature")
        ours.close()
        ours.open()
        ours.exchange.redeem("redeem-1", "live", market.token_ids[0], 20_000_000, 0)
        wait_until(lambda: ours.gateway.actions.work() == 0, 30, "the redemption")
        paid = [(told.kind, told.order_hash, told.cash_micro) for told in ours.told() if told.cash_micro]
        assert paid == [("MERGED", "merge-1", 7_000_000), ("REDEEMED", "redeem-1", 20_000_000)]
        assert ours.gateway.oracle.collateral_micro() == cash + 20_000_000
        ours.close()
        theirs.close()


def test_a_restart_of_ours_goes_on_where_it_was(venue, ours, theirs, market):
    sent = ours.place(market, "BUY", 0.45, 20)
    told = ours.told()
    ours.close()
    theirs.place(market, "BUY", 0.55, 20, outcome=1)
    ours.open()
    assert ours.told()[: len(told)] == told
    ours.wait_for(sent, "ACCEPTED", "FILL", "SETTLED")


def test_our_ledger_is_compared_with_exchange_and_chain(ours, market):
    ours.gateway.allow()
    wait_until(lambda: ours.gateway.oracle.missing().complete, 10, "the allowances")
    token = market.token_ids[0]
    held = ours.gateway.oracle.token_micro(token)
    resting = frozenset(row.order_id for row in ours.gateway.clob.open_orders())
    cash = ours.gateway.oracle.collateral_micro()
    right = Ledger(open_orders=resting, settled_micro={token: held}, cash_micro=cash)
    assert [d.finding for d in ours.gateway.reconcile(right) if d.grave] == []
    wrong = Ledger(settled_micro={token: held + 5}, cash_micro=cash + 1_000_000)
    found = {d.subject: (d.finding, d.grave) for d in ours.gateway.reconcile(wrong)}
    assert (found[token], found["collateral"]) == (("MISSING_SHARES", True), ("MISSING_CASH", True))


# -- beyond the list ---------------------------------------------------------------------------------------------------


def test_what_every_leg_cost_adds_up_to_what_the_chain_took(ours, theirs, market):
    wait_until(lambda: ours.exchange.refresh() == 0, 10, "what is unsettled")
    cash, held = ours.gateway.oracle.collateral_micro(), ours.gateway.oracle.token_micro(market.token_ids[0])
    for price in (0.57, 0.56, 0.55):
        theirs.place(market, "BUY", price, 7.77, outcome=1)
    sent = ours.place(market, "BUY", 0.45, 20)
    fills = [e for e in ours.wait_for(sent, "ACCEPTED", *["FILL"] * 3, *["SETTLED"] * 3) if e.kind == "FILL"]
    assert [fill.price_micro for fill in sorted(fills, key=lambda f: f.price_micro)] == [430_000, 440_000, 450_000]
    assert sum(fill.size_micro for fill in fills) == 20_000_000
    cost = sum(fill.price_micro * fill.size_micro // 1_000_000 + fill.fee_micro for fill in fills)
    assert ours.gateway.oracle.collateral_micro() == cash - cost
    assert ours.gateway.oracle.token_micro(market.token_ids[0]) == held + 20_000_000


def test_two_buys_of_opposite_outcomes_are_two_fills_at_prices_that_add_up_to_one(ours, theirs, market):
    resting = theirs.place(market, "BUY", 0.62, 10, outcome=1)
    sent = ours.place(market, "BUY", 0.38, 10)
    taken = next(e for e in ours.wait_for(sent, "ACCEPTED", "FILL", "SETTLED") if e.kind == "FILL")
    made = next(e for e in theirs.wait_for(resting, "ACCEPTED", "FILL", "SETTLED") if e.kind == "FILL")
    assert taken.price_micro + made.price_micro == 1_000_000
    assert (taken.token_id, made.token_id) == market.token_ids


def test_what_was_bought_is_sold_again(ours, theirs, market):
    theirs.place(market, "BUY", 0.55, 10, outcome=1)
    bought = ours.place(market, "BUY", 0.45, 10)
    ours.wait_for(bought, "ACCEPTED", "FILL", "SETTLED")
    theirs.place(market, "BUY", 0.44, 10)
    sold = ours.place(market, "SELL", 0.44, 10, order_type="FAK")
    fill = next(e for e in ours.wait_for(sold, "ACCEPTED", "FILL", "SETTLED") if e.kind == "FILL")
    assert (fill.price_micro, fill.size_micro) == (440_000, 10_000_000)


def test_an_order_with_an_end_runs_out(ours, market):
    sent = ours.place(market, "BUY", 0.30, 20, ttl_s=2)
    wait_until(lambda: ours.exchange.refresh() >= 0 and len(ours.kinds(sent)) > 1, 20, "the end of the order")
    assert ours.kinds(sent) == ["ACCEPTED", "EXPIRED"]


def test_a_market_of_three_and_one_of_protocol_v2_are_traded_like_any_other(venue, ours, theirs):
    for slug in ("ada-elected", next(m.slug for m in venue.venue.markets.values() if m.version == "v2")):
        market = venue.market(slug)
        theirs.place(market, "BUY", 0.55, 10, outcome=1)
        sent = ours.place(market, "BUY", 0.45, 10)
        assert ours.wait_for(sent, "ACCEPTED", "FILL", "SETTLED")


def test_heartbeats_keep_orders_and_silence_cancels_them(venue, tmp_path, market):
    from whaletrader.adapters.polymarket.upkeep import Heartbeat

    trader = Trader(venue, tmp_path / "beating", 4_010)
    heart = Heartbeat(trader.gateway.clob)
    sent = trader.place(market, "BUY", 0.30, 20)
    for _ in range(3):
        heart.beat()
    assert trader.gateway.clob.order(sent.order_hash).status == "LIVE"
    wait_until(lambda: "CANCELLED" in trader.kinds(sent), 20, "the dead man's switch")
    trader.close()
