"""Live trading: the live world with the venue's own exchange; everything that speaks against it refuses the start.

The account's name was said again, the key is the owner's own, the place is not barred, the wallet's kind can trade, its
contracts are allowed, its money is there, and our ledger agrees with the exchange and the chain: then, and only then.
"""

import threading
import time
from contextlib import ExitStack

from msgspec.structs import replace

from whaletrader.adapters.polymarket.reconcile import Ledger, require_agreement
from whaletrader.agents.execution import Trader
from whaletrader.app.build import App
from whaletrader.app.layout import DataDirectory, RunFolder
from whaletrader.app.live_world import Parts, listen, live_app
from whaletrader.app.sources import Tell
from whaletrader.app.venue_gateway import Gateway, open_gateway
from whaletrader.app.venue_left import left_behind, require_nothing_left
from whaletrader.config.tree import Settings
from whaletrader.datasets.store import Dataset
from whaletrader.domain.order_hash import CONTRACT_WALLET
from whaletrader.domain.reverts import RevertAlarm, Reverts
from whaletrader.domain.values import MICRO, FeeProvenance
from whaletrader.errors import UsageError
from whaletrader.runtime.projections.cash import CashState
from whaletrader.runtime.projections.positions import PositionsState

MODE = "LIVE: real money"
NOT_RECONCILED = "NOT_RECONCILED"


def build_live_money(
    settings: Settings,
    directory: DataDirectory,
    folder: RunFolder,
    dataset: Dataset | None,
    tell: Tell,
    *,
    leave_behind: bool = False,
) -> App:
    """Open the account and put the run together; it is compared with the exchange and the chain when it begins.

    `leave_behind` lets a new run begin though an earlier one's shares are there.

    Raises
    ------
    UsageError, ExchangeError
        Something speaks against trading: one sentence says what.
    """
    settings = replace(settings, limits=replace(settings.limits, accept_fee_provenance=(FeeProvenance.MARKET.value,)))
    parts, agreed = listen(settings, folder), threading.Event()
    with ExitStack() as undone:
        undone.callback(parts.stopping.close)
        gateway = open_gateway(
            settings,
            directory,
            folder.gateway,
            mark=lambda token_id: _mark(parts, token_id),
            alarm=lambda alarm, counts: tell(alarm_words(alarm, counts)),
            resumed_ts=lambda: app.views.account.state.resumed_ts,
            gates=[lambda: "" if agreed.is_set() else NOT_RECONCILED],
        )
        undone.pop_all()
    app = live_app(
        settings,
        directory,
        folder,
        parts,
        gateway.exchange,
        _trader(settings, gateway),
        gateway.key,
        dataset=dataset,
        mode=MODE,
        more=(gateway,),
    )
    listen_on = app.begin

    def begin() -> None:
        gateway.start()
        hear_answers(app)
        if not traded(app.views.positions.state):  # a start that was refused leaves a log behind, and no trade in it
            _leave(gateway, directory, folder, tell if leave_behind else None)
            require_money(gateway, settings.account.starting_equity_micro)
        agree(gateway, app, tell)
        agreed.set()
        listen_on()
        tell(f"{MODE}: account {settings.account.name}, wallet {gateway.kind.wallet}")

    app.begin = begin
    return app


def _leave(gateway: Gateway, directory: DataDirectory, folder: RunFolder, tell: Tell | None) -> None:
    """Tell what earlier runs left, or refuse the start where there is nobody to be told."""
    left = left_behind(directory, folder, gateway.oracle, gateway.actions, gateway.clob)
    if tell is None:
        require_nothing_left(directory, left)
        return
    for each in left:
        tell(f"{each.words}: nobody looks after that")


def agree(gateway: Gateway, app: App, tell: Tell) -> None:
    """Refuse the start where our ledger and the account differ gravely, and tell what else is wrong.

    The account is looked after already, and neither side is read in an instant: a fill or a payment between both would
    be a difference. So a grave one is believed when it is there the second time, everything heard once more.
    """
    found = gateway.reconcile(ledger_of(app.views.positions.state, app.views.cash.state))
    if any(each.grave for each in found):
        gateway.exchange.refresh()
        hear_answers(app)
        found = gateway.reconcile(ledger_of(app.views.positions.state, app.views.cash.state))
    require_agreement(found)
    for each in found:
        tell(f"the account differs from our ledger, and nothing is made of it: {each.words}")
    if (watched := gateway.watch.look()).alarm:
        tell(alarm_words(watched.alarm, watched.counts))


def alarm_words(alarm: RevertAlarm, counts: Reverts) -> str:
    """Say what is wrong with settlements, and how the gate opens again."""
    return (
        f"ALARM: {alarm}: {counts.failed} of {counts.failed + counts.settled} settlements failed; nothing is bought "
        "until `whaletrader resume`"
    )


def hear_answers(app: App) -> None:
    """Fold what the exchange told while we were away; no order leaves before ledger and account agree."""
    app.answers.ask_again()
    while (told_ts := app.answers.peek()) is not None and told_ts <= time.time_ns():
        app.engine.step(told_ts)
        app.answers.ask_again()


def ledger_of(positions: PositionsState, cash: CashState) -> Ledger:
    """Return what our log says that we own and have ordered."""
    coming: dict[str, int] = {}
    going: dict[str, int] = {}
    for change in positions.unsettled.values():
        side = coming if change.size_micro > 0 else going
        side[change.token_id] = side.get(change.token_id, 0) + abs(change.size_micro)
    tokens = {*positions.held, *coming, *going}
    held = {token: positions.held[token].size_micro if token in positions.held else 0 for token in tokens}
    return Ledger(
        open_orders=frozenset(positions.orders),
        settled_micro={token: held[token] - coming.get(token, 0) + going.get(token, 0) for token in sorted(tokens)},
        coming_micro=coming,
        going_micro=going,
        cash_micro=cash.cash_micro,
        cash_coming_micro=cash.coming_micro,
        cash_going_micro=cash.going_micro,
    )


def traded(positions: PositionsState) -> bool:
    """Tell whether any fill of this run moved money: until then all of it must be there."""
    return bool(positions.held or positions.n_closed or positions.unsettled)


def require_money(gateway: Gateway, starting_equity_micro: int) -> None:
    """Refuse a run that has not traded and whose starting equity is not there: every limit is a share of it."""
    there = gateway.oracle.collateral_micro()
    if there < starting_equity_micro:
        raise UsageError(
            f"the wallet holds {there / MICRO:,.2f} pUSD, less than account.starting_equity "
            f"({starting_equity_micro / MICRO:,.2f}): lower the setting or fund the wallet"
        )


def _trader(settings: Settings, gateway: Gateway) -> Trader:
    kind = gateway.kind
    signer = kind.wallet if kind.signature_type == CONTRACT_WALLET else gateway.key.address
    return Trader(settings.account.name, kind.wallet, signer, signature_type=kind.signature_type)


def _mark(parts: Parts, token_id: str) -> int:
    newest = parts.feed.last_print(token_id, 2**63 - 1, "")
    return newest.price_micro if newest else -1
