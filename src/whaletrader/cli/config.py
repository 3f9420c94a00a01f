"""`whaletrader config`: show every setting with its origin, or only check them."""

from pathlib import Path

import typer

from whaletrader.cli.common import AsJson, DataDir, data_directory, print_json, say

app = typer.Typer(
    help="Settings: what they are, and where each came from.", rich_markup_mode=None, no_args_is_help=True
)


@app.command()
def show(data_dir: Path | None = DataDir, as_json: bool = AsJson) -> None:
    """Print every setting, its value and its origin.

    Example: whaletrader config show --json
    """
    from whaletrader.app.settings import load_settings

    loaded = load_settings(data_directory(data_dir))
    if as_json:
        print_json({value.name: {"value": value.value, "origin": value.origin} for value in loaded.values})
        return
    width = max(len(value.name) for value in loaded.values)
    for value in loaded.values:
        say(f"{value.name:<{width}}  {value.value:<32} {value.origin}")


@app.command()
def check(data_dir: Path | None = DataDir) -> None:
    """Check the settings file and the environment; exit code 2 names the first bad setting.

    Example: whaletrader config check
    """
    from whaletrader.app.settings import load_settings

    loaded = load_settings(data_directory(data_dir))
    changed = sum(value.origin != "default" for value in loaded.values)
    say(f"{len(loaded.values)} settings are in order, {changed} of them changed from the default.")
