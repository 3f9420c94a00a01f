"""`whaletrader exchange`: a local exchange that speaks the venue's protocols, to trade against without a cent."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from whaletrader.cli.common import data_directory, note, say

if TYPE_CHECKING:
    from whaletrader.app.exchange import LocalExchange


def exchange_command(
    port: int = typer.Option(8900, "--port", min=0, max=65535, help="Where it listens on this machine; 0 is any."),
    source: str = typer.Option("sim", "--source", help="Who trades: sim, replay:PATH (a dataset) or none."),
    speed: float = typer.Option(1.0, "--speed", help="How much faster than real time a source is played."),
    begin: str = typer.Option("first", "--begin", help="Where a replay begins: first, now, or a date of the dataset."),
    trading_s: float = typer.Option(
        0.0, "--trading-s", min=0, help="Seconds until nobody trades by himself; 0: never."
    ),
    seed: int = typer.Option(7, "--seed", min=0, help="Seed of everything random."),
    faults: Path | None = typer.Option(None, "--faults", help="A fault plan (TOML): what goes wrong, and how often."),
    truth: Path | None = typer.Option(None, "--truth", help="A file for every settled fill, one JSON line each."),
    state: Path | None = typer.Option(None, "--state", help="A file from which it goes on after a restart or a kill."),
    keep: float = typer.Option(2.0, "--keep", min=0, help="Hours that ended orders and trades are told for; 0: ever."),
    settle_s: float = typer.Option(2.0, "--settle-s", help="Seconds from a match to its transaction."),
    cash: int = typer.Option(10_000, "--cash", min=0, max=10**9, help="Paper dollars of every new wallet."),
    tier: str = typer.Option("standard", "--tier", help="Rate-limit tier of every caller: standard … elite."),
    limits: str = typer.Option("enforce", "--limits", help="Rate limits: enforce, warn or off."),
    eoa: bool = typer.Option(False, "--eoa", help="Take plain keys as makers too (the venue refuses new ones)."),
    builder: list[str] = typer.Option(
        [], "--builder", help="A builder code and its fees in bps, CODE:MAKER:TAKER; may be given several times."
    ),
) -> None:
    """Serve a SIMULATED exchange on this machine until Ctrl-C; print the settings that lead to it.

    Example: whaletrader exchange --port 8900 --source sim
    """
    from whaletrader.app.exchange import ExchangeOptions, LocalExchange, serve_exchange

    running: list[LocalExchange] = []

    def ready(exchange: LocalExchange) -> None:
        running.append(exchange)
        _told(exchange)

    serve_exchange(
        ExchangeOptions(
            port=port,
            source=source,
            speed=speed,
            seed=seed,
            faults=faults,
            truth=truth,
            begin=begin,
            trading_s=trading_s,
            state=state,
            keep_h=keep,
            settle_s=settle_s,
            cash=cash,
            tier=tier,
            limits=limits,
            eoa=eoa,
            builders=tuple(builder),
        ),
        ready,
    )
    struck = ", ".join(f"{name} {count}" for name, count in sorted(running[0].struck.items()))
    note(f"the exchange has ended; faults: {struck or 'none'}.")


def _told(exchange: "LocalExchange") -> None:
    from whaletrader.app.exchange import settings_text
    from whaletrader.app.settings import FILE_NAME

    markets = f"with {exchange.markets} markets" if exchange.markets else "that lists markets as they are replayed"
    say(f"SIMULATED exchange on http://127.0.0.1:{exchange.port} {markets}; Ctrl-C ends it.")
    say(f"These settings, in {data_directory(None) / FILE_NAME}, lead everything to it; none of it is real money:")
    say("")
    say(settings_text(exchange.port))
