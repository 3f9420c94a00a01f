"""A live account on the local exchange from the outside: what `doctor --venue` says, and that no secret ever shows."""

import json
import logging
import re
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.command import command, environment
from tests.support.venue_desk import RELAYER_KEY, Trader, local_exchange
from tests.support.waiting import wait_until
from whaletrader.adapters.local.keys import paper_secret
from whaletrader.adapters.paper.server.edge import reply
from whaletrader.app.doctor import examine
from whaletrader.app.venue_gateway import open_gateway
from whaletrader.app.venue_keys import API_KEY_FILE, kept_api_key
from whaletrader.cli.main import app
from whaletrader.config.tree import Settings
from whaletrader.errors import UsageError, WhaleTraderError


@pytest.fixture
def venue():
    with local_exchange() as exchange:
        yield exchange


@pytest.fixture
def trader(venue, tmp_path):
    made = Trader(venue, tmp_path / "live", 5_001)
    write_settings(made)
    yield made
    made.close()


def write_settings(trader) -> None:
    """Have the data directory lead to the local exchange."""
    from whaletrader.app.exchange import settings_text

    port = int(trader.exchange_settings.clob_url.rsplit(":", 1)[1])
    trader.directory.settings_file.write_text(settings_text(port) + "\n")


def venue_rows(directory):
    rows = {check.name: check for check in examine(directory, venue=True)}
    return {name: rows[name] for name in list(rows)[list(rows).index("venue's clock") :]}


def test_doctor_looks_at_everything_that_live_trading_needs(trader):
    rows = venue_rows(trader.directory)
    assert [name for name, check in rows.items() if not check.ok] == ["allowances"]
    assert "COLLATERAL_ADAPTER" in rows["allowances"].detail
    assert "deposit wallet" in rows["wallet"].detail
    trader.gateway.allow()
    wait_until(lambda: trader.gateway.oracle.missing().complete, 10, "the allowances")
    assert all(check.ok for check in venue_rows(trader.directory).values())


def test_doctor_names_each_thing_that_is_missing(venue, trader, tmp_path):
    (trader.directory.keys / "relayer.key").unlink()
    (trader.directory.keys / API_KEY_FILE).unlink()
    (trader.directory.keys / "order.key").unlink()
    venue.faults.instead_of["GET /"] = [reply({"blocked": True, "ip": "1.2.3.4", "country": "DE", "region": "BE"})] * 5
    rows = venue_rows(trader.directory)
    assert [name for name, check in rows.items() if check.ok] == ["venue's clock"]
    assert "takes no orders from where this machine is (DE-BE)" in rows["geoblock"].detail
    assert "live mode needs your order key" in rows["order key"].detail


def test_doctor_without_a_venue_tells_of_each_check_that_it_cannot_be_reached(trader):
    trader.directory.settings_file.write_text(
        '[venue]\nclob_url = "http://127.0.0.1:9"\nrpc_url = "http://127.0.0.1:9"\n'
    )
    rows = venue_rows(trader.directory)
    assert "cannot be reached" in rows["venue's clock"].detail
    assert not rows["wallet"].ok


def start(trader):
    return open_gateway(Settings(venue=trader.exchange_settings), trader.directory, trader.root / "other.db")


def test_a_blocked_place_refuses_the_start(venue, trader):
    venue.faults.instead_of["GET /"] = [reply({"blocked": True, "country": "US", "region": "NY"})] * 5
    with pytest.raises(UsageError, match="live mode is refused"):
        start(trader)


def test_the_paper_accounts_public_key_refuses_the_start(trader):
    (trader.directory.keys / "order.key").write_text(paper_secret("paper").hex())
    with pytest.raises(UsageError, match="paper account's key"):
        start(trader)


def test_an_account_that_may_only_close_refuses_the_start(venue, trader):
    venue.faults.instead_of["GET /auth/ban-status/closed-only"] = [reply({"closed_only": True})]
    with pytest.raises(UsageError, match="close positions only"):
        start(trader)


def test_a_clock_that_is_wrong_refuses_the_start(venue, trader):
    venue.faults.instead_of["GET /time"] = [reply(int(time.time()) - 600)]
    with pytest.raises(UsageError, match=r"clock is 6[0-9]{2} s off the venue's"):
        start(trader)


