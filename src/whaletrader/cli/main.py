"""The `whaletrader` command: gathers the sub-commands and turns faults into one sentence and an exit code.

Every command module imports heavy things inside its functions, so that `--help` costs no more than typer itself.
"""

import sys

import typer

from whaletrader.cli import allow, audit, backtest, config, data, demo, exchange, explain, operate, score, up
from whaletrader.cli.common import note
from whaletrader.errors import WhaleTraderError
from whaletrader.kernel_cache import use_kernel_cache

app = typer.Typer(
    name="whaletrader",
    help="Finds the Polymarket traders worth copying after our own costs, and copies them under an absolute veto.",
    epilog="First steps: `whaletrader demo`, or `whaletrader up --source sim` and then `whaletrader status`.",
    rich_markup_mode=None,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("up")(up.up_command)
app.command("demo")(demo.demo_command)
app.add_typer(data.app, name="data")
app.add_typer(score.app, name="score")
app.command("backtest")(backtest.backtest_command)
app.command("exchange")(exchange.exchange_command)
app.command("replay")(audit.replay_command)
app.command("explain")(explain.explain_command)
app.command("status")(operate.status_command)
app.command("kill")(operate.kill_command)
app.command("resume")(operate.resume_command)
app.command("prune")(operate.prune_command)
app.command("doctor")(operate.doctor_command)
app.command("allow")(allow.allow_command)
app.add_typer(config.app, name="config")
app.add_typer(audit.app, name="audit")


@app.callback()
def _before_any_command() -> None:
    """Finds the Polymarket traders worth copying after our own costs, and copies them under an absolute veto."""
    use_kernel_cache()


def main() -> None:
    """Run the command; 0 done, 1 failed, 2 bad usage."""
    try:
        app()
    except WhaleTraderError as fault:
        note(f"whaletrader: {fault.message}")
        sys.exit(fault.exit_code)
    except OSError as fault:
        place = f" ({fault.filename})" if fault.filename else ""
        note(f"whaletrader: the system refused: {fault.strerror or fault}{place}; what was committed before is kept.")
        sys.exit(1)
    except KeyboardInterrupt:
        note("whaletrader: interrupted; what was committed is kept.")
        sys.exit(1)
