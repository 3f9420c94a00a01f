"""The API credentials of the private CLOB: derived from the order key once, and kept in a file of the owner's only.

A secret leaves this module in no text: not in a repr, an exception, a log or a message.
"""

import os
import time
from pathlib import Path

import msgspec

from whaletrader.adapters.local.keys import OrderKey, load_secret, paper_secret
from whaletrader.adapters.polymarket.secure_clob import AccountKey, Http, obtain_api_key
from whaletrader.app.layout import DataDirectory
from whaletrader.domain.clob_auth import ApiKey
from whaletrader.errors import StorageError, UsageError

ORDER_KEY_FILE = "order.key"
API_KEY_FILE = "venue.key"
RELAYER_KEY_FILE = "relayer.key"


class _Kept(msgspec.Struct, forbid_unknown_fields=True):
    address: str
    key: str
    secret: str = ""
    passphrase: str = ""

    def __repr__(self) -> str:
        return f"_Kept({self.address})"


def api_key(directory: DataDirectory, http: Http, key: AccountKey, *, anew: bool = False) -> ApiKey:
    """Return the order key's API credentials, from their file or (always, if `anew`) from the venue, and keep them."""
    path = directory.keys / API_KEY_FILE
    kept = _read(path)
    if kept is not None and kept.address == key.address and not anew:
        return ApiKey(kept.key, kept.secret, kept.passphrase)
    found = obtain_api_key(http, key, now_s=lambda: int(time.time()))
    _write(path, _Kept(key.address, found.key, found.secret, found.passphrase))
    return found


def kept_api_key(directory: DataDirectory, address: str) -> ApiKey | None:
    """Return the credentials of the file without asking anybody."""
    kept = _read(directory.keys / API_KEY_FILE)
    return ApiKey(kept.key, kept.secret, kept.passphrase) if kept is not None and kept.address == address else None


def relayer_headers(directory: DataDirectory) -> dict[str, str]:
    """Return the headers that authenticate to the relayer; `UsageError` where its key was not put down yet."""
    kept = _read(directory.keys / RELAYER_KEY_FILE)
    if kept is None:
        raise UsageError(
            f'redeeming needs a relayer key: write {{"address": "0x…", "key": "…"}} to '
            f"{directory.keys / RELAYER_KEY_FILE} and chmod 600 it"
        )
    return {"RELAYER_API_KEY": kept.key, "RELAYER_API_KEY_ADDRESS": kept.address}


def _read(path: Path) -> _Kept | None:
    try:
        if path.stat().st_mode & 0o077:
            raise UsageError(f"the key file {path} can be read by others: chmod 600 it")
        return msgspec.json.decode(path.read_bytes(), type=_Kept)
    except FileNotFoundError:
        return None
    except (msgspec.MsgspecError, OSError) as error:
        # The cause is left out on purpose: it may quote what the file holds.
        kind = type(error).__name__
        raise UsageError(f"the key file {path} cannot be used ({kind}): remove it to derive it anew") from None


def _write(path: Path, kept: _Kept) -> None:
    """Replace the file as a whole; it is never readable by others, not even for a moment."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(kept))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise StorageError(f"The key file {path} cannot be written: {error.strerror}.") from None


def live_order_key(directory: DataDirectory, account: str) -> OrderKey:
    """Return the key that signs real orders; `UsageError` where there is none, or only the paper account's.

    A live key is put down by its owner and never made here: nobody but the owner may know it.
    """
    path = directory.keys / ORDER_KEY_FILE
    if not path.exists():
        raise UsageError(f"live mode needs your order key: write its 64 hex digits to {path} and chmod 600 it")
    key = OrderKey(load_secret(path))
    if key.address == OrderKey(paper_secret(account)).address:
        raise UsageError(f"{path} holds the paper account's key, which is public; live mode needs a key of your own")
    return key
