"""Settings come from four places, and a bad one is refused by name."""

from pathlib import Path

import pytest

from whaletrader.app.settings import FILE_NAME, load_settings
from whaletrader.config.tree import Settings
from whaletrader.errors import SettingError, StorageError


def write(folder: Path, text: str) -> Path:
    (folder / FILE_NAME).write_text(text)
    return folder


def test_without_a_file_every_value_is_the_default(tmp_path: Path) -> None:
    loaded = load_settings(tmp_path, environment={})
    assert loaded.settings == Settings()
    assert {value.origin for value in loaded.values} == {"default"}


def test_money_is_written_in_whole_units(tmp_path: Path) -> None:
    loaded = load_settings(write(tmp_path, '[account]\nstarting_equity = "2500.50"\n'), environment={})
    assert loaded.settings.account.starting_equity_micro == 2_500_500_000
    shown = {value.name: value for value in loaded.values}
    assert shown["account.starting_equity"].value == "2500.5"
    assert shown["account.starting_equity"].origin == FILE_NAME


def test_the_environment_beats_the_file_and_the_command_line_beats_both(tmp_path: Path) -> None:
    write(tmp_path, "[limits]\nper_trade = 0.01\n")
    env = {"WHALETRADER_LIMITS__PER_TRADE": "0.015"}
    assert load_settings(tmp_path, environment={}).settings.limits.per_trade_micro == 10_000
    assert load_settings(tmp_path, environment=env).settings.limits.per_trade_micro == 15_000
    loaded = load_settings(tmp_path, environment=env, overrides={"limits.per_trade": "0.005"})
    assert loaded.settings.limits.per_trade_micro == 5_000
    assert next(v for v in loaded.values if v.name == "limits.per_trade").origin == "command line"


def test_the_data_variable_is_no_setting(tmp_path: Path) -> None:
    env = {"WHALETRADER_DATA": "/somewhere", "WHALETRADER_FAILPOINT": "before_send:1"}
    assert load_settings(tmp_path, environment=env).settings == Settings()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[limits]\nper_trad = 0.01\n", ["limits.per_trad", "did you mean limits.per_trade?"]),
        ("nonsense = 1\n", ["nonsense"]),
        ('[account]\nstarting_equity = "lots"\n', ["account.starting_equity", "decimal number", "lots"]),
        ("[account]\nstarting_equity = true\n", ["account.starting_equity", "decimal number"]),
        ("[account]\nstarting_equity = 0\n", ["account.starting_equity", ">= 1", "whaletrader.toml"]),
        ("[web]\nport = 99999\n", ["web.port", "<= 65535"]),
        ("[web]\nport = 80.5\n", ["web.port", "whole number"]),
        ("[account]\nname = 'Bad Name'\n", ["account.name", "regex"]),
        ("[limits]\nper_trade_micro = 5\n", ["limits.per_trade_micro"]),
        ("[limits\n", ["not valid TOML"]),
        ("[discovery]\nbootstrap_resamples = 99\n", ["discovery.bootstrap_resamples", ">= 100"]),
        ("[discovery]\nconfidence = 0.5\n", ["discovery.confidence"]),
        ("[follower]\ndelay_s = 'nan'\n", ["follower.delay_s", "whole number"]),
    ],
)
def test_a_bad_setting_is_refused_with_its_name_and_what_is_allowed(
    tmp_path: Path, text: str, words: list[str]
) -> None:
    with pytest.raises(SettingError) as refused:
        load_settings(write(tmp_path, text), environment={})
    for word in words:
        assert word in refused.value.message
    assert refused.value.exit_code == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("clob_url", ""),
        ("clob_url", "nonsense"),
        ("clob_url", "ftp://host"),
        ("clob_url", "http://"),
        ("clob_url", "http://host:99999"),
        ("clob_url", "http://host:0"),
        ("clob_url", "http://[::1"),
        ("clob_url", "http://ho st"),
        ("clob_url", "http://host\\n"),
        ("clob_url", "https://host/?x=1"),
        ("data_url", "https://host/#part"),
        ("gamma_url", "wss://host"),
        ("stream_url", "http://host/ws"),
        ("rpc_stream_url", "https://host"),
    ],
)
def test_an_address_that_leads_nowhere_is_refused_by_name_and_not_quoted(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingError) as refused:
        load_settings(write(tmp_path, f'[venue]\n{name} = "{value}"\n'), environment={})
    assert refused.value.message.startswith(f"Setting venue.{name} (from {FILE_NAME}) must be an address such as ")
    assert not value or f" {value} " not in refused.value.message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("clob_url", "http://127.0.0.1:8900"),
        ("clob_url", "http://[::1]:8900/clob"),
        ("geoblock_url", "https://xn--nnsense-90a.example/api/geoblock"),
        ("rpc_url", "https://node.example/v2/a-key?apikey=other"),
        ("rpc_stream_url", "wss://node.example/ws?apikey=other"),
        ("rpc_stream_url", ""),
        ("stream_url", "ws://paper_exchange:8900/ws"),
    ],
)
def test_an_address_that_can_be_connected_to_is_taken(tmp_path: Path, name: str, value: str) -> None:
    loaded = load_settings(write(tmp_path, f'[venue]\n{name} = "{value}"\n'), environment={})
    assert getattr(loaded.settings.venue, name) == value


def test_a_file_that_is_no_text_is_a_storage_fault(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(StorageError, match="cannot be read"):
        load_settings(tmp_path, environment={})
