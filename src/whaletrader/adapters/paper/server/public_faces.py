"""Puts the public faces together: one recorder listens to the exchange, every face reads its record."""

from collections.abc import Sequence
from dataclasses import dataclass

from whaletrader.adapters.paper.server.data_api import DataApi
from whaletrader.adapters.paper.server.gamma import Gamma
from whaletrader.adapters.paper.server.geoblock import Geoblock
from whaletrader.adapters.paper.server.mounts import Face, World
from whaletrader.adapters.paper.server.raw_transactions import RawTransactions
from whaletrader.adapters.paper.server.recorder import Recorder
from whaletrader.adapters.paper.server.relayer import Relayer
from whaletrader.adapters.paper.server.rpc import Rpc
from whaletrader.adapters.paper.server.rtds import ActivityFeed
from whaletrader.adapters.paper.server.subgraph import SubgraphFace


@dataclass(frozen=True, slots=True)
class PublicFaces:
    """The faces, and the recorder behind them (for the truth file and the population)."""

    recorder: Recorder
    faces: Sequence[Face]
    relayer: Relayer
    raw: RawTransactions


def make_public_faces(world: World) -> PublicFaces:
    """Make every face but the CLOB's; must be called before the first market is listed or anything is traded."""
    recorder = Recorder(world.seed, world.venue.rules.keep_ns)
    activity = ActivityFeed(recorder.record, world.now, world.seed)
    rpc, relayer = Rpc(world.venue, world.now), Relayer(world.venue, world.now)
    recorder.listen(activity.on_leg)
    world.venue.listen(recorder.on_event)
    world.venue.listen(rpc.on_event)
    faces = (
        Face("rtds", "/rtds", streams={"": activity.serve, "/": activity.serve}),
        Face("data", "/data-api", DataApi(recorder.record, world.now).router),
        Face("gamma", "/gamma", Gamma(recorder.record, world.now).router),
        Face("subgraph", "/subgraph", SubgraphFace(recorder.record, world.now).router),
        Face("rpc", "/rpc", rpc.http, streams={"": rpc.serve, "/": rpc.serve}),
        Face("relayer", "/relayer", relayer.router),
        Face("geoblock", "/geoblock", Geoblock().http),
    )
    return PublicFaces(recorder, faces, relayer, rpc.raw)
