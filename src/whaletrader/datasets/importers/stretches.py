"""Of which stretches of time a wallet's record is whole, where several sources each know some: a pull its period, a
live run what it listened to. A record with a hole between two whole stretches is not whole, whatever each of them says.
"""

from collections.abc import Iterable

import polars as pl

HEARD = "heard"
"""Coverage of a wallet of which a live run told something."""
HOLED = "holed"
Stretch = tuple[int, int]


def union(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Return the stretches merged where they overlap or touch, in order; empty ones are left out."""
    merged: list[Stretch] = []
    for first, last in sorted(each for each in stretches if each[0] < each[1]):
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return merged


def less(stretches: Iterable[Stretch], gaps: Iterable[Stretch]) -> list[Stretch]:
    """Return what is left of the stretches without the gaps."""
    left = union(stretches)
    for begin, end in union(gaps):
        parts = [part for first, last in left for part in ((first, min(last, begin)), (max(first, end), last))]
        left = [part for part in parts if part[0] < part[1]]
    return left


def judged_coverage(coverage: pl.DataFrame, stretches: pl.DataFrame) -> pl.DataFrame:
    """Say of every wallet that several sources tell of whether its record is whole.

    `coverage` has address and coverage; `stretches` has address ("" for everybody), from_ts, until_ts, and
    claimed: whether it is the period of a coverage. Where all
    stretches of a wallet that a live run heard make one, it is a `bounded_window` beside what else is said of it; else
    it is `HOLED` and nothing else, as is everybody whose periods of coverage leave a hole. To who was heard a source
    that claims a whole record without saying of when leaves one.
    """
    heard = coverage.filter(pl.col("coverage") == HEARD)["address"].unique().sort().to_list()
    rest = coverage.filter(pl.col("coverage") != HEARD)
    own: dict[str, list[Stretch]] = {}
    dated = set()
    for address, first, last, claimed in stretches.iter_rows():
        own.setdefault(address, []).append((first, last))
        if claimed:
            dated.add(address)
    everybody = union(own.pop("", []))
    unheard = [address for address in sorted(dated - set(heard)) if len(union(own[address])) > 1]
    claims = rest.filter(pl.col("coverage") != "sample")["address"].unique().to_list()
    timeless = set(claims) - dated
    whole = {
        address: len(everybody) == 1 if address not in own else len(union([*everybody, *own[address]])) == 1
        for address in heard
    }
    holed = [address for address in heard if address in timeless or not whole[address]]
    bad = {*holed, *unheard}
    kept = rest.filter(~pl.col("address").is_in(sorted(bad)))
    found = [(address, HOLED if address in bad else "bounded_window") for address in (*heard, *unheard)]
    return pl.concat([kept, pl.DataFrame(found, schema=dict(kept.schema), orient="row")])
