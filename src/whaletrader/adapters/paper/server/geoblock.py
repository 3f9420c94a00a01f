"""The geoblock's face: from where the exchange says it is asked; unrestricted unless it is set up otherwise."""

from dataclasses import dataclass

from whaletrader.adapters.paper.server.edge import Reply, Request, reply


@dataclass(frozen=True, slots=True)
class Place:
    """What the geoblock answers."""

    blocked: bool = False
    country: str = "IE"
    region: str = "L"


class Geoblock:
    """Answers `GET /api/geoblock`; `place` may be changed while it runs."""

    def __init__(self, place: Place | None = None) -> None:
        self.place = place or Place()

    def http(self, request: Request) -> Reply:
        """Answer whatever path it is mounted at."""
        if request.method != "GET":
            return reply({"error": "Method Not Allowed"}, 405)
        place = self.place
        return reply(
            {
                "blocked": place.blocked,
                "ip": request.client or "127.0.0.1",
                "country": place.country,
                "region": place.region,
            }
        )
