"""Opens a live run: the venue's public feeds as they come; orders go to a paper book, or (asked for) to the venue.

No other source ever stands in: where the venue cannot be reached the start is refused in one sentence.
"""

import threading
import time
from collections.abc import Callable

from whaletrader.adapters.polymarket.clients import venue_clients
from whaletrader.agents.execution import Trader
from whaletrader.app.build import App, order_key
from whaletrader.app.layout import DataDirectory, RunFolder
from whaletrader.app.live_history import history_of, require_like
from whaletrader.app.live_money import build_live_money
from whaletrader.app.live_paper import PaperBook
from whaletrader.app.live_world import listen, live_app, on_loopback
from whaletrader.app.sources import Tell, open_history
from whaletrader.app.world import fault_plan
from whaletrader.config.tree import Settings, VenueSettings
from whaletrader.errors import VenueError, WhaleTraderError

FIRST_LOOK_S = 5.0
NO_HISTORY = (
    "no --history: nobody is followed until a scan (every discovery.scan_interval_days) finds leaders in what this run "
    "hears itself; a history from `whaletrader data pull` or `whaletrader data import` makes it begin with leaders"
)


def live_maker(
    settings: Settings,
    directory: DataDirectory,
    history: str,
    *,
    live_money: bool,
    tell: Tell,
    leave_behind: bool = False,
) -> Callable[[RunFolder], App]:
    """Check that the venue answers, open the history, and return what builds a live run over its folder.

    Raises
    ------
    WhaleTraderError
        The venue cannot be reached.
    UsageError
        The history is none, or made up where the venue is not.
    """
    require_reachable(settings.venue)
    given = open_history(history, directory, tell) if history else None
    require_like(given, simulated=on_loopback(settings.venue))

    def make(folder: RunFolder) -> App:
        dataset = history_of(folder, given, tell)
        if dataset is None:
            tell(NO_HISTORY)
        if live_money:
            return build_live_money(settings, directory, folder, dataset, tell, leave_behind=leave_behind)
        key = order_key(settings, directory)
        trader = Trader(settings.account.name, key.address, key.address)
        parts = listen(settings, folder)
        paper = PaperBook(folder.exchange, parts.feed, fault_plan(settings))
        return live_app(settings, directory, folder, parts, paper, trader, key, dataset=dataset, tell=tell)

    return make


def require_reachable(venue: VenueSettings) -> None:
    """Ask the CLOB for the time; `WhaleTraderError` says what else there is where nobody answers."""
    wake = threading.Event()
    clients = venue_clients(venue, clock=time.monotonic, wait=wake.wait, timeout_s=FIRST_LOOK_S, attempts=2)
    try:
        clients.clob.time_s()
    except VenueError as error:
        raise WhaleTraderError(
            f"the venue cannot be reached ({error.message}); nothing was started: look at the connection and "
            "venue.clob_url, or run on a simulated market with --source sim"
        ) from None
    finally:
        clients.close()
