"""Writes `docs/report.md` and `docs/score-report.md` from the reports' structs: every field and what it says."""

from typing import Any, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from whaletrader.report import model, score_model, score_story

_INTRO = f"""# The backtest's report

`whaletrader backtest` writes `report.json` and, from it, `report.html`. This page is generated from
`whaletrader.report.model` (`python -m whaletrader.report.docs > docs/report.md`); a test holds them together.

Schema version {model.SCHEMA_VERSION}. Amounts are pUSD, prices and edges pUSD per share, shares of something fractions
from 0 to 1, all rounded to six places; days are UTC dates. There is no clock, host, path or duration in it: the same
dataset, settings and seed give the same bytes. What cannot be said is null, with the reason beside it. `SIMULATED`
stands in `stamp` where the dataset is made up.
"""

_SCORE_INTRO = f"""# The report of scores

`whaletrader score --json` prints it, `--html` draws it; `whaletrader score explain WALLET --json` prints a
`WalletStory`. What the figures and columns mean is in [scoring.md](scoring.md). This page is generated from
`whaletrader.report.score_model` and `score_story` (`python -m whaletrader.report.docs scores > docs/score-report.md`);
a test holds them together.

Schema version {score_model.SCHEMA_VERSION}. Prices and edges are pUSD per share, shares of something and probabilities
fractions from 0 to 1, logarithms have base 10; all is rounded to six places. There is no clock, host, path or duration
in it: the same dataset, parameters and thresholds give the same bytes. What cannot be said is null.
"""


def schema_markdown() -> str:
    """The page of the backtest's report."""
    return "\n".join([_INTRO, *(_told(struct) for struct in _structs(model.Report))])


def score_markdown() -> str:
    """The page of the report of scores."""
    structs = _structs(score_model.ScoreReport, score_story.WalletStory)
    return "\n".join([_SCORE_INTRO, *(_told(struct) for struct in structs)])


def _structs(*roots: type[Any]) -> list[type[Any]]:
    """The roots and every struct in them, in the order of first mention."""
    found: list[type[Any]] = []
    waiting: list[type[Any]] = list(roots)
    while waiting:
        struct = waiting.pop(0)
        if struct in found:
            continue
        found.append(struct)
        for hint in get_type_hints(struct).values():
            waiting += [inner for inner in _inside(hint) if issubclass(inner, msgspec.Struct)]
    return found


def _inside(hint: Any) -> list[type[Any]]:
    if get_args(hint):
        return [inner for part in get_args(hint) for inner in _inside(part)]
    return [hint] if isinstance(hint, type) else []


def _told(struct: type[Any]) -> str:
    says = (struct.__doc__ or "").strip()
    rows = ["| field | type | |", "|---|---|---|"]
    for name, hint in get_type_hints(struct, include_extras=True).items():
        plain, *metas = get_args(hint)
        text = next((meta.description for meta in metas if isinstance(meta, Meta)), "")
        rows.append(f"| `{name}` | {_type(plain)} | {text} |")
    return f"## {struct.__name__}\n\n{says}\n\n" + "\n".join(rows) + "\n"


def _type(hint: Any) -> str:
    arguments = get_args(hint)
    if not arguments:
        return "null" if hint is type(None) else "any" if hint is Any else str(hint.__name__)
    if get_origin(hint) is list:
        return f"list of {_type(arguments[0])}"
    if get_origin(hint) is dict:
        return f"map of {_type(arguments[0])} to {_type(arguments[1])}"
    return " or ".join(_type(part) for part in arguments)


def main() -> None:
    """Print the page: that of scores where the word is given."""
    import sys

    sys.stdout.write(score_markdown() if sys.argv[1:] == ["scores"] else schema_markdown())


if __name__ == "__main__":
    main()
