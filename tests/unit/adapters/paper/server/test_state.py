"""An exchange that goes on from its file: the same to the last balance, wherever the process was killed."""

import asyncio
import json
from pathlib import Path
from typing import Any
from zlib import crc32

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.venue_orders import CONDITION, NO, START, YES, Orders, market, wallet
from whaletrader.adapters.paper.server.app import PaperExchange
from whaletrader.adapters.paper.server.auth import Keyring
from whaletrader.adapters.paper.server.edge import Reply, Router, reply
from whaletrader.adapters.paper.server.journal import Journal
from whaletrader.adapters.paper.server.mounts import Face, NoFaults
from whaletrader.adapters.paper.server.mounts import World as Mounted
from whaletrader.adapters.paper.server.raw_transactions import RawTransactions
from whaletrader.adapters.paper.server.relayer import Relayer, Transaction
from whaletrader.adapters.paper.server.state import Options, State
from whaletrader.adapters.paper.server.types import Mode, SettlementFaults, VenueRules
from whaletrader.adapters.paper.server.venue import Venue
from whaletrader.domain.values import MICRO, NANOS
from whaletrader.errors import BusyError, UsageError

FAULTS = SettlementFaults(seed=4, fail_micro=100_000, retry_micro=100_000, reorg_micro=300_000, drop_micro=300_000)
KEEP = 120 * NANOS
TRADERS = (1, 2, 3)
SIDES, TOKENS = st.sampled_from(("BUY", "SELL")), st.sampled_from((YES, NO))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("limit"), st.sampled_from(TRADERS), SIDES, TOKENS, st.integers(40, 60), st.integers(5, 60)),
        st.tuples(st.just("take"), st.sampled_from(TRADERS), SIDES, TOKENS, st.integers(40, 60), st.integers(2, 60)),
        st.tuples(st.just("cancel"), st.sampled_from(TRADERS)),
        st.tuples(st.just("split"), st.sampled_from(TRADERS), st.integers(1, 90)),
        st.tuples(st.just("merge"), st.sampled_from(TRADERS), st.integers(1, 90)),
        st.tuples(st.just("beat"), st.sampled_from(TRADERS)),
        st.tuples(st.just("mode"), st.sampled_from((Mode.NORMAL, Mode.POST_ONLY, Mode.CANCEL_ONLY))),
        st.tuples(st.just("tick"), st.integers(1, 3_000)),
        st.tuples(st.just("tick"), st.integers(1, 60_000)),
    ),
    min_size=1,
    max_size=40,
)


