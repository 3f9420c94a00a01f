"""The rules of judging wallets, read from the committed `thresholds.toml`; its hash goes into every report.

A section of the file is a class here, a key a field; a key too many or too few fails at import.
"""

import tomllib
from dataclasses import dataclass, fields
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from whaletrader.domain.scoring import CompositeWeights


@dataclass(frozen=True, slots=True)
class SelectionRules:
    """What counts as a discovery among all wallets that were judged."""

    false_discovery_rate: float


@dataclass(frozen=True, slots=True)
class JudgingRules:
    """How many settled bets a verdict needs, and how sure its bounds are (`confidence` is one-sided, for each)."""

    min_bets_fill: int
    min_bets_position: int
    confidence: float
    resamples: int
    seed: int


@dataclass(frozen=True, slots=True)
class GroupRules:
    """Event groups that a verdict needs (N*), by band of the mean entry price: one band more than limits."""

    price_limits: tuple[float, ...]
    needed: tuple[int, ...]
    bootstrap: tuple[bool, ...]
    rarest: int

    def __post_init__(self) -> None:
        assert len(self.needed) == len(self.bootstrap) == len(self.price_limits) + 1, "one entry per price band"
        assert list(self.price_limits) == sorted(self.price_limits), "price limits ascend"


@dataclass(frozen=True, slots=True)
class SkillRules:
    """Limits of the evidence that informs: of a p-value, and of a probability such as the PSR."""

    significance: float
    probability: float


@dataclass(frozen=True, slots=True)
class Thresholds:
    """All sections of the file."""

    selection: SelectionRules
    judging: JudgingRules
    groups: GroupRules
    skill: SkillRules
    composite: CompositeWeights


def parse_thresholds(text: str) -> Thresholds:
    """Read a file's text; each section and key must be known and present."""
    found = tomllib.loads(text)
    sections = {field.name: field.type for field in fields(Thresholds)}
    assert set(found) == set(sections), f"sections of the thresholds: {sorted(set(found) ^ set(sections))}"
    return Thresholds(**{name: kind(**_frozen(found[name])) for name, kind in sections.items()})  # type: ignore[operator]


def thresholds_hash() -> str:
    """sha256 of the file's bytes, in hexadecimal."""
    return sha256(_bytes()).hexdigest()


@cache
def _bytes() -> bytes:
    return files("whaletrader.universe").joinpath("thresholds.toml").read_bytes()


def _frozen(section: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in section.items()}


THRESHOLDS = parse_thresholds(_bytes().decode())
"""The rules in force."""
