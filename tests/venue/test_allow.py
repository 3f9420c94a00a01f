"""`whaletrader allow` on the local exchange: what is missing is sent once, and only when it is meant."""

import pytest

from tests.support.command import run
from tests.support.venue_desk import Trader, local_exchange
from whaletrader.app.exchange import settings_text


@pytest.fixture
def trader(tmp_path):
    with local_exchange() as venue:
        made = Trader(venue, tmp_path / "live", 5_002)
        made.directory.settings_file.write_text(settings_text(venue.port) + "\n")
        yield made
        made.close()


def test_the_allow_command_sends_what_is_missing_once_and_only_when_it_is_meant(trader):
    words = ("allow", "--account", "mine", "--data-dir", trader.root)
    trader.close()
    refused = run(*words)
    assert refused.returncode == 2
    assert "--confirm mine" in refused.stderr
    first = run(*words, "--confirm", "mine")
    assert first.returncode == 0, first.stderr
    assert "allowed: " in first.stdout
    assert "COLLATERAL_ADAPTER" in first.stdout
    again = run(*words, "--confirm", "mine")
    assert again.stdout.strip() == "nothing was missing"
    trader.open()
    assert trader.gateway.oracle.missing().complete
