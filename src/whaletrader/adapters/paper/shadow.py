"""Paper fills against a live public book: an `Exchange` for orders that are never sent anywhere.

API (construction follows): `ShadowExchange(path, world, rules=ShadowRules())` fills `ports.exchange.Exchange`.
What the venue's public feeds tell goes in by

- `on_market(market: VenueMarket)`: tick, minimum, fee, neg-risk (known before its orders);
- `on_book(condition_id, token_id, bids, asks, now_ns)`: a snapshot, pairs (price_micro, size_micro) in any order;
- `on_delta(token_id, side, price_micro, size_micro, now_ns)`: a level's new total;
- `on_print(token_id, side, price_micro, size_micro, wallet, now_ns)`: a taker's trade (wallet "" where unknown);
- `on_resolution(condition_id, payouts_micro, now_ns)`;
- `advance(now_ns)`: settlements and expiries that are due.

All times are of arrival here. `next_event` never misses: a told event's ts is never before the newest one told.
"""
