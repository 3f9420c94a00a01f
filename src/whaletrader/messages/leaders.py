"""`whale.discovered` and `signal.copy`: who is followed, and which of their trades we would copy."""

from whaletrader.messages.envelope import Part, Payload, Publisher, Topic, message


class LeaderScore(Part, frozen=True, kw_only=True):
    """A wallet's evidence for one kind of event; edges are per share, after the follower's costs."""

    wallet: str
    kind: str
    verdict: str
    n_bets: int
    n_groups: int
    edge_micro: int
    edge_lower_micro: int
    edge_upper_micro: int
    edge_shrunk_micro: int
    psr_micro: int
    rank: int
    weight_micro: int = 1_000_000
    """What the allocation leaves of the size of his copies: 1000000 is all of it."""


class FunnelStep(Part, frozen=True, kw_only=True):
    """How many leader events reached a step."""

    kind: str
    step: str
    count: int


class SettledOutcome(Part, frozen=True, kw_only=True):
    """What a follower of a leader's bets in one event group got per share: means over the bets that settled."""

    event_group_id: str
    settled_ts: int
    n_bets: int
    edge_micro: int
    cost_micro: int
    """All-in price paid."""


class LeaderOutcomes(Part, frozen=True, kw_only=True):
    """A followed leader's outcomes since the last scan, in the order in which they settled, copied or not."""

    wallet: str
    kind: str
    outcomes: tuple[SettledOutcome, ...]
    n_untold: int
    """Older ones beyond the limit of what one scan tells."""


@message(Topic.WHALE_DISCOVERED, Publisher.WHALE_DISCOVERY, effect=True)
class ScanUniverse(Payload, frozen=True, kw_only=True):
    """Score the universe on what was known at `as_of_ts`, and tell what the followed leaders' bets brought."""

    as_of_ts: int
    since_ts: int = 0
    """Outcomes settled after this are told."""
    followed: tuple[str, ...] = ()
    """Leaders whose outcomes are told, as KIND/WALLET."""


@message(Topic.WHALE_DISCOVERED, Publisher.RUNTIME)
class UniverseScanned(Payload, frozen=True, kw_only=True):
    """The scores of every wallet that qualified, best first."""

    as_of_ts: int
    source: str
    n_wallets: int
    n_qualified: int
    scores: tuple[LeaderScore, ...]
    funnel: tuple[FunnelStep, ...]
    since_ts: int = 0
    settled: tuple[LeaderOutcomes, ...] = ()
    """Of the leaders that were asked for, what settled in (`since_ts`, `as_of_ts`]."""


@message(Topic.WHALE_DISCOVERED, Publisher.WHALE_DISCOVERY, key="wallet")
class WhaleDiscovered(Payload, frozen=True, kw_only=True):
    """A wallet is followed from now on."""

    wallet: str
    kind: str
    score: LeaderScore
    as_of_ts: int


@message(Topic.WHALE_DISCOVERED, Publisher.WHALE_DISCOVERY, key="wallet")
class WhaleScoreUpdated(Payload, frozen=True, kw_only=True):
    """A followed wallet's score changed."""

    wallet: str
    kind: str
    score: LeaderScore
    as_of_ts: int


@message(Topic.WHALE_DISCOVERED, Publisher.WHALE_DISCOVERY, key="wallet")
class WhalePruned(Payload, frozen=True, kw_only=True):
    """A wallet is followed no more."""

    wallet: str
    kind: str
    reason: str
    """`PruneReason`."""
    as_of_ts: int


@message(Topic.SIGNAL_COPY, Publisher.COPY_SIGNAL, key="market_id")
class CopySignal(Payload, frozen=True, kw_only=True):
    """A leader's event is worth copying at today's delay and price."""

    wallet: str
    kind: str
    market_id: str
    token_id: str
    event_group_id: str
    side: str
    """BUY enters, SELL exits what we hold on this leader's account."""
    leader_price_micro: int
    leader_size_micro: int
    reference_price_micro: int
    """The price we expect to pay or get, half-spread included."""
    edge_micro: int
    """Shrunk net edge per share over the reference price and the fee; 0 for an exit."""
    exit_size_micro: int
    """How much of our lot to sell; 0 for an entry."""


@message(Topic.SIGNAL_COPY, Publisher.COPY_SIGNAL, key="market_id")
class SignalSkipped(Payload, frozen=True, kw_only=True):
    """A leader's event is not copied, and why."""

    wallet: str
    kind: str
    market_id: str
    token_id: str
    side: str
    reason: str
    """`SkipReason`."""
    price_micro: int
    edge_micro: int
