"""The tables of settings and of canonical columns, for `docs/operating.md` and `docs/data.md` (see `generate_docs`).

What a setting means is its docstring in `config/tree.py` where it has one, else its line in `MEANINGS` here; a
canonical column is explained by the comment beside it in `datasets/schema.py`.
"""

import ast
import inspect
import re
from collections.abc import Iterator
from decimal import Decimal
from types import ModuleType

from msgspec import inspect as types

from whaletrader.config import tree
from whaletrader.config.tree import Settings
from whaletrader.datasets import schema
from whaletrader.domain.risk import limits
from whaletrader.domain.values import MICRO

MEANINGS = {
    "seed": "Of everything random: the simulated market, bootstraps, placebos.",
    "account.name": "Names the account in every message.",
    "account.starting_equity": "What the account begins with, pUSD.",
    "limits.kelly_fraction": "Share of the Kelly stake that is wanted.",
    "limits.per_trade": "Greatest cost of one trade, of equity.",
    "limits.per_leader": "Greatest cost of all that copies one leader, of equity.",
    "limits.max_open_positions": "Tokens held or ordered at once.",
    "limits.cvar_level": "Level of the portfolio's CVaR.",
    "limits.cvar_limit": "Greatest CVaR, of equity.",
    "limits.max_correlation": "With any other open position.",
    "limits.daily_loss": "Loss since 00:00 UTC that trips the breaker, of that day's first equity.",
    "limits.drawdown_reducing": "Drawdown from which only risk is reduced.",
    "limits.drawdown_derisk": "Drawdown at which positions are halved.",
    "limits.drawdown_kill": "Drawdown at which the kill switch is thrown.",
    "limits.stale_haircut": "Taken off the mark of a position whose price is stale.",
    "limits.prior_correlation_same_category": "Assumed across groups of one category without enough common days.",
    "limits.prior_correlation_other": "The same, across categories.",
    "follower.delay_s": "From the leader's fill to our earliest entry, when leaders are scored.",
    "follower.window_s": "How long somebody else's print may take to come; without one the fill is withheld.",
    "discovery.scan_interval_days": "Between two scorings of all wallets.",
    "discovery.min_resolved_bets_fills": "Settled bets below which a wallet gets no verdict, by its fills.",
    "discovery.min_resolved_bets_signals": "The same, by its position signals.",
    "discovery.min_event_groups": (
        "Event groups below which a wallet gets no verdict; 0: as the committed thresholds say for its prices."
    ),
    "discovery.confidence": "One-sided, of the lower bound that must be above nothing.",
    "discovery.max_leaders": "Followed at once.",
    "discovery.bootstrap_resamples": "Behind each bound.",
    "copy.max_event_age_s": "A fill that reaches us later is stale.",
    "execution.order_ttl_s": "After that an order expires.",
    "execution.ack_timeout_s": "Without an answer for so long an order's outcome is unknown, and is asked for.",
    "faults.drop": "Answers that are told only when asked for.",
    "faults.delay": "Answers that come late.",
    "faults.repeat": "Answers that come twice.",
    "faults.fail": "Fills whose settlement fails: they are void.",
    "faults.delay_s": "How late.",
    "runtime.batch_messages": "Records in one commit at most.",
    "runtime.snapshot_every": "Handled records between two snapshots.",
    "runtime.max_message_bytes": "A larger message is refused.",
    "web.host": "Where the dashboard listens.",
    "web.port": "0 takes a free one.",
}


def settings_table() -> list[str]:
    """One row per setting: the name outside, the default, what is allowed, what it means."""
    written = _docstrings(tree, limits)
    lines = ["| setting | default | allowed | |", "|---|---|---|---|"]
    for name, field, kind in leaves():
        outer = name.removesuffix("_micro")
        owner = "RiskLimits" if name.startswith("limits.") else _owner(name)
        text = written.get((owner, name.rpartition(".")[2]), "") or MEANINGS[outer]
        lines.append(f"| `{outer}` | {_shown(name, field.default)} | {_allowed(name, kind)} | {text} |")
    return lines


def leaves() -> Iterator[tuple[str, types.Field, types.Type]]:
    """Every setting with its dotted inner name."""
    return _inside(Settings, "")


def _inside(struct: type, prefix: str) -> Iterator[tuple[str, types.Field, types.Type]]:
    found = types.type_info(struct)
    assert isinstance(found, types.StructType)
    for field in found.fields:
        if isinstance(field.type, types.StructType):
            yield from _inside(field.type.cls, f"{prefix}{field.name}.")
        else:
            yield prefix + field.name, field, field.type


def _owner(name: str) -> str:
    section = name.rpartition(".")[0]
    return type(getattr(Settings(), section)).__name__ if section else "Settings"


def _docstrings(*modules: ModuleType) -> dict[tuple[str, str], str]:
    """The string behind each field, by (class, field)."""
    found = {}
    for module in modules:
        for cls in ast.parse(inspect.getsource(module)).body:
            if not isinstance(cls, ast.ClassDef):
                continue
            for field, after in zip(cls.body, cls.body[1:], strict=False):
                if isinstance(field, ast.AnnAssign) and isinstance(after, ast.Expr):
                    said = ast.literal_eval(after.value)
                    found[cls.name, ast.unparse(field.target)] = " ".join(said.split())
    return found


def _shown(name: str, value: object) -> str:
    if isinstance(value, int):
        number = Decimal(value) / (MICRO if name.endswith("_micro") else 1)
        return format(number.normalize(), "f")
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _allowed(name: str, kind: types.Type) -> str:
    if isinstance(kind, types.StrType):
        return f"`{kind.pattern}`".replace("|", "\\|") if kind.pattern else "text"
    if not isinstance(kind, types.IntType):
        return "some of these"
    bounds = [("> ", kind.gt), ("≥ ", kind.ge), ("≤ ", kind.le)]
    return ", ".join(sign + _shown(name, bound) for sign, bound in bounds if bound is not None)


def canonical_tables() -> list[str]:
    """One section per canonical table: each column with its type and what its comment in the schema says."""
    lines = []
    told = _comments(inspect.getsource(schema))
    for table, columns in schema.TABLES.items():
        about = told.get((table, ""), "")
        lines += ["", f"### `{table}`", ""]
        lines += [about[0].upper() + about[1:] + ".", ""] if about else []
        lines += ["| column | type | |", "|---|---|---|"]
        lines += [f"| `{name}` | {kind} | {told.get((table, name), '')} |" for name, kind in columns.items()]
    return lines[1:]


def _comments(source: str) -> dict[tuple[str, str], str]:
    """The comment behind each column, and behind each table's opening brace."""
    found, table = {}, ""
    for line in source.splitlines():
        opening = re.match(r'    "(\w+)": \{', line)
        table = opening[1] if opening else table
        column = re.match(r'        "(\w+)": ', line)
        comment = line.partition("  # ")[2].strip().replace("|", "\\|")
        if comment and table and (opening or column):
            found[table, "" if opening else column[1]] = comment
    return found
