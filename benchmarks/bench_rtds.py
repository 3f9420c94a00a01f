"""How fast frames of the activity stream become rows of a segment: decoded, told apart from what is known, with their
id, on disk and visible; and how fast they are there again after a restart. Frames are captured ones with other
transactions and wallets, so that each is a fill of its own; they come in bursts. Beside decoding alone, the same with
the standard library's JSON and decimals.
"""

import json
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from benchmarks.figures import report
from whaletrader.adapters.polymarket.live_feed import LiveFeed
from whaletrader.datasets.decode.rows import Row
from whaletrader.datasets.decode.rtds import decode_rtds
from whaletrader.domain.fill_identity import fill_key
from whaletrader.domain.values import LeaderEventKind

SAMPLE = Path(__file__).resolve().parents[1] / "tests/data/polymarket/samples/rtds_activity_trades_20260924.json"
FILLS = 50_000
BURST = 100
ROUNDS = 3
TARGET = 100_000.0
START_NS = 1_790_272_258_000_000_000


def main() -> None:
    """Print the figures."""
    frames = captured(FILLS)
    found = [stored(frames) for _ in range(ROUNDS)]
    report("RTDS frame to stored row with its id", max(each for each, _ in found), "trades/s", target=TARGET)
    report("live segment to rows after a restart", max(each for _, each in found), "trades/s")
    decoded = max(rate(frames, decode_rtds) for _ in range(ROUNDS))
    plain = max(rate(frames, by_standard_library) for _ in range(ROUNDS))
    report("RTDS frame to row, decoding alone", decoded, "trades/s", peer=plain, peer_name="json, decimal")


def captured(count: int) -> list[bytes]:
    """Return frames like the captured ones, each with a transaction and a wallet of its own."""
    samples = json.loads(SAMPLE.read_bytes())
    frames = []
    for number in range(count):
        frame = samples[number % len(samples)]
        payload = dict(frame["payload"])
        payload["transactionHash"] = f"0x{number:064x}"
        payload["proxyWallet"] = f"0x{'Ab' * 18}{number % 5_000:04x}"
        frames.append(json.dumps({**frame, "payload": payload}, separators=(",", ":")).encode())
    return frames


def stored(frames: list[bytes]) -> tuple[float, float]:
    """Return trades per second of the whole way, and of loading what it left."""
    with tempfile.TemporaryDirectory() as folder:
        feed = LiveFeed(Path(folder))
        begun = time.perf_counter()
        for place in range(0, len(frames), BURST):
            rows: list[Row] = []
            for frame in frames[place : place + BURST]:
                rows.extend(decode_rtds(frame).rows)
            feed.add(rows, START_NS + place)
        took = time.perf_counter() - begun
        last = feed.row_at(LeaderEventKind.FILL, START_NS + len(frames))
        assert last == len(frames) - 1, last
        assert feed.leader_row(LeaderEventKind.FILL, last).natural_key.startswith(f"0x{last:064x}/0xabab")
        feed.close()
        begun = time.perf_counter()
        again = LiveFeed(Path(folder))
        loading = time.perf_counter() - begun
        assert again.row_at(LeaderEventKind.FILL, START_NS + len(frames)) == last
    return len(frames) / took, len(frames) / loading


def rate(frames: list[bytes], decode: Callable[[bytes], object]) -> float:
    """Return frames per second."""
    begun = time.perf_counter()
    for frame in frames:
        decode(frame)
    return len(frames) / (time.perf_counter() - begun)


def by_standard_library(frame: bytes) -> str:
    """Decode a frame with `json` and `decimal`, and return its id."""
    row = json.loads(frame, parse_float=Decimal)["payload"]
    size = int(Decimal(str(row["size"])) * 1_000_000)
    wallet, token = row["proxyWallet"].lower(), row["asset"]
    return fill_key(row["transactionHash"], wallet, token, row["side"], size, 0)


if __name__ == "__main__":
    main()
