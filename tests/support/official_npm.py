"""The official JavaScript client: installed once from its lock file into a cache, run as a child process."""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest

from tests.support.local_exchange import Local
from tests.support.official_python import private_key
from whaletrader.domain.wallet_addresses import deposit_wallet

HERE = Path(__file__).parent / "npm"
INSTALL_S = 300
RUN_S = 180


def installed() -> Path:
    """The folder with the client's `node_modules`; skips where there is no npm or no registry, except under CI."""
    lock = (HERE / "package-lock.json").read_bytes()
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "whaletrader-tests"
    folder = root / f"npm-{hashlib.sha256(lock).hexdigest()[:16]}"
    if not folder.is_dir():
        _install(root, folder)
    return folder


def _install(root: Path, folder: Path) -> None:
    if shutil.which("npm") is None or shutil.which("node") is None:
        _unavailable("node and npm are not installed")
    root.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=root, prefix=".npm-"))
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, draft)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        done = subprocess.run(command, cwd=draft, capture_output=True, text=True, timeout=INSTALL_S, check=False)
        failed = done.stderr.strip().splitlines()[-1:] if done.returncode else []
    except subprocess.TimeoutExpired:
        failed = ["timed out"]
    if failed:
        shutil.rmtree(draft)
        _unavailable(f"npm ci failed: {failed[0]}")
    try:
        draft.rename(folder)
    except OSError:
        # Somebody else was faster: his is the same.
        shutil.rmtree(draft)


def _unavailable(why: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(f"the official JavaScript client is required here, but {why}")
    pytest.skip(why)


def run_scenarios(local: Local) -> dict[str, dict[str, Any]]:
    """Play every scenario against an exchange; what each told, by its name."""
    folder = installed()
    script = folder / f"scenarios-{os.getpid()}.mjs"
    shutil.copy(HERE / "scenarios.mjs", script)
    try:
        done = subprocess.run(
            ["node", str(script)],
            cwd=folder,
            input=json.dumps(_setting(local)),
            capture_output=True,
            text=True,
            timeout=RUN_S,
            check=False,
        )
    finally:
        script.unlink()
    assert done.returncode == 0, done.stderr
    return {line["name"]: line for line in map(json.loads, done.stdout.splitlines())}


def _setting(local: Local) -> dict[str, Any]:
    plain, fine, group = (local.market(word) for word in ("100k", "200k", "ada-elected"))
    accounts = {}
    for name in ("ada", "bob"):
        key = private_key(name)
        accounts[name] = {"key": key, "wallet": deposit_wallet(_address(name))}
    return {
        "clob_url": local.settings.clob_url,
        "stream_url": local.settings.stream_url,
        "accounts": accounts,
        "markets": {
            "plain": plain.token_ids,
            "plain_id": plain.condition_id,
            "fine": fine.token_ids,
            "group": group.token_ids,
        },
    }


def _address(name: str) -> str:
    from tests.support.venue_callers import key_of

    return key_of(name).address
