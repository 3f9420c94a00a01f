"""Stages fills of public archives: the exchanges' `OrderFilled` logs of either generation, and the cleaned form of one.

A log is one order's fill: its `maker` is whose order it was. Where its `taker` is an exchange the order was the
taker's, else a resting one; nothing is counted twice. Files are streamed: they may be larger than memory.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec
import polars as pl

from whaletrader.datasets.importers.archive_columns import (
    HASHES,
    ArchiveKind,
    first_name,
    flag_of,
    hash_of,
    read_table,
    text_of,
    time_of,
)
from whaletrader.datasets.importers.checks import price_reasons, size_reasons, time_reasons
from whaletrader.datasets.importers.decoded import FIRST_EXCHANGES_UNTIL
from whaletrader.datasets.importers.staging import STAGED, StagedPart
from whaletrader.datasets.manifest import SourceEntry
from whaletrader.domain.values import MICRO, TapeRole, TapeSide
from whaletrader.domain.venue_contracts import EXCHANGES

IMPORTER = "archive/1"
_BUY, _SELL = int(TapeSide.BUY), int(TapeSide.SELL)
_MOST_REJECTS = 100_000
"""So many unusable rows of a file are kept by their text; all of them are counted."""
_MOST_INDEXED_BYTES = 256 * 1024 * 1024
"""Size of a file up to which its rows are told apart by their logs' places, which takes the whole file at once."""
_LARGEST = 9e18
"""About what 64 bits hold."""
_EXCHANGES = [contract.value for contract in EXCHANGES]


def stage_order_filled(file: Path, sha256: str, kind: ArchiveKind, blocks: Sequence[Path] = ()) -> StagedPart:
    """Stage a file of logs; the rows keep their order and their place in the file.

    `blocks` are the tables that tell the times of logs which name only their block.
    """
    raw = read_table(file).with_row_index("source_row")
    if kind is ArchiveKind.BLOCK_FILLS:
        raw = _with_times(raw, blocks)
    columns = raw.collect_schema()
    old = kind is not ArchiveKind.FILLS_V2
    log = _log(columns) if "logindex" in columns and file.stat().st_size <= _MOST_INDEXED_BYTES else None
    rows = raw.with_columns(**(_old_order(columns) if old else _order(columns)))
    given, received = _whole("makeramountfilled"), _whole("takeramountfilled")
    rows = rows.with_columns(
        _collateral=pl.when(pl.col("_side") == _BUY).then(given).otherwise(received),
        size_micro=pl.when(pl.col("_side") == _BUY).then(received).otherwise(given),
    )
    rows = rows.with_columns(price_micro=_ratio("_collateral", "size_micro"))
    rows = rows.with_columns(
        ts=time_of(columns),
        address=_account("maker"),
        role=pl.when(_account("taker").is_in(_EXCHANGES)).then(int(TapeRole.TAKER)).otherwise(int(TapeRole.MAKER)),
        fee_micro=_fee(columns, old=old),
        tx_hash=hash_of(columns),
        dup_rank=_copies(log),
    )
    label = "chain.archive" if log is not None else "orderfilled.archive"
    if old and _reads_one_exchange(rows, columns):
        label = "orderfilled.partial"
    return _staged(rows, columns, file, sha256, label)


def _with_times(raw: pl.LazyFrame, blocks: Sequence[Path]) -> pl.LazyFrame:
    """Logs under the usual names with the times of their blocks, null for a block that no table tells."""
    number = pl.col("blocknumber").cast(pl.Int64, strict=False)
    named = raw.rename({"makeramount": "makeramountfilled", "takeramount": "takeramountfilled"}).with_columns(number)
    first, last = named.select(number.min().alias("first"), number.max().alias("last")).collect().row(0)
    none = pl.LazyFrame(schema={"blocknumber": pl.Int64, "timestamp": pl.String})
    told = [
        table.select(number, pl.col("timestamp").cast(pl.String)).filter(pl.col("blocknumber").is_between(first, last))
        for table in map(read_table, blocks)
    ]
    times = pl.concat([none, *told]).unique("blocknumber", keep="any")
    return named.drop("timestamp", strict=False).join(times, on="blocknumber", how="left", maintain_order="left")


