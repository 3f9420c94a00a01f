"""Who is calling: API keys made from the exchange's seed, and both proofs of them checked.

L1 (a signed statement) makes, derives and removes keys; L2 (an HMAC) is asked of every private call. Keys are derived,
not drawn: the same account gets the same key from an exchange of the same seed. They guard paper money only.
"""

import base64
import hashlib
import hmac
import uuid
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from whaletrader.adapters.paper.server.edge import Reply, Request, reply
from whaletrader.domain.addresses import address_bytes
from whaletrader.domain.clob_auth import ApiKey, l1_digest, l2_signature_holds
from whaletrader.domain.signature import signer_of

L1_REFUSED = reply({"error": "Invalid L1 Request headers"}, 401)
L2_REFUSED = reply({"error": "Unauthorized/Invalid api key"}, 401)
_MAX_KEYS_PER_ADDRESS = 64


@dataclass(frozen=True, slots=True)
class Session:
    """An API key that proved itself."""

    address: str
    """The signing account, lower case."""
    api_key: ApiKey
    read_only: bool = False


SessionHandler = Callable[[Request, Session], Reply]


class Keyring:
    """Every API key that this exchange has given out."""

    def __init__(self, seed: int) -> None:
        self._root = hashlib.blake2b(f"paper exchange {seed}".encode(), digest_size=32).digest()
        self._nonces: dict[tuple[str, int], str] = {}
        self._sessions: dict[str, Session] = {}
        self._builders: dict[str, str] = {}

    def create(self, address: str, nonce: int) -> ApiKey | None:
        """Make an account's key; None where it exists or the account has too many."""
        if (address, nonce) in self._nonces or len(self.keys_of(address)) >= _MAX_KEYS_PER_ADDRESS:
            return None
        made = self._derived(f"{address}/{nonce}")
        self._nonces[address, nonce] = made.key
        self._sessions[made.key] = Session(address, made)
        return made

    def derive(self, address: str, nonce: int) -> ApiKey | None:
        """Return an account's key; None where it was never made."""
        key = self._nonces.get((address, nonce))
        return self._sessions[key].api_key if key is not None else None

    def read_only(self, session: Session) -> ApiKey:
        """Make a key that may look and not trade."""
        count = sum(other.read_only for other in self._sessions.values() if other.address == session.address)
        made = self._derived(f"{session.address}/read-only/{count}")
        self._sessions[made.key] = Session(session.address, made, read_only=True)
        return made

    def builder(self, session: Session) -> ApiKey:
        """Make a key that speaks for an account to the relayer, and nowhere else."""
        made = self._derived(f"{session.address}/builder/{len(self.builders_of(session))}")
        self._builders[made.key] = session.address
        return made

    def builders_of(self, session: Session) -> list[str]:
        """Ids of an account's builder keys, oldest first."""
        return [key for key, address in self._builders.items() if address == session.address]

    def remove_builders(self, session: Session) -> None:
        """Forget an account's builder keys."""
        for key in self.builders_of(session):
            del self._builders[key]

    def remove(self, key: str) -> bool:
        """Forget a key."""
        gone = self._sessions.pop(key, None)
        if gone is None:
            return False
        self._nonces = {place: name for place, name in self._nonces.items() if name != key}
        return True

    def keys_of(self, address: str, *, read_only: bool = False) -> list[str]:
        """Ids of an account's keys, oldest first."""
        return [key for key, held in self._sessions.items() if held.address == address and held.read_only == read_only]

    def by_credentials(self, key: str, secret: str, passphrase: str) -> Session | None:
        """Return the session of whole credentials, as the user stream sends them."""
        session = self._sessions.get(key)
        if session is None:
            return None
        right = hmac.compare_digest(session.api_key.secret.encode(), secret.encode())
        right &= hmac.compare_digest(session.api_key.passphrase.encode(), passphrase.encode())
        return session if right else None

    def session(self, request: Request) -> Session | None:
        """Return who made a call, by its L2 headers; None where anything about them is wrong."""
        headers = request.headers
        session = self._sessions.get(headers.get("poly_api_key", ""))
        if session is None or headers.get("poly_address", "").lower() != session.address:
            return None
        if not hmac.compare_digest(headers.get("poly_passphrase", "").encode(), session.api_key.passphrase.encode()):
            return None
        when, signature = headers.get("poly_timestamp", ""), headers.get("poly_signature", "")
        if not (when.isascii() and when.isdigit() and len(when) <= 16):
            return None
        secret = session.api_key.secret
        holds = l2_signature_holds(secret, signature, int(when), request.method, request.path, request.body)
        return session if holds else None

    def _derived(self, what: str) -> ApiKey:
        def part(name: str, size: int) -> bytes:
            return hashlib.blake2b(f"{name}/{what}".encode(), digest_size=size, key=self._root).digest()

        secret = base64.urlsafe_b64encode(part("secret", 32)).decode()
        key = str(uuid.UUID(bytes=part("key", 16), version=4))
        return ApiKey(key=key, secret=secret, passphrase=part("passphrase", 32).hex())


