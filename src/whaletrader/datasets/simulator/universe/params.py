"""What a simulated population consists of: the crowd, the markets, and the minds whose edge is known.

Sizes and shapes only; how they are drawn is said where they are drawn. Shapes that the real tape knows come from
`calibration`.
"""

from dataclasses import dataclass, field

from whaletrader.datasets.simulator.params import START_TS
from whaletrader.datasets.simulator.universe.calibration import CALIBRATION, Calibration
from whaletrader.domain.values import DAY_NS
from whaletrader.errors import SettingError

LABELS = (
    "skilled", "skilled_until", "insider", "sybil", "herder", "fast", "doubler",
    "lucky", "market_maker", "wash", "noise",
)  # fmt: skip
"""What a wallet can really be.

`skilled`: its purchases win more often than their price says. `skilled_until`: so it was until a known time, and no
longer. `insider`: few purchases, large, late, and right. `sybil`: wallets of one mind, with an edge or without.
`herder`: repeats what others decided, minutes later. `fast`: buys seconds before the price moves; nobody can copy it.
`doubler`: knows nothing and buys more of what falls, so that its losses are averaged down. `lucky`: of the crowd, but
rich at the end. `market_maker`: rests and is hit. `wash`: trades with its twin. `noise`: the crowd.
"""


@dataclass(frozen=True, kw_only=True)
class Mind:
    """Wallets that decide alike: how many, how often, and what a follower gains per share after all costs.

    `copies` wallets act on each decision (1: everybody for himself). `off_at` is the fraction of the span at which the
    edge goes. A `fast` mind acts seconds before the price moves: what it earns nobody can copy. A `follows` mind
    copies a decision of others, minutes later; one that `doubles` buys again whenever its token has fallen.
    `per_event` bets may share an event group.
    """

    label: str
    wallets: int
    edge: float
    bets: float
    copies: int = 1
    spread: float = 0.0  # sigma of the log of a wallet's number of bets
    stake: float = 1.0
    life: tuple[float, float] = (0.05, 0.9)
    band: tuple[float, float] = (0.08, 0.92)
    exits: float = 0.0
    off_at: float | None = None
    fast: bool = False
    follows: bool = False
    doubles: bool = False
    per_event: int = 1


@dataclass(frozen=True, kw_only=True)
class PopulationParams:
    """Sizes of a population; `fills` is approximate, the rest exact."""

    name: str = "population"
    wallets: int = 2_000  # the crowd; minds, makers and wash pairs come on top
    fills: int = 200_000  # by the crowd, as takers
    markets: int = 1_000
    days: float = 180.0
    start_ts: int = START_TS
    minds: tuple[Mind, ...] = ()
    makers: int = 4
    wash_pairs: int = 0
    lucky: int = 0  # of the crowd, the richest by P&L are named so afterwards
    followed: float | None = 0.85  # chance that a burst goes on within the minute; None: as the real tape's sample
    clips: float | None = 1.2  # fills of an entry; None: as on the real tape
    exits: float | None = None  # positions that are sold before the end; None: as on the real tape
    maker_share: float = 0.2  # of purchases, those whose resting side is on the tape
    activity: float | None = 1.0  # sigma of the log of how busy a wallet is; None: as on the real tape
    crowd_edge: float | None = None  # net edge of the crowd itself; None: it knows nothing and pays the costs
    herding: float = 0.7  # share of a market's fills that come from its own community
    community: int = 250  # wallets per community
    chunk_fills: int = 2_000_000
    shape: Calibration = field(default=CALIBRATION)

    def __post_init__(self) -> None:
        for name in ("wallets", "fills", "markets", "days", "makers", "chunk_fills", "community"):
            if getattr(self, name) <= 0:
                raise SettingError(f"a population needs a positive {name}, not {getattr(self, name)}")
        if self.followed is not None and not 0.0 <= self.followed < 0.98:
            raise SettingError(f"the share of followed fills lies in [0, 0.98), not at {self.followed}")
        if self.lucky > self.wallets:
            raise SettingError(f"{self.lucky} lucky wallets of a crowd of {self.wallets}: name fewer")
        for mind in self.minds:
            if mind.label not in LABELS:
                raise SettingError(f"a mind cannot be a {mind.label}; choose one of {', '.join(LABELS)}")
            if mind.wallets % mind.copies:
                raise SettingError(f"{mind.wallets} wallets do not fall into clusters of {mind.copies}")

    @property
    def clips_mean(self) -> float:
        """Mean number of fills of an entry."""
        return self.shape.clips_mean if self.clips is None else self.clips

    @property
    def exit_share(self) -> float:
        """Positions of the crowd that are sold before the end."""
        return self.shape.exit_share if self.exits is None else self.exits

    @property
    def activity_sigma(self) -> float:
        """Sigma of the log of how busy a wallet is."""
        return self.shape.activity_log_sigma if self.activity is None else self.activity

    @property
    def end_ts(self) -> int:
        """End of the span; a market that ends later is unresolved."""
        return self.start_ts + int(self.days * DAY_NS)

    @property
    def people(self) -> tuple[tuple[str, int], ...]:
        """Label and number of wallets, in the order of their ids: minds, makers, wash pairs, the crowd."""
        minds = tuple((mind.label, mind.wallets) for mind in self.minds)
        return (*minds, ("market_maker", self.makers), ("wash", 2 * self.wash_pairs), ("noise", self.wallets))

    @property
    def total_wallets(self) -> int:
        """Wallets of all kinds."""
        return sum(count for _, count in self.people)

    def first_of(self, label: str) -> int:
        """Id of the first wallet of makers, wash pairs or the crowd."""
        names = [name for name, _ in self.people]
        place = len(self.minds) + names[len(self.minds) :].index(label)
        return sum(count for _, count in self.people[:place])
