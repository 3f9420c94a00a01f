"""A log that an earlier version wrote opens, holds its chain, and folds to the same money."""

import json
import shutil
from pathlib import Path

import pytest

from tests.support.compare import messages
from tests.support.fold_log import folded
from whaletrader.adapters.sqlite.store import SqliteEventStore
from whaletrader.messages.orders import OrderFilled, SettlementUpdated
from whaletrader.runtime import audit

DATA = Path(__file__).resolve().parents[1] / "data"
LOGS = sorted(path.parent for path in DATA.glob("log_v*/log.db"))


@pytest.mark.parametrize("folder", LOGS, ids=lambda folder: folder.name)
def test_an_old_log_folds_to_the_same_money(folder):
    expected = json.loads((folder / "money.json").read_text())
    now = json.loads(json.dumps(folded(folder / "log.db")))
    assert {name: now[name] for name in expected} == expected
    assert expected["equity_micro"] == expected["cash_micro"] == expected["risk_cash_micro"]


@pytest.mark.parametrize("folder", LOGS, ids=lambda folder: folder.name)
def test_an_old_log_passes_the_audit_and_its_messages_can_be_read(folder, tmp_path):
    for file in folder.glob("log.*"):
        shutil.copy(file, tmp_path)
    store = SqliteEventStore.open_reader(tmp_path / "log.db")
    assert audit.verify(store).findings == []
    store.close(clean=False)
    assert messages(tmp_path / "log.db", OrderFilled)
    assert messages(tmp_path / "log.db", SettlementUpdated)


def test_there_is_a_log_of_the_first_version():
    assert [folder.name for folder in LOGS][:1] == ["log_v1"]
