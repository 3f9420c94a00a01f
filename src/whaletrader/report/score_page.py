"""The report of scores as one HTML page that needs no other file and no script; every number comes from the report."""

from collections.abc import Callable, Sequence
from html import escape
from importlib.resources import files
from typing import NamedTuple

from whaletrader.report import score_figures as figures
from whaletrader.report.figures import KIND_NAMES, KINDS, edge, percent
from whaletrader.report.page_header import header
from whaletrader.report.score_model import ForecastScore, PlaceboRow, ScoreReport, StepRow, WalletRow

MOST_ROWS = 20
MOST_MULTIPLES = 12
MOST_SCORED = 10
_LEAST = -299.0
_KIND = {"fill": "fills", "position": "positions"}


class Part(NamedTuple):
    """A section of the page; one without content is left out."""

    title: str
    says: str
    content: str


def page_html(report: ScoreReport) -> str:
    """The whole page."""
    title = f"{report.stamp + ' · ' if report.stamp else ''}Whale Trader scores of {report.dataset.name}"
    parts = [part(report) for part in _order(report)]
    sections = "".join(_section(n, *part) for n, part in enumerate((part for part in parts if part.content), 1))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_style()}</style></head>"
        f"<body>{_header(report)}{_tiles(report)}{sections}{_footer(report)}</body></html>\n"
    )


def _style() -> str:
    folder = files("whaletrader.report")
    return "".join((folder / name).read_text(encoding="utf-8") for name in ("page.css", "score.css"))


def _order(report: ScoreReport) -> list[Callable[[ScoreReport], Part]]:
    """The sections; where nothing survives, what would have been seen comes first."""
    rest: list[Callable[[ScoreReport], Part]] = [
        _steps, _best, _placebo, _reliability, _delay, _components, _verdicts,
    ]  # fmt: skip
    return [_null, *rest, _rules] if report.null.certified else [*rest, _null, _rules]


def _section(number: int, title: str, says: str, content: str) -> str:
    return f'<section><h2>{number} · {escape(title)}</h2><p class="says">{escape(says)}</p>{content}</section>'


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return '<p class="none">None.</p>'
    top = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


def _cents(value: float | None) -> str:
    return '<span class="null">none</span>' if value is None else edge(value)


def _share(value: float | None, places: int = 0) -> str:
    return '<span class="null">none</span>' if value is None else percent(value, places)


def _probability(log10: float | None) -> str:
    if log10 is None:
        return '<span class="null">none</span>'
    return f"{10.0**log10:.2g}" if log10 > _LEAST else "&lt; 1e-299"


def _kinds(report: ScoreReport) -> list[str]:
    """Kinds with any wallet, in order."""
    return [kind for kind in KINDS if any(row.kind == kind and row.wallets for row in report.steps)]


def _title(kind: str) -> str:
    return f"<h3>{escape(KIND_NAMES[kind].capitalize())}</h3>"


def _by_kind(report: ScoreReport, draw: Callable[[str], str]) -> str:
    parts = "".join(f"<div>{_title(kind)}{draw(kind)}</div>" for kind in _kinds(report))
    return f'<div class="two">{parts}</div>'


def _header(report: ScoreReport) -> str:
    data = report.dataset
    about = (
        f"{data.name} ({data.kind}), {data.first_day} to {data.last_day}: {data.trades:,} trades and "
        f"{data.signals:,} found positions of {data.wallets:,} wallets"
        f"{f', as known at {report.as_of}' if report.as_of else ''}. Policies tried: {', '.join(report.policies)}."
    )
    return header(report.stamp, "who is worth copying", report.headline.title, report.headline.sentences, about)