def test_a_machine_that_moves_to_a_barred_place_buys_nothing_there(venue, trader):
    market = venue.market("coin-above-100k")
    barred = {"blocked": True, "country": "DE", "region": "BE"}
    venue.faults.instead_of["GET /"] = [reply(barred)]
    trader.gateway.upkeep.now("place")
    wait_until(lambda: not venue.faults.instead_of["GET /"], 10, "the next look")
    sent = trader.order(market, "BUY", 0.10, 20)
    wait_until(lambda: trader.exchange._buying() == "PLACE_BARRED", 10, "the look's end")
    trader.exchange.submit(sent)
    assert [(e.kind, e.reason) for e in trader.told() if e.order_hash == sent.order_hash] == [
        ("NOT_SENT", "PLACE_BARRED")
    ]
    trader.gateway.upkeep.now("place")
    wait_until(lambda: trader.exchange._buying() == "", 10, "the look after")
    assert "ACCEPTED" in trader.kinds(trader.place(market, "BUY", 0.10, 20))


# -- secrets -----------------------------------------------------------------------------------------------------------


def everything_goes_wrong(venue, trader, market) -> list[str]:
    """A run in which each kind of call succeeds and fails; returns every error's text and every object's."""
    told = []

    def attempt(act):
        try:
            told.append(repr(act()))
        except WhaleTraderError as error:
            told.extend([str(error), repr(error), repr(error.__cause__), repr(error.__context__)])

    sent = trader.order(market, "BUY", 0.30, 20)
    for status in (401, 400, 425, 429, 500, 503):
        venue.faults.instead_of["POST /order"] = [reply({"error": "Unauthorized/Invalid api key"}, status)]
        attempt(lambda: trader.exchange.submit(trader.order(market, "BUY", 0.30, 20)))
    venue.faults.lost["POST /order"] = 1
    attempt(lambda: trader.exchange.submit(sent))
    attempt(lambda: trader.exchange.ask("live", sent.order_hash, 0))
    attempt(lambda: trader.exchange.cancel("live", sent.order_hash, 0))
    for path in ("/data/orders", "/data/trades", "/auth/api-keys"):
        venue.faults.instead_of[f"GET {path}"] = [reply({"error": "Unauthorized/Invalid api key"}, 401)] * 3
    attempt(trader.exchange.refresh)
    attempt(trader.gateway.clob.api_keys)
    venue.faults.instead_of["POST /submit"] = [reply({"error": "Unauthorized"}, 401), reply({"error": "busy"}, 400)]
    attempt(trader.gateway.allow)
    attempt(trader.gateway.allow)
    attempt(trader.gateway.allow)
    venue.faults.instead_of["GET /auth/derive-api-key"] = [reply({"apiKey": "x", "secret": "half"})]
    path = trader.directory.keys / API_KEY_FILE
    kept = path.read_bytes()
    path.unlink()
    attempt(lambda: start(trader))
    path.write_bytes(b"{" + kept)
    path.chmod(0o600)
    attempt(lambda: start(trader))
    path.write_bytes(kept)
    told += [repr(trader.gateway), repr(trader.gateway.channel.status()), repr(trader.gateway.upkeep.faults)]
    told += [repr(vars(each)) for each in (trader.gateway.clob, trader.gateway.relayer, trader.gateway.exchange)]
    return told


def test_no_secret_appears_in_any_log_error_message_or_database(venue, trader, tmp_path, capfd):
    caught = []
    handler = logging.Handler()
    handler.emit = lambda record: caught.append(f"{record.getMessage()} {record.exc_text or ''}")
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        told = everything_goes_wrong(venue, trader, venue.market("coin-above-100k"))
        trader.close()
        venue.faults.instead_of.clear()
        trader.open()  # the user channel says its secret again, with everybody logging
        told += [check.detail for check in examine(trader.directory, venue=True)]
    finally:
        root.setLevel(before)
        root.removeHandler(handler)
    key = kept_api_key(trader.directory, trader.gateway.key.address)
    secrets = {
        "order key": trader.secret.hex(),
        "API secret": key.secret.rstrip("="),
        "passphrase": key.passphrase,
        "relayer key": RELAYER_KEY,
    }
    out, err = capfd.readouterr()
    texts = {"errors and reprs": "\n".join(told), "logs": "\n".join(caught), "output": out, "error output": err}
    texts |= {str(path): text for path, text in files_of(trader.root)}
    found = [(name, where) for name, secret in secrets.items() for where, text in texts.items() if secret in text]
    assert found == []
    assert len(texts["logs"]) > 1_000
    assert any(path.endswith("gateway.db") for path in texts)


