"""What a simulated market consists of; the defaults are large enough for the whole product to work on."""

from dataclasses import dataclass, fields

from whaletrader.domain.values import DAY_NS, NANOS
from whaletrader.errors import SettingError

START_TS = 1_775_433_600 * NANOS
"""2026-04-06T00:00Z: every category's fee schedule is in force."""
STEPS = 240
"""Grid steps of a market's life."""
LABELS = ("skilled", "lucky", "market_maker", "wash", "noise")


@dataclass(frozen=True, kw_only=True)
class SimulationParams:
    """Sizes of the simulation; `fills` is approximate, the rest exact."""

    days: int = 120
    binary_markets: int = 400
    groups: int = 20
    outcomes_per_group: int = 4
    fills: int = 150_000
    skilled: int = 12
    lucky: int = 6
    market_makers: int = 6
    wash: int = 10
    noise: int = 266
    half_spread: float = 0.01
    price_lag_steps: float = 36.0  # how many grid steps (of 240) the price is behind what the skilled know
    quoted_markets: int = 40
    start_ts: int = START_TS

    def __post_init__(self) -> None:
        for field in fields(self):
            if getattr(self, field.name) < (0 if field.name in _MAY_BE_ZERO else 1e-9):
                raise SettingError(f"a simulation needs a positive {field.name}, not {getattr(self, field.name)}")
        if self.wash % 2:
            raise SettingError(f"wash wallets come in pairs: {self.wash} is odd")
        if self.binary_markets + self.groups < 1:
            raise SettingError("a simulation needs at least one market")
        if self.groups and self.outcomes_per_group < 2:
            raise SettingError("a group of markets needs at least 2 outcomes")

    @property
    def markets(self) -> int:
        """Number of markets, those of groups included."""
        return self.binary_markets + self.groups * self.outcomes_per_group

    @property
    def end_ts(self) -> int:
        """End of the simulated span; markets that end later are unresolved."""
        return self.start_ts + self.days * DAY_NS

    @property
    def people(self) -> tuple[int, ...]:
        """Wallets per label, in the order of `LABELS`."""
        return (self.skilled, self.lucky, self.market_makers, self.wash, self.noise)


_MAY_BE_ZERO = ("binary_markets", "groups", "outcomes_per_group", "skilled", "lucky", "wash", "quoted_markets")