def _tiles(report: ScoreReport) -> str:
    """The outcome in five numbers: a wallet counts once for each policy and kind."""
    names = (
        ("found", "wallets, by kind and policy"),
        ("enough_bets", "with enough settled bets"),
        ("tested", "tested"),
        ("lower_above_zero", "lower bound above 0"),
        ("survived_fdr", f"survive at FDR {percent(report.false_discovery_rate)}"),
    )
    shown = "".join(
        f"<div><b>{sum(row.wallets for row in report.steps if row.step == step):,}</b><span>{escape(says)}</span></div>"
        for step, says in names
    )
    return f'<section class="first"><div class="tiles">{shown}</div></section>'


def _of(rows: Sequence[StepRow], policy: str, kind: str) -> list[StepRow]:
    return [row for row in rows if (row.policy, row.kind) == (policy, kind)]


def _steps(report: ScoreReport) -> Part:
    first = report.policies[0]
    figure = _by_kind(report, lambda kind: figures.steps_figure(_of(report.steps, first, kind)))
    events = [
        [_KIND.get(row.kind, row.kind), f"<code>{escape(row.reason)}</code>", f"{row.count:,}", percent(row.share, 1)]
        for row in report.events
    ]
    return Part(
        "From found to survived",
        f"Wallets by how far they came under the policy {first}; bars are drawn by the square root so that the last "
        "steps can be seen.",
        figure + _policies(report) + "<details><summary>Leader events by what became of their price</summary>"
        + _table(("kind", "reason", "events", "share"), events) + "</details>",
    )  # fmt: skip


def _policies(report: ScoreReport) -> str:
    """All policies side by side, where there is more than one."""
    if len(report.policies) < 2:
        return ""
    names = list(dict.fromkeys(row.step for row in report.steps))
    rows = []
    for policy in report.policies:
        for kind in _kinds(report):
            counts = {row.step: row.wallets for row in _of(report.steps, policy, kind)}
            rows.append([escape(policy), _KIND[kind], *(f"{counts.get(name, 0):,}" for name in names)])
    head = ("policy", "kind", *(name.replace("_", " ") for name in names))
    return f"<h3>Every policy; each row of the test is a trial</h3>{_table(head, rows)}"


def _best(report: ScoreReport) -> Part:
    def draw(kind: str) -> str:
        rows = _listed(report, report.policies[0], kind)
        placebo = _placebos(report, kind)
        return figures.interval_figure(rows, placebo) + figures.interval_legend(kind, placebo=bool(placebo))

    parts = [_title(kind) + draw(kind) + _boards(report, kind) for kind in _kinds(report)]
    sure = percent(report.confidence, 1)
    return Part(
        "The best wallets",
        "Cents per share that a follower would have earned after half-spread, impact and fee: the estimate between "
        f"its one-sided {sure} bounds, event groups counted once; ranked by the lower bound. The ring is the estimate "
        "drawn towards all judged wallets: the best of many looks better than it is.",
        "".join(parts),
    )


def _boards(report: ScoreReport, kind: str) -> str:
    """The best wallets by kind, one table a policy."""
    head = ("rank", "wallet", "verdict", "bets", "groups", "edge", "lower", "upper", "shrunk", "price", "hits", "p",
            "q", "PSR", "DSR")  # fmt: skip
    boards = [
        (policy, _table(head, [_wallet(row) for row in _listed(report, policy, kind)])) for policy in report.policies
    ]
    (_, first), *others = boards
    more = "".join(f"<details><summary>{escape(policy)}</summary>{table}</details>" for policy, table in others)
    return first + more


def _listed(report: ScoreReport, policy: str, kind: str) -> list[WalletRow]:
    mine = [row for row in report.best if (row.policy, row.kind) == (policy, kind)]
    return mine[:MOST_ROWS]


