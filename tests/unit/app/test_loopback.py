"""A venue on this machine is known by its address."""

import pytest

from whaletrader.app.loopback import is_loopback


@pytest.mark.parametrize("url", ["http://127.0.0.1:8900/x", "ws://localhost/ws", "http://[::1]:1", "https://127.1.2.3"])
def test_an_address_of_this_machine_is_known(url):
    assert is_loopback(url)


@pytest.mark.parametrize("url", ["https://clob.polymarket.com", "http://192.168.1.2", "127.0.0.1:8900", "", "x"])
def test_every_other_is_not(url):
    assert not is_loopback(url)
