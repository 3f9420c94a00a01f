"""What a person may choose for the local exchange, and the settings that lead to it."""

import inspect
import tomllib
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from whaletrader.app.exchange import (
    DEFAULT_KEEP_H,
    ExchangeOptions,
    open_exchange,
    plan_of,
    settings_text,
    venue_settings,
)
from whaletrader.app.settings import load_settings
from whaletrader.cli.exchange import exchange_command
from whaletrader.config.tree import VenueSettings
from whaletrader.domain.values import MICRO
from whaletrader.errors import UsageError

QUIET = ExchangeOptions(port=0, source="none")


def test_the_settings_lead_to_every_service_of_the_local_exchange() -> None:
    ours = venue_settings(8900)
    for name in ours.__struct_fields__:
        value = getattr(ours, name)
        if name.endswith("_url"):
            assert "127.0.0.1:8900" in value, name
    assert ours.stream_url == "ws://127.0.0.1:8900/ws"


def test_the_text_is_toml_that_gives_these_settings() -> None:
    told = tomllib.loads(settings_text(8900))
    ours, usual = venue_settings(8900), VenueSettings()
    assert list(told) == ["venue"]
    for name in ours.__struct_fields__:
        assert told["venue"].get(name, getattr(usual, name)) == getattr(ours, name)


def test_the_text_is_taken_as_a_settings_file(tmp_path: Path) -> None:
    (tmp_path / "whaletrader.toml").write_text(settings_text(8901))
    assert load_settings(tmp_path, environment={}).settings.venue == venue_settings(8901)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"source": "moon"}, "no source 'moon'"),
        ({"source": "replay"}, "no source 'replay'"),
        ({"source": "sim:x"}, "no source 'sim:x'"),
        ({"source": "replay:/nowhere/at/all"}, "is not there"),
        ({"speed": 0.0}, "--speed"),
        ({"speed": float("nan")}, "--speed"),
        ({"speed": 1e9}, "--speed"),
        ({"settle_s": 0.0}, "--settle-s"),
        ({"trading_s": float("inf")}, "--trading-s"),
        ({"keep_h": 0.05}, "--keep"),
        ({"keep_h": float("inf")}, "--keep"),
        ({"keep_h": float("nan")}, "--keep"),
        ({"source": "replay:.", "state": Path("state")}, "--state is for"),
        ({"settle_s": 1e9}, "--settle-s"),
        ({"tier": "wood"}, "no tier 'wood'"),
        ({"limits": "some"}, "no limit mode 'some'"),
        ({"faults": Path("/nowhere/plan.toml")}, "is not there"),
        ({"builders": ("ab" * 32,)}, "not of this form"),
        ({"builders": (f"{'ab' * 32}:1:x",)}, "not of this form"),
        ({"builders": ("ab:1:1",)}, "64 hex digits"),
        ({"builders": (f"{'ab' * 32}:51:0",)}, "makers 0 to 50 bps"),
        ({"builders": (f"{'ab' * 32}:0:101",)}, "takers 0 to 100 bps"),
    ],
)
def test_a_bad_choice_is_refused_in_one_sentence(changes: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words) as refused:
        plan_of(replace(QUIET, **changes))  # type: ignore[arg-type]
    assert refused.value.message.count("\n") == 0


def test_choices_arrive_in_the_plan(tmp_path: Path) -> None:
    options = ExchangeOptions(
        source=f"replay:{tmp_path}", speed=50, seed=3, settle_s=0.5, cash=7, tier="gold", limits="warn", eoa=True
    )
    plan = plan_of(options)
    assert (plan.replay, plan.speed, plan.seed, plan.settle_s) == (tmp_path, 50, 3, 0.5)
    assert (plan.terms.cash_micro, plan.terms.tier, plan.terms.limits) == (7 * MICRO, "gold", "warn")
    assert plan.eoa_makers
    assert plan.population


def test_without_a_source_nobody_trades() -> None:
    assert not plan_of(QUIET).population
    assert plan_of(replace(QUIET, source="sim")).population


def test_a_builder_that_was_named_is_known_to_the_exchange() -> None:
    code = f"0x{'ab' * 32}"
    with open_exchange(replace(QUIET, builders=(f"{code}:25:75",))) as exchange:
        told = httpx.get(f"{exchange.settings.clob_url}/fees/builder-fees/{code}").json()
    assert told == {"builder_maker_fee_rate_bps": 25, "builder_taker_fee_rate_bps": 75}


def test_an_open_exchange_answers_and_is_gone_afterwards() -> None:
    with open_exchange(QUIET) as exchange:
        assert exchange.markets > 0
        url = f"{exchange.settings.clob_url}/time"
        assert httpx.get(url).status_code == 200
        for face in (exchange.settings.gamma_url + "/markets", exchange.settings.geoblock_url):
            assert httpx.get(face).status_code == 200, face
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


def test_the_command_and_its_options_keep_equally_long() -> None:
    told = inspect.signature(exchange_command).parameters["keep"].default
    assert told.default == ExchangeOptions().keep_h == DEFAULT_KEEP_H