def _wallet(row: WalletRow) -> list[str]:
    return [
        "-" if row.rank is None else str(row.rank),
        f'<code title="{escape(row.wallet)}">{escape(figures.short(row.wallet))}</code>',
        escape(row.verdict.replace("_", " ").lower()),
        f"{row.bets:,}",
        f"{row.groups:,}",
        _cents(row.edge),
        _cents(row.lower),
        _cents(row.upper),
        _cents(row.shrunk),
        "-" if row.mean_price is None else f"{row.mean_price:.3f}",
        _share(row.hit_rate),
        _probability(row.log10_p),
        _probability(row.log10_q),
        _share(row.psr, 1),
        _share(row.dsr, 1),
    ]


def _placebos(report: ScoreReport, kind: str) -> list[PlaceboRow]:
    first = report.policies[0]
    return [row for row in report.placebo if row.kind == kind and row.policy == first]


def _placebo(report: ScoreReport) -> Part:
    rows = [
        [escape(row.which), escape(row.policy), _KIND[row.kind], f"{row.judged:,}",
         f"{row.lower_above_zero:,}", f"{row.survived:,}", _cents(row.median_edge), _cents(row.best_edge),
         _cents(row.best_lower)]
        for row in report.placebo
    ]  # fmt: skip
    head = ("leaderboard", "policy", "kind", "tested", "lower above 0", "survive", "median edge", "best edge",
            "best lower")  # fmt: skip
    figure = _by_kind(
        report, lambda kind: figures.placebo_figure(_placebos(report, kind)) + figures.placebo_legend(kind)
    )
    return Part(
        "Beside wallets that cannot have skill",
        "The same rules on the same events with the other outcome bought, and with strangers' bets of the same week "
        "and price. On the diagonal is what chance alone gives; a leaderboard means something where the observed "
        "leave the placebos below.",
        figure + _table(head, rows) if report.placebo else "",
    )


def _reliability(report: ScoreReport) -> Part:
    def draw(kind: str) -> str:
        return figures.reliability_figure([band for band in report.reliability if band.kind == kind])

    rows = [
        [_KIND[row.kind], "price alone" if row.series == "price" else "price and shrunk edge", f"{row.bets:,}",
         f"{row.wallets:,}", *("-" if v is None else f"{v:.4f}" for v in (row.brier, row.reliability, row.resolution)),
         _gain(row)]
        for row in report.forecasts
    ]  # fmt: skip
    head = ("kind", "forecast", "bets", "wallets", "Brier score", "of it miscalibration", "resolution", "gain on price")
    return Part(
        "Forecast against outcome",
        "Edges were estimated on the first half of the time; these are the same wallets' bets of the second half. A "
        "forecast is the probability that the token pays; dots on the diagonal came true as often as they said; the "
        "lines are Wilson 95 % intervals, event groups counted once.",
        _by_kind(report, draw) + figures.reliability_legend() + _table(head, rows) if report.forecasts else "",
    )


def _gain(row: ForecastScore) -> str:
    if row.gain is None or row.gain_lower is None or row.gain_upper is None:
        return "-"
    return f"{row.gain:+.4f} <small>[{row.gain_lower:+.4f}, {row.gain_upper:+.4f}]</small>"


def _delay(report: ScoreReport) -> Part:
    return Part(
        "Edge against delay",
        "The best wallets' edge by the follower's delay, with its lower bound (dashed), all on one scale, where there "
        f"are {figures.FEWEST_BETS} bets; below, the own stake at which the edge is gone, the share of his fills that "
        "were a maker's, and how much more others trade his way after him than before.",
        figures.delay_multiples(report.copyability, MOST_MULTIPLES) if report.copyability else "",
    )


def _components(report: ScoreReport) -> Part:
    def draw(kind: str) -> str:
        return figures.component_bars(_listed(report, report.policies[0], kind)[:MOST_SCORED])

    known = any(row.components for row in report.best)
    return Part(
        "What the score is made of",
        "Each component as a place among all judged wallets of the kind, from 0 to 100; the score is their weighted "
        "sum, and its bounds come from those of the edge.",
        "".join(_title(kind) + draw(kind) for kind in _kinds(report)) if known else "",
    )


