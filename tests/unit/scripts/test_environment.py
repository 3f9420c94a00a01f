"""The set-up takes the installer from the lock with its hashes, and repeats a step only when its inputs changed."""

import pytest

from scripts import environment

LOCK = """\
typer==0.29.2 \\
    --hash=sha256:aa
    # via whaletrader (pyproject.toml)
uv==0.13.9 \\
    --hash=sha256:bb \\
    --hash=sha256:cc
    # via whaletrader (pyproject.toml)
uvicorn==0.54.0 \\
    --hash=sha256:dd
"""


@pytest.fixture
def stamps(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "STAMPS", tmp_path / "stamps")
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    return tmp_path


def test_one_package_with_all_its_hashes_is_taken_from_a_lock():
    block = environment.locked_block(LOCK, "uv")
    assert block.splitlines() == ["uv==0.13.9 \\", "    --hash=sha256:bb \\", "    --hash=sha256:cc"]


def test_the_last_package_of_a_lock_is_found_too():
    assert environment.locked_block(LOCK, "uvicorn").splitlines() == ["uvicorn==0.54.0 \\", "    --hash=sha256:dd"]


@pytest.mark.parametrize("lock", environment.LOCKS.values(), ids=environment.LOCKS)
def test_both_locks_hold_the_installer_and_the_back_end(lock):
    text = lock.read_text(encoding="utf-8")
    assert "--hash=sha256:" in environment.locked_block(text, "uv")
    assert "--hash=sha256:" in environment.locked_block(text, "setuptools")


def test_a_step_is_done_again_only_when_an_input_changed(stamps):
    lock = stamps / "some.lock"
    lock.write_text("a", encoding="utf-8")
    first = environment.fingerprint([lock])
    assert not environment.is_stamped("installed-run", first)
    environment.stamp("installed-run", first)
    assert environment.is_stamped("installed-run", environment.fingerprint([lock]))
    lock.write_text("b", encoding="utf-8")
    assert not environment.is_stamped("installed-run", environment.fingerprint([lock]))


def test_moving_bytes_from_one_file_to_the_next_changes_the_fingerprint(stamps):
    one, two = stamps / "one", stamps / "two"
    one.write_text("ab", encoding="utf-8")
    two.write_text("c", encoding="utf-8")
    first = environment.fingerprint([one, two])
    one.write_text("a", encoding="utf-8")
    two.write_text("bc", encoding="utf-8")
    assert environment.fingerprint([one, two]) != first


def test_a_python_that_is_too_old_is_refused_in_one_sentence(stamps, monkeypatch):
    monkeypatch.setattr(environment, "PYTHON", stamps / "none")
    monkeypatch.setattr(environment, "OLDEST_PYTHON", (99, 0))
    with pytest.raises(environment.SetupError, match=r"Python 3\.11 or newer is needed"):
        environment.create_venv()


def test_a_development_environment_serves_a_run(stamps, monkeypatch):
    (stamps / "pyproject.toml").write_text("", encoding="utf-8")
    locks = {name: stamps / f"{name}.lock" for name in ("run", "dev")}
    for lock in locks.values():
        lock.write_text(LOCK, encoding="utf-8")
    monkeypatch.setattr(environment, "LOCKS", locks)
    calls = []
    monkeypatch.setattr(environment, "install_with_uv", lambda lock: calls.append(lock.stem) or "uv")
    environment.install("dev")
    environment.install("run")
    environment.install("dev")
    assert calls == ["dev"]


def test_a_run_environment_does_not_serve_development(stamps, monkeypatch):
    (stamps / "pyproject.toml").write_text("", encoding="utf-8")
    locks = {name: stamps / f"{name}.lock" for name in ("run", "dev")}
    for lock in locks.values():
        lock.write_text(LOCK, encoding="utf-8")
    monkeypatch.setattr(environment, "LOCKS", locks)
    calls = []
    monkeypatch.setattr(environment, "install_with_uv", lambda lock: None)
    monkeypatch.setattr(environment, "install_with_pip", lambda lock: calls.append(lock.stem) or "pip")
    environment.install("run")
    environment.install("dev")
    assert calls == ["run", "dev"]
