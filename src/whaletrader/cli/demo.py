"""`whaletrader demo`: the main job in one go: a run over a source with the dashboard, then the backtest on it."""

from contextlib import nullcontext
from pathlib import Path

import typer

from whaletrader.cli.common import DataDir, data_directory, note, say


def demo_command(
    data: Path | None = typer.Option(None, "--data", help="A dataset or data bundle (default: a simulated market)."),
    exit_at_end: bool = typer.Option(False, "--exit", help="Do not keep serving the dashboard."),
    port: int | None = typer.Option(None, "--port", min=0, max=65535, help="Dashboard's port (setting web.port)."),
    seed: int | None = typer.Option(None, "--seed", min=0, help="Seed of everything random (setting seed)."),
    data_dir: Path | None = DataDir,
) -> None:
    """Replay a market through all agents, then backtest it; print what came of it and where the report lies.

    Example: whaletrader demo --exit
    """
    from whaletrader.app.layout import DataDirectory
    from whaletrader.cli.backtest import backtest_and_print
    from whaletrader.cli.summary import print_summary
    from whaletrader.cli.up import dashboard_for, run_source, serve_until_interrupted, settings_for

    directory = DataDirectory(data_directory(data_dir))
    settings = settings_for(directory.root, account=None, seed=seed, port=port)
    source = f"replay:{data}" if data else "sim"
    with dashboard_for(settings, directory) if port != 0 or not exit_at_end else nullcontext() as board:
        summary = run_source(source, directory, settings, board)
        print_summary(summary)
        if not summary.ended:
            note("stopped; nothing is lost: the next start with the same source goes on.")
            raise typer.Exit(1)
        say("")
        backtest_and_print(source, directory, settings)
        if board is not None and not exit_at_end:
            serve_until_interrupted(board)