def l1_account(request: Request) -> tuple[str, int] | None:
    """Return the account and nonce that an L1 call proves; None where its headers do not."""
    headers = request.headers
    when, nonce = headers.get("poly_timestamp", ""), headers.get("poly_nonce", "0")
    address = headers.get("poly_address", "").lower()
    if not (_is_number(when) and _is_number(nonce)):
        return None
    try:
        address_bytes(address)
        signature = bytes.fromhex(headers.get("poly_signature", "").removeprefix("0x"))
        found = signer_of(l1_digest(address, int(when), int(nonce)), signature)
    except (ValueError, AssertionError):
        return None
    return (address, int(nonce)) if found == address else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


def credentials(api_key: ApiKey) -> dict[str, str]:
    """Return a key as the venue tells it, once, to its owner."""
    return {"apiKey": api_key.key, "secret": api_key.secret, "passphrase": api_key.passphrase}


class AuthDesk:
    """The `/auth/…` calls."""

    def __init__(self, keyring: Keyring, *, on_account: Callable[[str], None] = lambda _address: None) -> None:
        """`on_account` is told every account that gets a key: a paper exchange may fund it."""
        self._keyring = keyring
        self._on_account = on_account

    def create(self, request: Request) -> Reply:
        """`POST /auth/api-key`: a new key; 400 where the account has it."""
        proved = l1_account(request)
        if proved is None:
            return L1_REFUSED
        made = self._keyring.create(*proved)
        if made is None:
            return reply({"error": "Could not create api key"}, 400)
        self._on_account(proved[0])
        return reply(credentials(made))

    def derive(self, request: Request) -> Reply:
        """`GET /auth/derive-api-key`: the key that was made before."""
        proved = l1_account(request)
        if proved is None:
            return L1_REFUSED
        held = self._keyring.derive(*proved)
        return reply({"error": "Could not derive api key!"}, 400) if held is None else reply(credentials(held))

    def keys(self, _request: Request, session: Session) -> Reply:
        """`GET /auth/api-keys`."""
        return reply({"apiKeys": self._keyring.keys_of(session.address)})

    def remove(self, _request: Request, session: Session) -> Reply:
        """`DELETE /auth/api-key`."""
        self._keyring.remove(session.api_key.key)
        return reply("OK")

    def create_read_only(self, _request: Request, session: Session) -> Reply:
        """`POST /auth/readonly-api-key`."""
        return reply({"apiKey": self._keyring.read_only(session).key})

    def read_only_keys(self, _request: Request, session: Session) -> Reply:
        """`GET /auth/readonly-api-keys`."""
        return reply({"readonlyApiKeys": self._keyring.keys_of(session.address, read_only=True)})

    def remove_builders(self, _request: Request, session: Session) -> Reply:
        """`DELETE /auth/builder-api-key`."""
        self._keyring.remove_builders(session)
        return reply("OK")

    def remove_read_only(self, request: Request, session: Session) -> Reply:
        """`DELETE /auth/readonly-api-key {"key"}`: whether there was one to remove."""
        try:
            key = msgspec.json.decode(request.body, type=dict[str, str]).get("key", "")
        except msgspec.MsgspecError:
            return reply({"error": "Invalid payload"}, 400)
        return reply(key in self._keyring.keys_of(session.address, read_only=True) and self._keyring.remove(key))