def files_of(root: Path):
    """Every file of a data directory but the keys, as text; databases as what they hold too."""
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.parent.name != "keys":
            yield path, path.read_bytes().decode("latin-1")
            if path.suffix == ".db":
                yield path.with_suffix(".rows.db"), rows_of(path)


def rows_of(path) -> str:
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return json.dumps([[repr(row) for row in database.execute(f"SELECT * FROM {name}")] for name in tables])
    finally:
        database.close()


def run_live(trader, *more, until="LIVE: real money: account"):
    """Run `up --mode live` as `run` does."""
    words = ["--source", "live", "--mode", "live", "--account", "mine", "--confirm", "mine"]
    return run(trader, *words, *more, until=until)


def run(trader, *more, until):
    """Run `up` in a process of its own until it says a line; returns exit code, output and command line."""
    told = trader.root / "told.txt"
    with told.open("w") as output:
        process = subprocess.Popen(
            command("up", "--no-dashboard", "--data-dir", trader.root, *more),
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment(),
        )
        try:
            wait_until(lambda: until in told.read_text() or process.poll() is not None, 60, until)
            line = Path(f"/proc/{process.pid}/cmdline").read_bytes().decode() if process.poll() is None else ""
            process.send_signal(signal.SIGTERM)
            process.wait(60)
        finally:
            process.kill()
    return process.returncode, told.read_text(), line


def test_a_live_run_starts_and_ends_and_leaves_its_secrets_nowhere(trader):
    trader.gateway.allow()
    wait_until(lambda: trader.gateway.oracle.missing().complete, 10, "the allowances")
    key = kept_api_key(trader.directory, trader.gateway.key.address)
    trader.close()
    code, told, line = run_live(trader)
    assert code == 0, told
    assert trader.wallet in told
    secrets = (trader.secret.hex(), key.secret.rstrip("="), key.passphrase, RELAYER_KEY)
    texts = {"command line": line} | {str(path): text for path, text in files_of(trader.root)}
    assert [where for where, text in texts.items() for secret in secrets if secret in text] == []
    assert any(path.endswith("log.db") for path in texts)
    trader.open()


def test_a_plain_key_that_the_settings_name_starts_a_live_run_without_a_relayers_key(tmp_path):
    with local_exchange(eoa_makers=True) as venue:
        plain = Trader(venue, tmp_path / "plain", 5_003, plain=True)
        write_settings(plain)
        text = plain.directory.settings_file.read_text()
        plain.directory.settings_file.write_text(text.replace("[venue]", f'[venue]\nwallet = "{plain.wallet}"', 1))
        assert "plain key sends its own transactions" in venue_rows(plain.directory)["relayer key"].detail
        allowed(plain)
        code, told, _ = run_live(plain)
        assert (code, f"wallet {plain.wallet}" in told) == (0, True), told


def test_a_live_run_without_allowances_or_in_a_barred_place_is_refused_in_one_sentence(venue, trader):
    trader.close()
    code, told, _ = run_live(trader)
    assert code == 1
    assert "so nothing is started: NOT_ALLOWED" in told
    venue.faults.instead_of["GET /"] = [reply({"blocked": True, "country": "DE", "region": "BE"})] * 5
    code, told, _ = run_live(trader, "--new")
    assert code == 2
    assert "live mode is refused" in told
    assert "Traceback" not in told
    venue.faults.instead_of.clear()
    trader.open()


def test_a_start_refused_for_want_of_money_is_refused_the_second_time_too(trader):
    allowed(trader)
    settings = trader.directory.settings_file
    settings.write_text(settings.read_text() + "\n[account]\nstarting_equity = 99999999.0\n")
    for _ in range(2):
        code, told, _ = run_live(trader)
        assert code == 2
        assert "less than account.starting_equity" in told
    trader.open()


