"""The public clients of all hosts, made once per process, so that every caller shares their limits and pauses."""

from collections.abc import Callable
from dataclasses import dataclass

from whaletrader.adapters.polymarket.chain_rpc import ChainRpc
from whaletrader.adapters.polymarket.data_api import DataApi
from whaletrader.adapters.polymarket.gamma import Gamma
from whaletrader.adapters.polymarket.http import LONGEST_WAIT_S, VenueHttp
from whaletrader.adapters.polymarket.limits import CLOB, DATA, GAMMA, RPC, SUBGRAPH, HostLimits
from whaletrader.adapters.polymarket.public_clob import PublicClob
from whaletrader.adapters.polymarket.subgraph import Subgraph
from whaletrader.config.tree import VenueSettings


@dataclass(frozen=True)
class VenueClients:
    """One client per host; `clob.http` is also what orders go through."""

    clob: PublicClob
    data: DataApi
    gamma: Gamma
    rpc: ChainRpc
    subgraph: Subgraph

    def close(self) -> None:
        """Close all connections."""
        for client in (self.clob, self.data, self.gamma, self.rpc, self.subgraph):
            client.http.close()


def venue_clients(
    venue: VenueSettings,
    *,
    clock: Callable[[], float],
    wait: Callable[[float], object],
    timeout_s: float = 20.0,
    attempts: int = 6,
    longest_wait_s: float = LONGEST_WAIT_S,
) -> VenueClients:
    """Clients of the hosts that the settings name; `clock`, `wait` and `longest_wait_s` as in `VenueHttp`."""

    def http(url: str, limits: HostLimits) -> VenueHttp:
        return VenueHttp(
            url,
            limits,
            clock=clock,
            wait=wait,
            timeout_s=timeout_s,
            attempts=attempts,
            longest_wait_s=longest_wait_s,
        )

    return VenueClients(
        clob=PublicClob(http(venue.clob_url, CLOB)),
        data=DataApi(http(venue.data_url, DATA)),
        gamma=Gamma(http(venue.gamma_url, GAMMA)),
        rpc=ChainRpc(http(venue.rpc_url, RPC)),
        subgraph=Subgraph(http(venue.subgraph_url, SUBGRAPH)),
    )