def _reads_one_exchange(rows: pl.LazyFrame, columns: pl.Schema) -> bool:
    """Whether a file in the first exchanges' columns goes on after their end: such a reader knows one of the two
    exchanges in force (poly_data's second version), so that whoever trades elsewhere is not whole in it.
    """
    if "contract" in columns:
        return False
    newest = rows.select(pl.col("ts").max()).collect(engine="streaming").item()
    return newest is not None and bool(newest >= FIRST_EXCHANGES_UNTIL)


def stage_tape(file: Path, sha256: str, numbers: pl.DataFrame | None = None) -> StagedPart:
    """Stage logs whose side, shares and money were worked out: each belongs to its maker.

    `numbers` has number and condition_id: by them a log that names no token is known.
    """
    raw = read_table(file).with_row_index("source_row")
    columns = raw.collect_schema()
    log = _log(columns) if file.stat().st_size <= _MOST_INDEXED_BYTES else None
    condition = text_of(columns, "conditionid").str.to_lowercase()
    if numbers is not None:
        marked = raw.with_columns(number=text_of(columns, "marketid"))
        raw = marked.join(numbers.lazy(), on="number", how="left", maintain_order="left")
        condition = pl.col("condition_id")
    shares, money = pl.col("tokenamount"), pl.col(first_name(columns, "usdcamount", "usdamount") or "")
    rows = raw.with_columns(
        ts=time_of(columns),
        address=_account("maker"),
        role=pl.when(_account("taker").is_in(_EXCHANGES)).then(int(TapeRole.TAKER)).otherwise(int(TapeRole.MAKER)),
        _side=_side_of(columns, "makerdirection"),
        _token=text_of(columns, "tokenassetid", "assetid"),
        _condition=condition,
        size_micro=_rounded(shares.cast(pl.Float64, strict=False) * MICRO),
        price_micro=_rounded(money.cast(pl.Float64, strict=False) / shares.cast(pl.Float64, strict=False) * MICRO),
        tx_hash=hash_of(columns),
        dup_rank=_copies(log),
    )
    rows = rows.with_columns(fee_micro=_fee_of_tape(columns))
    place = text_of(columns, "nonusdcside").replace_strict({"token1": 0, "token2": 1}, default=None)
    outcome = place.cast(pl.Int8) if numbers is not None else None
    return _staged(rows, columns, file, sha256, "chain.archive" if log is not None else "orderfilled.archive", outcome)


def _fee_of_tape(columns: pl.Schema) -> pl.Expr:
    """A fee in money; in the time of the first exchanges a part of it was given back: only a fee of 0 is sure."""
    if "feeusdc" not in columns:
        return _nothing(pl.Int64)
    fee = _rounded(pl.col("feeusdc").cast(pl.Float64, strict=False) * MICRO)
    return pl.when((fee == 0) | (pl.col("ts") >= FIRST_EXCHANGES_UNTIL)).then(fee)