def test_an_open_order_that_is_not_in_the_ledger_refuses_the_start(venue, trader):
    trader.place(venue.market("coin-above-100k"), "BUY", 0.10, 20)
    allowed(trader)
    code, told, _ = run_live(trader)
    assert code == 1
    assert "so nothing is started: FOREIGN_ORDER 0x" in told
    trader.open()


def test_a_new_run_is_refused_while_an_earlier_one_holds_shares_unless_they_are_left_behind(venue, trader, tmp_path):
    market, other = venue.market("coin-above-100k"), Trader(venue, tmp_path / "other", 5_002)
    other.place(market, "BUY", 0.55, 20, outcome=1)
    trader.wait_for(trader.place(market, "BUY", 0.45, 20), "ACCEPTED", "FILL", "SETTLED")
    other.close()
    allowed(trader)
    settings = trader.directory.settings_file
    settings.write_text(settings.read_text() + "\n[account]\nstarting_equity = 5000.0\n")
    earlier = trader.directory.new_run()
    earlier.gateway.write_bytes((trader.root / "gateway.db").read_bytes())
    for _ in range(2):
        code, told, _ = run_live(trader, "--new")
        assert (code, f"run 0001 left 20.00 shares of {market.token_ids[0]}: go on with it" in told) == (2, True), told
        assert trader.directory.current_run() == earlier
    code, told, _ = run_live(trader, "--new", "--leave-behind")
    assert (code, "nobody looks after that" in told) == (0, True), told
    venue.do(lambda v, now: v.resolve(market.condition_id, (0, 1_000_000), now))
    code, told, _ = run_live(trader, "--new")
    assert (code, "run 0001 left" in told) == (0, False), told
    trader.open()


def test_a_run_begun_with_paper_is_never_gone_on_with_live_nor_the_other_way(trader):
    allowed(trader)
    words = ["--source", "live", "--account", "mine"]
    code, told, _ = run(trader, *words, until="mode: paper")
    assert code == 0, told
    code, told, _ = run_live(trader)
    assert (code, "began with other data or settings" in told) == (2, True), told
    code, told, _ = run_live(trader, "--new")
    assert code == 0, told
    code, told, _ = run(trader, *words, until="mode: paper")
    assert (code, "began with other data or settings" in told) == (2, True), told
    trader.open()


def allowed(trader) -> None:
    """Have everything allowed, and leave the account to another process."""
    trader.gateway.allow()
    wait_until(lambda: trader.gateway.oracle.missing().complete, 10, "the allowances")
    trader.close()


def test_no_command_takes_a_secret_on_its_command_line():
    import typer

    def options(command, path):
        for name, sub in getattr(command, "commands", {}).items():
            yield from options(sub, (*path, name))
        for parameter in command.params:
            yield path, parameter.name, tuple(parameter.opts)

    named = [
        each
        for each in options(typer.main.get_command(app), ())
        if re.search("secret|passphrase|api.?key|private", str(each))
    ]
    assert named == []


def test_key_files_that_others_can_read_are_refused(trader):
    path = trader.directory.keys / API_KEY_FILE
    path.chmod(0o644)
    with pytest.raises(UsageError, match="chmod 600"):
        kept_api_key(trader.directory, trader.gateway.key.address)
    path.chmod(0o600)


def test_credentials_that_the_venue_forgot_are_derived_anew(trader):
    path = trader.directory.keys / API_KEY_FILE
    good = path.read_bytes()
    path.write_bytes(good.replace(json.loads(good)["key"].encode(), b"00000000-0000-4000-8000-000000000000"))
    start(trader).close()
    assert path.read_bytes() == good


def test_credentials_of_another_order_key_are_derived_anew(venue, trader):
    (trader.directory.keys / "order.key").write_text((77).to_bytes(32, "big").hex())
    before = (trader.directory.keys / API_KEY_FILE).read_bytes()
    start(trader).close()
    assert (trader.directory.keys / API_KEY_FILE).read_bytes() != before