class World:
    """An exchange over a state file."""

    def __init__(self, path: Path, **changed: Any) -> None:
        self.state = State(path, options(**changed))
        rules = VenueRules(seed=7, genesis_ns=self.state.options.genesis_ns, keep_ns=KEEP, faults=FAULTS)
        self.venue = Venue(rules)
        self.keyring, self.now = Keyring(7), self.state.options.genesis_ns
        self.relayer = Relayer(self.venue, lambda: self.now)
        self.told: list[str] = []
        self.venue.listen(lambda event: self.told.append(repr(event)))
        self.raw = RawTransactions(self.venue, lambda: self.now)
        self.calls = self.state.bind(self.venue, self.keyring, self.relayer, self.raw)()
        self.orders = Orders()

    def begin(self) -> None:
        self.venue.add_market(market(taker_delay=True), START)
        for number in TRADERS:
            self.venue.open_account(wallet(number), cash_micro=300 * MICRO)
            self.venue.deposit(wallet(number), tokens={YES: 200 * MICRO, NO: 200 * MICRO})
        self.state.flush()

    def do(self, step: tuple[Any, ...]) -> None:
        self.act(step)
        self.state.flush()

    def act(self, step: tuple[Any, ...]) -> None:
        venue, orders, now = self.venue, self.orders, self.now
        match step:
            case ("limit", number, side, token, cents, size):
                venue.place(orders.limit(number, side, token, cents / 100, size, timestamp_ms=now // 1_000_000), now)
            case ("take", number, side, token, cents, size):
                venue.place(orders.market(number, side, token, cents / 100, size, timestamp_ms=now // 1_000_000), now)
            case ("cancel", number):
                venue.cancel_all(f"key-{number}", now)
            case ("split", number, size):
                venue.split(wallet(number), CONDITION, size * MICRO, now)
            case ("merge", number, size):
                venue.merge(wallet(number), CONDITION, size * MICRO, now)
            case ("beat", number):
                venue.heartbeat(f"key-{number}", "", now)
            case ("mode", mode):
                venue.set_mode(mode, now, now + 20 * NANOS)
            case ("tick", milliseconds):
                self.now += milliseconds * 1_000_000
                venue.advance(self.now)

    def close(self) -> None:
        self.state.flush()
        self.state.close()


def options(**changed: Any) -> Options:
    values: dict[str, Any] = {
        "seed": 7,
        "genesis_ns": START,
        "settle_s": 2.0,
        "keep_s": KEEP / NANOS,
        "eoa_makers": False,
        "settlement": (4, 100_000, 100_000, 300_000, 300_000),
        "builders": (),
    }
    return Options(**values | changed)


def picture(venue: Venue) -> Any:
    """Everything that can be asked of an exchange."""
    return msgspec.to_builtins(
        [
            [venue.now_ns, venue.drawn, venue.taken, venue.mode(), venue.fees_collected_micro()],
            list(venue.accounts.values()),
            list(venue.orders.values()),
            list(venue.trades.values()),
            [[order.order_id for order in venue.open_orders(f"key-{number}")] for number in TRADERS],
            [venue.book(token) for token in (YES, NO)],
            venue.blocks(0, 1 << 40),
            [[venue.nonces, venue.delegates]],
        ]
    )


@given(steps=STEPS)
@settings(max_examples=60, deadline=None)
def test_an_exchange_that_goes_on_is_the_one_that_was_left(
    steps: list[tuple[Any, ...]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("state") / "state.jsonl"
    first = World(path)
    first.begin()
    for step in steps:
        first.do(step)
    first.close()
    again = World(path)
    again.venue.advance(first.now)
    assert picture(again.venue) == picture(first.venue)
    assert again.told == first.told
    again.now, again.orders = first.now, first.orders
    for world in (first, again):
        world.venue.advance(first.now + 200 * NANOS)
    assert again.told == first.told
    again.close()


@given(steps=STEPS, data=st.data())
@settings(max_examples=60, deadline=None)
def test_wherever_a_kill_cuts_the_file_every_call_that_was_answered_is_there(
    steps: list[tuple[Any, ...]], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("state") / "state.jsonl"
    first = World(path)
    first.begin()
    seen = {path.read_bytes().count(b"\n"): picture(first.venue)}
    for step in steps:
        first.do(step)
        if step[0] != "tick":
            seen[path.read_bytes().count(b"\n")] = picture(first.venue)
    first.close()
    whole = path.read_bytes()
    cut = data.draw(st.integers(len(b"".join(whole.splitlines(keepends=True)[: min(seen)])), len(whole)))
    path.write_bytes(whole[:cut])
    again = World(path)
    assert picture(again.venue) == seen[whole[:cut].count(b"\n")]
    again.close()


def test_keys_nonces_grants_and_what_the_relayer_took_outlive_the_process(tmp_path: Path) -> None:
    world = World(tmp_path / "state.jsonl")
    world.begin()
    made = world.keyring.create(wallet(1), 0)
    gone = world.keyring.create(wallet(2), 0)
    assert made is not None
    assert gone is not None
    world.keyring.remove(gone.key)
    world.venue.use_nonce(wallet(1), 4)
    world.venue.approve(wallet(1), "0xspender", 2**256 - 1)
    world.venue.approve_all(wallet(1), "0xoperator", True)
    world.venue.authorize(wallet(1), wallet(9), 77, ("CLOB",))
    world.relayer.remember(Transaction("id-1", "0xhash", wallet(1), mined=True))
    world.close()
    again = World(tmp_path / "state.jsonl")
    assert again.keyring.derive(wallet(1), 0) == made
    assert again.keyring.derive(wallet(2), 0) is None
    assert again.venue.nonces == {wallet(1): 5}
    account = again.venue.accounts[wallet(1)]
    assert account.allowances_micro["0xspender"] == 2**256 - 1
    assert "0xoperator" in account.approved
    assert account.session_signers == {wallet(9): (77, ("CLOB",))}
    assert again.relayer._transactions == world.relayer._transactions


def test_no_secret_is_written_into_the_file(tmp_path: Path) -> None:
    world = World(tmp_path / "state.jsonl")
    made = world.keyring.create(wallet(1), 0)
    world.close()
    assert made is not None
    told = (tmp_path / "state.jsonl").read_text()
    assert wallet(1) in told
    assert made.secret not in told
    assert made.passphrase not in told


def test_an_exchange_that_goes_on_writes_where_the_other_ended(tmp_path: Path) -> None:
    path = tmp_path / "state.jsonl"
    counts = []
    for _ in range(4):
        world = World(path)
        if not world.venue.markets:
            world.begin()
        world.now = max(world.venue.now_ns, START)
        world.orders.count = 100 * len(counts)
        world.do(("limit", 1, "BUY", YES, 40, 10))
        counts.append(len(world.venue.orders))
        world.close()
    assert counts == [1, 2, 3, 4]


@pytest.mark.parametrize(("changed", "words"), [({"seed": 8}, "seed 7, not 8"), ({"keep_s": 1.0}, "keep s 120.0")])
def test_a_file_made_with_other_options_is_refused(tmp_path: Path, changed: dict[str, Any], words: str) -> None:
    World(tmp_path / "state.jsonl").close()
    with pytest.raises(UsageError, match=words):
        World(tmp_path / "state.jsonl", **changed)
    World(tmp_path / "state.jsonl", genesis_ns=START + NANOS).close()


def test_a_file_that_another_exchange_has_is_refused(tmp_path: Path) -> None:
    held = World(tmp_path / "state.jsonl")
    with pytest.raises(BusyError, match="in use by another exchange"):
        World(tmp_path / "state.jsonl")
    held.close()


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be opened"):
        Journal(tmp_path / "file" / "state.jsonl")


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("dear diary\n")
    with pytest.raises(UsageError, match="its first line is none of an exchange"):
        World(tmp_path / "notes.txt")
    assert (tmp_path / "notes.txt").read_text() == "dear diary\n"


@pytest.mark.parametrize("told", ['{"a": 1}', '{"a": 1}\nand more', "no end of a line", '{"seed":7,"genes'])
def test_a_file_of_something_else_stays_as_it_is_also_without_an_end_of_its_last_line(
    told: str, tmp_path: Path
) -> None:
    (tmp_path / "mine.json").write_text(told)
    with pytest.raises(UsageError, match="its first line is none of an exchange"):
        World(tmp_path / "mine.json")
    assert (tmp_path / "mine.json").read_text() == told


def test_a_long_line_that_was_cut_is_dropped_and_nothing_else(tmp_path: Path) -> None:
    path, lines = lines_of(tmp_path)
    path.write_bytes(b"".join(lines) + b"x" * 200_000)
    World(path).close()
    assert path.read_bytes() == b"".join(lines)


def lines_of(tmp_path: Path) -> tuple[Path, list[bytes]]:
    path = tmp_path / "state.jsonl"
    world = World(path)
    world.begin()
    for number in range(6):
        world.do(("limit", 1, "SELL", YES, 50, 10 + number))
        world.do(("take", 2, "BUY", YES, 55, 5))
        world.do(("tick", 4_000))
    world.close()
    return path, path.read_bytes().splitlines(keepends=True)


def test_a_line_that_is_missing_is_found_out(tmp_path: Path) -> None:
    path, lines = lines_of(tmp_path)
    kinds = [json.loads(line.partition(b" ")[2])[0][2][0] for line in lines[1:]]
    lost = kinds.index("place") + 2
    path.write_bytes(b"".join(lines[:lost] + lines[lost + 1 :]))
    with pytest.raises(UsageError, match="does not fit to the lines before it"):
        World(path)


def test_what_one_request_called_is_in_the_file_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "state.jsonl"
    world = World(path)
    world.begin()
    before = path.read_bytes()
    world.act(("split", 1, 10))
    world.act(("merge", 2, 10))
    world.venue.use_nonce(wallet(1), 0)
    assert path.read_bytes() == before
    world.close()
    told = path.read_bytes()[len(before) :]
    assert told.count(b"\n") == 1
    for cut in (1, len(told) // 2, len(told) - 1):
        path.write_bytes(before + told[:cut])
        again = World(path)
        assert again.venue.nonces == {}
        assert again.venue.drawn == 0
        again.close()


def test_an_exchange_that_cannot_write_answers_nothing_more(tmp_path: Path) -> None:
    world = World(tmp_path / "state.jsonl")
    world.begin()
    router = Router()
    router.add("POST", "/nonce", lambda _request: (world.venue.use_nonce(wallet(1), 0), reply("OK"))[1])
    world.state._journal._file = Full()
    app = PaperExchange(
        Mounted(world.venue, lambda: START, NoFaults()), [Face("clob", "", router)], (), world.state.flush
    )
    assert asked(app, "/nonce").status == asked(app, "/nonce").status == 500


def test_nothing_is_written_behind_a_line_that_was_cut_by_a_full_disk(tmp_path: Path) -> None:
    path = tmp_path / "state.jsonl"
    world = World(path)
    world.begin()
    before, file = path.read_bytes(), world.state._journal._file
    world.state._journal._file = Full()
    with pytest.raises(OSError, match="No space left"):
        world.do(("split", 1, 10))
    world.state._journal._file = file
    for step in (("split", 1, 10), ("tick", 5)):
        with pytest.raises(OSError, match="No space left"):
            world.do(step)
    assert path.read_bytes() == before


def test_a_state_that_cannot_even_be_begun_is_told_in_one_sentence(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "state.jsonl")
    journal._file = Full()
    with pytest.raises(UsageError, match="cannot be written \\(No space left on device\\)"):
        journal.head(options())


class Full:
    """A file on a disk that has no room for a whole line."""

    def write(self, line: bytes) -> int:
        return len(line) - 1


def asked(app: PaperExchange, path: str) -> Reply:
    """What an exchange answers over its edge."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": path, "headers": [], "query_string": b""}
    asyncio.run(app(scope, receive, send))
    return Reply(sent[0]["status"], sent[1]["body"])


def test_a_line_that_no_exchange_of_this_code_wrote_is_found_out(tmp_path: Path) -> None:
    path, lines = lines_of(tmp_path)
    total = crc32(b"".join(line if at == 0 else line.partition(b" ")[2] for at, line in enumerate(lines)))
    nonsense = b'[[1,2,["frobnicate",3]]]\n'
    path.write_bytes(b"".join(lines) + b"%08x " % crc32(nonsense, total) + nonsense)
    with pytest.raises(UsageError, match=f"line {len(lines) + 1} cannot be read"):
        World(path)


@pytest.mark.parametrize("new", [b"[1,2,[\n", b"\n", b"\0" * 40 + b"\n", None])
def test_a_line_that_was_changed_is_found_out_also_where_it_reads_well(new: bytes | None, tmp_path: Path) -> None:
    path, lines = lines_of(tmp_path)
    richer = lines[1].replace(b"300000000", b"900000000")
    assert richer != lines[1]
    path.write_bytes(b"".join([lines[0], richer if new is None else new, *lines[2:]]))
    with pytest.raises(UsageError, match="line 2 does not fit to the lines before it"):
        World(path)
