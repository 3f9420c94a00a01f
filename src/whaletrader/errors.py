"""Every exception that Whale Trader raises on purpose; what a caller may retry says so itself.

::

    WhaleTraderError
    ├── UsageError            the caller asked for something that cannot be (exit code 2)
    │   └── SettingError      an unknown, ill-typed or impossible setting
    ├── DataError             input data that cannot be used as it is
    │   ├── SchemaError       wrong or missing columns, unknown schema version
    │   └── CorruptLogError   the hash chain, its head or its anchor do not hold
    ├── CodecError            bytes that are no message of ours (goes to the dead-letter log)
    ├── ConflictError         the same id with other content, or a record that exists already
    ├── BusyError             the data directory or the port is in use by somebody else
    ├── StorageError          the disk is full, read-only or gone
    ├── ExchangeError         the exchange could not be asked (the outcome is unknown, never "rejected")
    │   └── VenueError        one of the venue's services answered with an error, or not at all
    ├── ExecutorError         a part of some distributed work failed, or its worker died
    ├── SignerRefusal         the order is outside its sealed approval, or the kill latch is thrown
    └── AgentFault            an agent failed on a message: the run halts, and goes on from there when it is mended

A refusal by the risk kernel is data (`RejectedTrade`), not an exception; a bug is an assertion.
"""


class WhaleTraderError(Exception):
    """The root: one clear sentence in `message`, and whether the same call may succeed later."""

    exit_code = 1

    def __init__(self, message: str, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.retryable = retryable


class UsageError(WhaleTraderError):
    """The command or its arguments cannot be carried out as given."""

    exit_code = 2


class SettingError(UsageError):
    """A setting is unknown, ill-typed or outside its allowed values."""


class DataError(WhaleTraderError):
    """Input data that cannot be used as it is."""


class SchemaError(DataError):
    """Columns, types or the schema version are not the expected ones."""


class CorruptLogError(DataError):
    """The event log's chain, head or anchor does not hold; the message names the place."""


class CodecError(WhaleTraderError):
    """Bytes that are no message of ours; `reason` is a `DeadLetterReason` value."""

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class ConflictError(WhaleTraderError):
    """The same identity with other content: nothing may be dropped, so the writer halts."""


class BusyError(WhaleTraderError):
    """Somebody else holds the data directory or the port."""


class StorageError(WhaleTraderError):
    """The disk is full, read-only or gone; what was committed before is intact."""


class ExchangeError(WhaleTraderError):
    """The exchange could not be asked or did not answer; the outcome is unknown."""


class VenueError(ExchangeError):
    """One of the venue's services answered with an error status, or not at all (status 0).

    `words` is the venue's own sentence and `code` its code, where it gave them; `retry_after_s` is what it asked for.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 0,
        words: str = "",
        code: str = "",
        retryable: bool = False,
        retry_after_s: float = 0.0,
    ) -> None:
        super().__init__(message, retryable=retryable)
        self.status = status
        self.words = words
        self.code = code
        self.retry_after_s = retry_after_s


class ExecutorError(WhaleTraderError):
    """A part of the work failed (the cause is attached), or the worker that had it died."""


class SignerRefusal(WhaleTraderError):
    """The order signer refuses to sign: outside the seal's bounds, a bad seal, or the kill latch."""


class AgentFault(WhaleTraderError):
    """An agent failed on a message; everything handled before it is committed, nothing of it is."""
