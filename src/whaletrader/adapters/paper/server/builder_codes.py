"""Which builder codes the exchange knows and what each charges; money is moved elsewhere.

As on the venue the fee goes with every other to one receiver on the chain, and builders are paid from there later (not
modelled). The caps and the whole basis points are the venue's; its words for an order with an unknown code are not
known, so ours are. Source: the venue's page on builder fees.
"""

from typing import NamedTuple

from whaletrader.adapters.paper.server.types import Refusal
from whaletrader.domain.order_hash import NO_BYTES32
from whaletrader.domain.rebates import MAX_BUILDER_BPS_MAKER, MAX_BUILDER_BPS_TAKER

UNKNOWN_CODE = Refusal(400, "invalid builder code")


class BuilderRates(NamedTuple):
    """What orders with a code pay besides the platform's fee, in basis points of the notional."""

    maker_bps: int = 0
    taker_bps: int = 0


NO_RATES = BuilderRates()


class BuilderCodes:
    """The registered codes; an order keeps the rates that held when it was taken."""

    def __init__(self) -> None:
        self._rates: dict[str, BuilderRates] = {NO_BYTES32: NO_RATES}

    def register(self, code: str, maker_bps: int = 0, taker_bps: int = 0) -> None:
        """Know a code (64 hex digits, with or without 0x) from now on; ValueError where code or rates cannot be."""
        name = code.lower().removeprefix("0x")
        if len(name) != len(NO_BYTES32) or set(name) - set("0123456789abcdef") or name == NO_BYTES32:
            raise ValueError(f"a builder code has 64 hex digits that are not all zero, unlike {code!r}")
        if not 0 <= maker_bps <= MAX_BUILDER_BPS_MAKER:
            raise ValueError(f"a builder charges makers 0 to {MAX_BUILDER_BPS_MAKER} bps, not {maker_bps}")
        if not 0 <= taker_bps <= MAX_BUILDER_BPS_TAKER:
            raise ValueError(f"a builder charges takers 0 to {MAX_BUILDER_BPS_TAKER} bps, not {taker_bps}")
        self._rates[name] = BuilderRates(maker_bps, taker_bps)

    def rates(self, code: str) -> BuilderRates | None:
        """Return what a code charges (nothing without one); None for a code that nobody registered."""
        return self._rates.get(code.lower().removeprefix("0x"))
