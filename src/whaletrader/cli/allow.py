"""`whaletrader allow`: let the venue's contracts move what an order of the live wallet needs."""

from pathlib import Path

import typer

from whaletrader.cli.common import DataDir, data_directory, note, say


def allow_command(
    account: str | None = typer.Option(None, "--account", help="The account's name (setting account.name)."),
    confirm: str = typer.Option("", "--confirm", help="The account's name again: a transaction of the wallet is sent."),
    data_dir: Path | None = DataDir,
) -> None:
    """Allow every contract of the venue what `doctor --venue` says is missing, and wait until the chain has it.

    Example: whaletrader allow --account mine --confirm mine
    """
    from whaletrader.app.layout import DataDirectory
    from whaletrader.app.settings import load_settings
    from whaletrader.app.venue_allow import allow_venue
    from whaletrader.errors import UsageError

    directory = DataDirectory(data_directory(data_dir))
    overrides = {"account.name": account} if account else {}
    settings = load_settings(directory.root, overrides=overrides).settings
    if confirm != settings.account.name:
        raise UsageError(
            f"this sends a transaction of the wallet: say --confirm {settings.account.name} if it is meant"
        )
    missing = allow_venue(settings, directory, note)
    say("nothing was missing" if not missing else f"allowed: {', '.join(missing)}")
