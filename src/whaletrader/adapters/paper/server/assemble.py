"""Puts the exchange together: the venue, its faces, what trades there by itself, and the plan of what goes wrong."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from whaletrader.adapters.paper.server.app import PaperExchange, Step
from whaletrader.adapters.paper.server.auth import Keyring
from whaletrader.adapters.paper.server.clob import USUAL_TERMS, ClobTerms, clob_face
from whaletrader.adapters.paper.server.desk import Desk, made_up_wallet
from whaletrader.adapters.paper.server.fault_plan import NO_PLAN, read_fault_plan
from whaletrader.adapters.paper.server.faults import PlannedFaults
from whaletrader.adapters.paper.server.listing import shelf
from whaletrader.adapters.paper.server.mounts import NoFaults, World
from whaletrader.adapters.paper.server.players import invented_traders
from whaletrader.adapters.paper.server.public_faces import PublicFaces, make_public_faces
from whaletrader.adapters.paper.server.replay import Replay
from whaletrader.adapters.paper.server.state import Options, State
from whaletrader.adapters.paper.server.truth import TruthFile
from whaletrader.adapters.paper.server.types import Mode, SettlementFaults, VenueRules
from whaletrader.adapters.paper.server.venue import Venue
from whaletrader.domain.values import MICRO, NANOS, Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that decides how an exchange behaves."""

    seed: int = 7
    settle_s: float = 2.0
    terms: ClobTerms = USUAL_TERMS
    keep_s: float = 0.0
    """For how long what has ended is remembered; 0: for ever."""
    eoa_makers: bool = False
    builders: tuple[tuple[str, int, int], ...] = ()
    """Builder codes with their rates for makers and takers in basis points."""
    replay: Path | None = None
    """A dataset whose trades are replayed; None lets invented traders trade."""
    speed: float = 1.0
    faults: Path | None = None
    population: bool = True
    """Whether anybody trades by himself."""
    begin_ts: int = -1
    """Where in the dataset a replay begins; -1: with its first fill, 0: at the exchange's own time."""
    trading_s: float = 0.0
    """For how long they do; 0: without end."""
    truth: Path | None = None
    """Where every settled fill is written down."""
    state: Path | None = None
    """Where every call is written down, so that an exchange of the same plan goes on from there."""

    def options(self, now_ns: int, faults: SettlementFaults) -> Options:
        """What has to be the same for an exchange that goes on."""
        return Options(
            seed=self.seed,
            genesis_ns=now_ns,
            settle_s=self.settle_s,
            keep_s=self.keep_s,
            eoa_makers=self.eoa_makers,
            settlement=(faults.seed, faults.fail_micro, faults.retry_micro, faults.reorg_micro, faults.drop_micro),
            builders=self.builders,
        )


@dataclass(frozen=True, slots=True)
class Assembled:
    """An exchange that is ready to be served."""

    app: PaperExchange
    world: World
    public: PublicFaces
    faults: PlannedFaults
    """Counts what it did."""
    state: State | None = None
    """What it writes its calls into."""


def nothing_kept() -> None:
    """Write nothing down."""


def rules_of(plan: Plan, now_ns: int, faults: SettlementFaults) -> VenueRules:
    """Return the clockwork of a plan: a trade is confirmed two settlement times after it was mined."""
    settle_ns = round(plan.settle_s * NANOS)
    return VenueRules(
        seed=plan.seed,
        genesis_ns=now_ns,
        settle_ns=settle_ns,
        confirm_ns=2 * settle_ns,
        retry_ns=3 * settle_ns,
        block_ns=max(min(2 * NANOS, settle_ns), NANOS // 20),
        keep_ns=round(plan.keep_s * NANOS),
        eoa_makers=plan.eoa_makers,
        faults=faults,
    )


def warm_up() -> None:
    """Trade once in an exchange of its own, so that the first caller does not wait for the compiler."""
    venue = Venue()
    market = shelf(0, 0)[0]
    venue.add_market(market, 0)
    desk = Desk(venue, 0)
    token, (maker, taker) = market.token_ids[0], (made_up_wallet(0, "maker"), made_up_wallet(0, "taker"))
    for wallet in (maker, taker):
        desk.open(wallet)
        desk.give(wallet, token, 100 * MICRO)
    desk.rest(maker, token, Side.SELL, MICRO // 2, 10 * MICRO, 1)
    desk.rest(taker, token, Side.BUY, MICRO // 2, 5 * MICRO, 2)
    desk.withdraw(maker, list(venue.orders), 3)


def assemble(plan: Plan, now: Callable[[], int] = time.time_ns) -> Assembled:
    """Make an exchange; `now` is its clock."""
    warm_up()
    declared = NO_PLAN if plan.faults is None else read_fault_plan(plan.faults)
    started = now()
    faults = PlannedFaults(declared, started)
    going_wrong = declared.settlement_faults()
    state = None if plan.state is None else State(plan.state, plan.options(started, going_wrong))
    venue = Venue(rules_of(plan, started if state is None else state.options.genesis_ns, going_wrong))
    for code, maker_bps, taker_bps in plan.builders:
        venue.builders.register(code, maker_bps, taker_bps)
    world = World(venue, now, faults if declared.fault else NoFaults(), plan.seed)
    public = make_public_faces(world)
    keyring = Keyring(world.seed)
    faces = [clob_face(world, plan.terms, keyring), *public.faces]
    if plan.truth is not None:
        truth = TruthFile(plan.truth, resumed=state is not None)
        public.recorder.listen(truth.on_leg, truth.on_gone)
    if state is not None:
        state.bind(venue, keyring, public.relayer, public.raw)()
        started = now()
        venue.advance(started)
        if venue.mode() is not Mode.NORMAL:  # a fault of the plan before: this one's begin anew
            venue.set_mode(Mode.NORMAL, started)
    steps: list[Step] = [lambda now_ns: faults.step(venue, now_ns)] if declared.fault else []
    steps += _players(plan, venue, public, started)
    settled = nothing_kept if state is None else state.flush
    settled()
    return Assembled(PaperExchange(world, faces, steps, settled), world, public, faults, state)


def _players(plan: Plan, venue: Venue, public: PublicFaces, started: int) -> list[Step]:
    """List the markets and let those in who trade by themselves."""
    if plan.replay is not None:
        first_ts = {-1: None, 0: started}.get(plan.begin_ts, plan.begin_ts)
        replay = Replay(venue, plan.replay, seed=plan.seed, started_ns=started, speed=plan.speed, first_ts=first_ts)
        return [_for_a_while(replay.step, plan, started)]
    for market in shelf(plan.seed, started):
        if market.condition_id not in venue.markets:
            venue.add_market(market, started)
    if not plan.population:
        return []
    return [_for_a_while(invented_traders(venue, public, seed=plan.seed, started_ns=started), plan, started)]


def _for_a_while(step: Step, plan: Plan, started: int) -> Step:
    if plan.trading_s <= 0:
        return step
    until_ns = started + round(plan.trading_s * NANOS)
    return lambda now_ns: step(now_ns) if now_ns < until_ns else None
