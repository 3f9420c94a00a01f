"""Raw pages: the venue's answers exactly as they came, one JSON line each, as `whaletrader data pull` keeps them.

A line is `{"source", "params", "fetched_ts", "body"}`. The files of a kind are numbered (`raw/trades-0001.jsonl`, …)
and a full one is never written again, so that an import reads each of them once. Nothing is decoded here.

Sources and their bodies: `data_v2.activity`, `data_v2.trades`, `data_v2.positions`, `data_v2.resolutions` (the v2
envelope `{data, pagination}`); `data_v1.activity`, `data_v1.trades` (bare arrays); `gamma.markets`
(`{markets, next_cursor}`); `clob.prices_history` (`{history: [{t, p}]}`, the token in `params.market`); `chain.logs`
(`{result: [log, …], timestamps: {block hex: unix seconds}}`); `subgraph.<entity>` (`{data: {<entity>: […], _meta}}`);
`pull.coverage` (`{rows: [{address, coverage, since_s, until_s, rows, truncated}]}`, ours: what of each wallet is
whole).
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from whaletrader.errors import SchemaError

RAW_FOLDER = "raw"
KINDS = ("trades", "trades-v1", "markets", "prices", "chain", "subgraph", "coverage")
"""Of files: the name's first word."""


class RawPage(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of one source."""

    source: str
    params: dict[str, str | int | bool]
    """What was asked, without the cursor's secrets or keys (there are none)."""
    fetched_ts: int
    body: msgspec.Raw
    trimmed: int = 0
    """Rows that the answer held beyond the period asked for, and that were left out of `body`."""


_LINE = msgspec.json.Decoder(RawPage)


def raw_file(folder: Path, kind: str, number: int) -> Path:
    """The number-th file of a kind, counted from 1."""
    return folder / RAW_FOLDER / f"{kind}-{number:04d}.jsonl"


def raw_files(folder: Path) -> list[Path]:
    """Every raw file of a pull, in order of name; `folder` is the pull's folder or its `raw`."""
    place = folder / RAW_FOLDER if (folder / RAW_FOLDER).is_dir() else folder
    return sorted(place.glob("*-[0-9][0-9][0-9][0-9].jsonl"))


def encode_page(page: RawPage) -> bytes:
    """The page as a line, with its line end."""
    return msgspec.json.encode(page) + b"\n"


def read_pages(path: Path) -> Iterator[tuple[int, RawPage]]:
    """The pages of a file with their line numbers (from 0).

    Raises
    ------
    SchemaError
        A line is no raw page; the message names it.
    """
    with path.open("rb") as file:
        for number, line in enumerate(file):
            try:
                yield number, _LINE.decode(line)
            except msgspec.MsgspecError as error:
                raise SchemaError(f"{path} line {number + 1} is no raw page of a pull: {error}") from None
