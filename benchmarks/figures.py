"""How a benchmark tells its figures: one line of JSON each, which `benchmarks/run.py` collects into one table.

A figure is what was measured in this run. A target is the wish it is compared with; it is never printed as a result.
"""

import json


def report(
    name: str,
    ours: float,
    unit: str,
    *,
    peer: float | None = None,
    peer_name: str = "",
    target: float | None = None,
    higher_is_better: bool = True,
) -> dict[str, object]:
    """Print one measured figure as a line of JSON, and return it.

    `ratio` is ours over the peer's. `target` is in the unit of `ours`; `met` is null where there is no target.
    Where the target is a ratio to the peer, give the ratio itself as `ours`, with the unit "x".
    """
    met = None if target is None else (ours >= target if higher_is_better else ours <= target)
    figure = {
        "name": name,
        "ours": ours,
        "unit": unit,
        "peer": peer,
        "peer_name": peer_name,
        "ratio": ours / peer if peer else None,
        "target": target,
        "higher_is_better": higher_is_better,
        "met": met,
    }
    print(json.dumps(figure), flush=True)
    return figure