def stage_aligned(file: Path, sha256: str) -> StagedPart:
    """Stage the cleaned form (one row per match, times but no transactions): the maker's fill, and the taker's.

    A taker who bought the other outcome in the same match is told as selling this one, which is the same bet; such
    rows cannot be told from sales and are all counted as doubted.
    """
    raw = read_table(file).with_row_index("source_row")
    columns = raw.collect_schema()
    base = _priced(raw, columns).with_columns(tx_hash=_nothing(pl.String))
    fee = pl.col("feeusdc").cast(pl.Float64, strict=False) * MICRO if "feeusdc" in columns else _nothing(pl.Float64)
    takers = base.with_columns(
        _side=pl.col("_took"), address=_account("taker"), role=pl.lit(int(TapeRole.TAKER)), fee_micro=_rounded(fee)
    )
    part = _staged(pl.concat([_makers(base), takers]), columns, file, sha256, "aligned.archive")
    entry = part.sources[0]
    doubted = {"takers_side_of_a_mint_unknown": entry.rows_out // 2} if entry.rows_out else {}
    part.sources[0] = msgspec.structs.replace(entry, doubted=doubted)
    _aligned_markets(part, raw, columns)
    return part


def _priced(raw: pl.LazyFrame, columns: pl.Schema) -> pl.LazyFrame:
    """What both sides of a row share; `_took` is the taker's side."""
    price = pl.col("price").cast(pl.Float64, strict=False)
    return raw.with_columns(
        ts=time_of(columns),
        _took=_side_of(columns, "takerdirection"),
        _token=text_of(columns, "assetid"),
        _condition=text_of(columns, "conditionid").str.to_lowercase(),
        price_micro=_rounded(price * MICRO),
        size_micro=_rounded(pl.col("usdcamount").cast(pl.Float64, strict=False) / price * MICRO),
        dup_rank=pl.lit(0, dtype=pl.UInt16),
    )


def _makers(base: pl.LazyFrame) -> pl.LazyFrame:
    side = (_SELL + _BUY - pl.col("_took")).cast(pl.Int8)
    role = pl.lit(int(TapeRole.MAKER))
    return base.with_columns(_side=side, address=_account("maker"), role=role, fee_micro=_nothing(pl.Int64))


def _side_of(columns: pl.Schema, name: str) -> pl.Expr:
    told = text_of(columns, name).str.to_uppercase()
    return pl.when(told.is_in(["0", "BUY"])).then(_BUY).when(told.is_in(["1", "SELL"])).then(_SELL).cast(pl.Int8)


def _old_order(columns: pl.Schema) -> dict[str, pl.Expr]:
    """Side and token of a V1 log: the asset that is 0 is collateral."""
    given, received = text_of(columns, "makerassetid"), text_of(columns, "takerassetid")
    buys, sells = (given == "0") & (received != "0"), (received == "0") & (given != "0")
    side = pl.when(buys).then(_BUY).when(sells).then(_SELL).cast(pl.Int8)
    return {"_side": side, "_token": pl.when(buys).then(received).otherwise(given), "_condition": _nothing(pl.String)}


def _order(columns: pl.Schema) -> dict[str, pl.Expr]:
    """Side and token of a V2 or V3 log, which names them."""
    return {
        "_side": _side_of(columns, "side"),
        "_token": text_of(columns, "tokenid"),
        "_condition": _nothing(pl.String),
    }


def _fee(columns: pl.Schema, *, old: bool) -> pl.Expr:
    """V2's fee is what was paid. V1's was partly given back by another contract: only a fee of 0 is sure."""
    name = first_name(columns, "fee", "feeamount")
    if name is None:
        return _nothing(pl.Int64)
    fee = _whole(name)
    return pl.when(fee == 0).then(fee) if old else fee


def _log(columns: pl.Schema) -> pl.Expr | None:
    """What tells a log from all others, null where a row does not say it; None where no row does.

    A log's index alone does not: each block begins anew.
    """
    if "logindex" not in columns:
        return text_of(columns, "id") if "id" in columns else None
    if first_name(columns, *HASHES, "id", "blocknumber") is None:
        return None
    within = pl.coalesce(hash_of(columns), text_of(columns, "blocknumber"))
    return pl.concat_str(within, text_of(columns, "logindex"), separator="/")


def _copies(log: pl.Expr | None) -> pl.Expr:
    """Rows of one log that the file has twice; where nobody looks, equal rows are told apart later."""
    if log is None:
        return pl.lit(0, dtype=pl.UInt16)
    copies = pl.when(log.is_not_null()).then(pl.int_range(pl.len()).over(log)).otherwise(0)
    return copies.clip(upper_bound=0xFFFF).cast(pl.UInt16)


def _staged(
    rows: pl.LazyFrame,
    columns: pl.Schema,
    file: Path,
    sha256: str,
    label: str,
    outcome: pl.Expr | None = None,
) -> StagedPart:
    outcome = _nothing(pl.Int8) if outcome is None else outcome
    faults = {
        **time_reasons(),
        "wallet_missing": pl.col("address").is_null(),
        "side_unknown": pl.col("_side").is_null(),
        "token_missing": pl.col("_token").is_null() & (pl.col("_condition").is_null() | outcome.is_null()),
        **price_reasons(),
        **size_reasons(),
    }
    chain = pl.lit(None, dtype=pl.String)
    for reason, condition in reversed(faults.items()):
        chain = pl.when(condition.fill_null(value=False)).then(pl.lit(reason)).otherwise(chain)
    told = rows.with_columns(
        reason=chain, token_id=pl.col("_token"), condition_id=pl.col("_condition"), side=pl.col("_side"),
        outcome_index=outcome, outcome=_nothing(pl.String), source=pl.lit(0, dtype=pl.Int16),
        _told_side=pl.col("side") if "side" in columns else _nothing(pl.String),
    )  # fmt: skip
    counts = told.group_by("reason").len().collect(engine="streaming")
    dropped = Counter({str(reason): count for reason, count in counts.rows() if reason is not None})
    kept = sum(count for reason, count in counts.rows() if reason is None)
    part = StagedPart()
    part.add_lazy("trades", told.filter(pl.col("reason").is_null()))
    if dropped:
        part.add("rejects", _rejects(told, columns))
    part.sources.append(
        SourceEntry(
            name=f"trades:{label}:{file.name}",
            file=file.name,
            sha256=sha256,
            importer=IMPORTER,
            table="trades",
            rows_in=kept + dropped.total(),
            rows_out=kept,
            dropped=dict(sorted(dropped.items())),
        )
    )
    return part


def _rejects(told: pl.LazyFrame, columns: pl.Schema) -> pl.DataFrame:
    raw = [name for name in columns.names() if name not in STAGED["trades"] and name != "source_row"]
    bad = told.filter(pl.col("reason").is_not_null()).head(_MOST_REJECTS)
    told_side = [pl.col("_told_side").cast(pl.String).alias("side")] if "side" in columns else []
    text = pl.struct(pl.col(raw).cast(pl.String), *told_side).struct.json_encode()
    return bad.select("source", pl.col("source_row").cast(pl.Int64), "reason", row=text).collect(engine="streaming")


def _aligned_markets(part: StagedPart, raw: pl.LazyFrame, columns: pl.Schema) -> None:
    """What the cleaned form says of its markets and tokens."""
    seq = pl.col("outcomeseq").cast(pl.Int64, strict=False) if "outcomeseq" in columns else _nothing(pl.Int64)
    label, won = text_of(columns, "outcomelabel"), text_of(columns, "winningoutcomelabel")
    known = (
        raw.select(
            condition_id=text_of(columns, "conditionid").str.to_lowercase(),
            token_id=text_of(columns, "assetid"),
            outcome_index=pl.when(seq.is_in([1, 2])).then(seq - 1).cast(pl.Int8),
            outcome=label,
            slug=text_of(columns, "marketslug"),
            category=text_of(columns, "category"),
            neg_risk=flag_of(columns, "negrisk"),
            start_ts=time_of(columns, "opensat"),
            end_ts=time_of(columns, "closeat"),
            exact_ts=time_of(columns, "resolvedat"),
            won=won == label,
        )
        .unique("token_id", keep="any")
        .collect(engine="streaming")
        .sort("token_id")
    )
    part.add("tokens", known.select(*STAGED["tokens"]))
    first = pl.when(pl.col("outcome_index") == 0).then("won").otherwise(~pl.col("won"))
    facts = known.with_columns(payout0_micro=pl.when(pl.col("outcome_index").is_not_null()).then(first * MICRO))
    part.add_facts(facts.unique("condition_id", keep="first", maintain_order=True))


def _account(name: str) -> pl.Expr:
    text = pl.col(name).cast(pl.String).str.strip_chars().str.to_lowercase()
    return pl.when(text.str.contains(r"^0x[0-9a-f]{40}$")).then(text)


def _whole(name: str) -> pl.Expr:
    number = pl.col(name).cast(pl.String).str.extract(r"^\s*(\d{1,18})(?:\.0*)?\s*$", 1)
    return number.cast(pl.Int64, strict=False)


def _ratio(collateral: str, shares: str) -> pl.Expr:
    value = pl.col(collateral).cast(pl.Float64) / pl.col(shares).cast(pl.Float64) * MICRO
    return _rounded(value)


def _rounded(value: pl.Expr) -> pl.Expr:
    whole = value.clip(-_LARGEST, _LARGEST).round(0, mode="half_to_even")
    return pl.when(value.is_finite()).then(whole).cast(pl.Int64)


def _nothing(dtype: type[pl.DataType]) -> pl.Expr:
    return pl.lit(None, dtype=dtype)