def _verdicts(report: ScoreReport) -> Part:
    rows = [
        [escape(row.policy), _KIND[row.kind], f"<code>{escape(row.reason)}</code>", f"{row.wallets:,}"]
        for row in report.withheld
    ]
    figure = _by_kind(report, lambda kind: figures.verdict_figure([row for row in report.verdicts if row.kind == kind]))
    return Part(
        "Verdicts, and why there is none",
        "A wallet without enough independent settled bets gets no verdict: nothing is claimed of it, good or bad.",
        figure + "<h3>Withheld, by reason</h3>" + _table(("policy", "kind", "reason", "wallets"), rows),
    )


def _null(report: ScoreReport) -> Part:
    null = report.null
    told = "".join(f"<p>{escape(text)}</p>" for text in null.sentences)
    rows = [
        [_KIND[row.kind], f"{row.tested:,}", f"{row.survived:,}", _probability(row.needed_p),
         _probability(row.finest_p), f"{row.reaching:,}", _cents(row.best), _cents(row.median)]
        for row in null.kinds
    ]  # fmt: skip
    head = ("kind", "tested", "survive", "p needed", "finest p", "can reach it", "edge, best wallet", "edge, median")
    figure = _by_kind(report, lambda kind: _power(report, kind))
    return Part(
        "Nothing survives: a certified null" if null.certified else "What would have been detected",
        "The edge per share that these rules, with this many trials, find in four of five cases; by number of "
        "independent settled bets, one line a price. A lone survivor needs the p-value of the table; the finest one is "
        "what the best of those tested could get by winning everything.",
        f'<div class="null-box">{told}</div>{_table(head, rows)}{figure}' if told else "",
    )


def _power(report: ScoreReport, kind: str) -> str:
    """One kind's power as a figure and a table: bets down, prices across."""
    mine = [row for row in report.null.rows if row.kind == kind]
    prices, sizes = sorted({row.price for row in mine}), sorted({row.bets for row in mine})
    found = {(row.bets, row.price): row.detectable for row in mine}
    rows = [[f"{n:,}", *(_cents(found.get((n, price))) for price in prices)] for n in sizes]
    head = ("settled bets", *(f"at {price:.2f}" for price in prices))
    return figures.power_figure(mine) + (_table(head, rows) if mine else "")


def _rules(report: ScoreReport) -> Part:
    values = [[f"<code>{escape(name)}</code>", f"<code>{escape(str(value))}</code>"]
              for name, value in report.parameters.items()]  # fmt: skip
    fees = [[_KIND[row.kind], escape(row.provenance), f"{row.count:,}", percent(row.share, 1)]
            for row in report.fee_provenance]  # fmt: skip
    notes = "".join(f"<li>{escape(note)}</li>" for note in report.notes)
    fixed = (
        f"<p>Thresholds, fixed before the data was looked at: <code>{escape(report.thresholds.sha256)}</code></p>"
        if report.thresholds.sha256
        else ""
    )
    return Part(
        "Rules and provenance",
        "With the same dataset, parameters and thresholds this page comes out the same to the byte.",
        f"{fixed}<p>Dataset <code>{report.dataset.fingerprint}</code></p>{f'<ul>{notes}</ul>' if notes else ''}"
        f"<details><summary>Parameters</summary>{_table(('parameter', 'value'), values)}</details>"
        f"<details><summary>Where the fee schedules of priced events come from</summary>"
        f"{_table(('kind', 'provenance', 'events', 'share'), fees)}</details>",
    )


def _footer(report: ScoreReport) -> str:
    return (
        "<footer><p>Edges are cents per share; c stands for a hundredth of a pUSD. p: of no edge, exact under any tail "
        "and clustered by event group; q: adjusted for every wallet and policy with a settled bet. Past results "
        f"on this dataset, not a promise. {escape(report.stamp)}</p></footer>"
    )
