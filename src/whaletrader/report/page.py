"""The report as one HTML page that needs no other file and no script; every number comes from the report."""

from collections.abc import Callable, Sequence
from html import escape
from importlib.resources import files

from whaletrader.report import figures
from whaletrader.report.model import CountRow, Estimate, Metrics, Report
from whaletrader.report.page_header import header

MOST_ROWS = 12
_KIND = {"fill": "fills", "position": "positions"}


def page_html(report: Report) -> str:
    """The whole page."""
    style = (files("whaletrader.report") / "page.css").read_text(encoding="utf-8")
    title = f"{report.stamp + ' · ' if report.stamp else ''}Whale Trader backtest of {report.dataset.name}"
    body = "".join(part(report) for part in _PARTS)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style}</style></head><body>{body}</body></html>\n"
    )


def _section(title: str, says: str, *content: str) -> str:
    return f'<section><h2>{escape(title)}</h2><p class="says">{escape(says)}</p>{"".join(content)}</section>'


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], css: str = "") -> str:
    if not rows:
        return '<p class="none">None.</p>'
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="scroll"><table class="{css}"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


def _header(report: Report) -> str:
    data = report.dataset
    about = (
        f"{data.name} ({data.kind}), {data.first_day} to {data.last_day}: {data.trades:,} trades and "
        f"{data.signals:,} found positions of {data.wallets:,} wallets. Measured {report.first_day} to "
        f"{report.last_day}, seed {report.seed}."
    )
    return header(report.stamp, "walk-forward backtest", report.headline.title, report.headline.sentences, about)


def _rebates(metrics: Metrics) -> str:
    return "–" if metrics.rebates is None else f"{metrics.rebates:,.0f}"


def _key_figures(report: Report) -> str:
    rows: list[tuple[str, Callable[[Metrics], str]]] = [
        ("Net return", lambda m: _estimate(m.net_return, lambda v: f"{v * 100:+.1f} %")),
        ("Net P&amp;L, pUSD", lambda m: _estimate(m.net_pnl, lambda v: f"{v:+,.0f}")),
        ("Sharpe (daily, annualised 365)", lambda m: _estimate(m.sharpe, lambda v: f"{v:.2f}")),
        ("Greatest drawdown", lambda m: _estimate(m.max_drawdown, lambda v: f"{v * 100:.1f} %")),
        ("Hit rate of closed bets", lambda m: _estimate(m.hit_rate, lambda v: f"{v * 100:.1f} %")),
        ("Bets closed / open", lambda m: f"{m.bets:,} / {m.open_bets:,}"),
        ("Fills", lambda m: f"{m.fills:,}"),
        ("Turnover, of starting equity", lambda m: f"{m.turnover:.2f} ×"),
        ("Fees paid, pUSD", lambda m: f"{m.fees:,.0f}"),
    ]
    if any(variant.metrics.rebates for variant in report.variants):
        rows.append(("Paid back of them, pUSD (ESTIMATE, counted nowhere)", _rebates))
    head = "".join(
        f'<th><span class="key {figures.css_of(v.name)}">{escape(v.label)}</span></th>' for v in report.variants
    )
    body = "".join(
        f"<tr><th>{name}</th>" + "".join(f"<td>{of(v.metrics)}</td>" for v in report.variants) + "</tr>"
        for name, of in rows
    )
    what = "".join(f"<dt>{escape(v.label)}</dt><dd>{escape(v.what)}</dd>" for v in report.variants[:3])
    method = next((v.metrics.net_return.method for v in report.variants if v.metrics.net_return.method), "none")
    return (
        f'<section class="first"><div class="scroll"><table class="figures"><thead><tr><td></td>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
        f'<p class="fine">In brackets: {escape(method)}; for the hit rate {escape(_hit_method(report))}. '
        "Past results on this dataset, not a promise.</p>"
        f"{figures.equity_figure(report.variants)}{figures.variants_legend(report.variants)}"
        f"<details><summary>What the variants are</summary><dl>{what}</dl></details></section>"
    )


def _hit_method(report: Report) -> str:
    return next((v.metrics.hit_rate.method for v in report.variants if v.metrics.hit_rate.method), "none")


def _estimate(estimate: Estimate, says: Callable[[float], str]) -> str:
    if estimate.value is None:
        return f'<span class="null">not known</span><small>{escape(estimate.reason)}</small>'
    value = f"<b>{says(estimate.value)}</b>"
    if estimate.lower is None or estimate.upper is None:
        return f"{value}<small>{escape(estimate.reason)}</small>"
    return f"{value}<small>[{says(estimate.lower)}, {says(estimate.upper)}]</small>"


def _kind_title(kind: str) -> str:
    return f"<h3>{escape(figures.KIND_NAMES[kind].capitalize())}</h3>"


def _funnel(report: Report) -> str:
    parts = "".join(
        f"<div>{_kind_title(kind)}{figures.funnel_figure(report.funnel, kind)}</div>" for kind in figures.KINDS
    )
    withheld = _counts(report.withheld, "Entries by what became of their price")
    return _section(
        "1 · From a leader's entry to our copy",
        "How many entries of all wallets could be priced for a follower, came from wallets with enough settled bets, "
        "and were copied; bars are drawn by the square root so that the last steps can be seen.",
        f'<div class="two">{parts}</div>{withheld}',
    )


def _window_effect(report: Report) -> str:
    rows = [
        [
            _KIND[row.kind],
            figures.WINDOW_LABELS.get(row.window_s, "at once") if row.kind == "fill" else "when found",
            f"{row.events:,}",
            f"{row.priced:,}",
            figures.percent(row.share_priced, 1),
            _cents(row.mean_edge),
            _cents(row.worst_case_edge),
        ]
        for row in report.window_effect
    ]
    head = ("kind", "wait", "entries", "priced", "share", "mean edge", "worst case")
    return _section(
        "2 · What waiting for a price selects",
        "A longer wait prices more fills, but other ones: the mean edge of what could be priced, beside what it would "
        "be had every withheld entry been a total loss: the withheld can hide no more than that.",
        figures.window_figure(report.window_effect),
        _table(head, rows),
    )


def _delay(report: Report) -> str:
    parts = "".join(
        f"<div>{_kind_title(kind)}{figures.delay_figure(report.delay_effect, kind)}</div>" for kind in figures.KINDS
    )
    return _section(
        "3 · Edge against delay",
        "Mean net edge per share of all wallets' priced entries: fills by our delay after them, positions by the time "
        "between the two looks that found them.",
        f'<div class="two">{parts}</div>',
    )


def _drawdown(report: Report) -> str:
    return _section(
        "4 · Drawdown",
        "How far each variant stood below its highest equity so far, at each day's end.",
        figures.drawdown_figure(report.variants),
        figures.variants_legend(report.variants),
    )


def _windows(report: Report) -> str:
    names = [v.name for v in report.variants]
    rows = [
        [
            escape(row.name),
            f"{row.scanned:,}",
            f"{row.qualified:,}",
            ", ".join(f"{n} by {_KIND[kind]}" for kind, n in row.followed.items()) or row.status.replace("_", " "),
            *(f"{row.pnl[name]:+,.0f}" for name in names),
        ]
        for row in report.windows
    ]
    head = ("window", "wallets", "enough bets", "followed", *(v.label for v in report.variants))
    return _section(
        "5 · Window by window",
        "Each window is scored on what was known before it; the last columns are changes of equity in pUSD within it.",
        _table(head, rows, "windows"),
    )


def _reliability(report: Report) -> str:
    parts = "".join(
        f"<div><h3>{name}</h3>{figures.reliability_figure(report.reliability, whose)}</div>"
        for whose, name in (("ours", "Our own fills"), ("priced", "All entries a follower could have got"))
    )
    return _section(
        "6 · Price paid against outcome",
        "Dots above the diagonal won more often than they cost, all costs included; the lines are Wilson 95 % "
        "intervals, in which the entries of one event group, which settle together, are counted together.",
        f'<div class="two">{parts}</div>',
        figures.kinds_legend(),
    )


def _decisions(report: Report) -> str:
    ours = report.variants[0]
    tables = (
        (ours.skipped, "Skipped by copy_signal"),
        (ours.stopped, "Stopped by the task graph"),
        (ours.approved, "Approved: the limit that decided the size"),
        (ours.denied, "Denied by the risk kernel"),
    )
    return _section(
        "7 · Why we did not trade, and what cut us",
        "Every leader event that was not copied, every approval's binding limit and every denial of our own run, by "
        "kind and reason.",
        f'<div class="two">{"".join(_counts(rows, title) for rows, title in tables)}</div>',
    )


def _counts(rows: Sequence[CountRow], title: str) -> str:
    told = [[_KIND.get(row.kind, row.kind), f"<code>{escape(row.reason)}</code>",
             f"{row.count:,}", figures.percent(row.share, 1)] for row in rows]  # fmt: skip
    return f"<div><h3>{escape(title)}</h3>{_table(('kind', 'reason', 'count', 'share'), told)}</div>"


def _leaders(report: Report) -> str:
    ours = report.variants[0]
    rows = [
        [
            _KIND[row.kind],
            f"<code>{escape(row.wallet[:10])}…{escape(row.wallet[-4:])}</code>",
            f"{row.realised:+,.2f}",
            f"{row.marked:+,.2f}",
            f"{row.fees:,.2f}",
            f"{row.fills:,}",
            f"{row.won} of {row.bets}",
        ]
        for row in ours.leaders[:MOST_ROWS]
    ]
    more = len(ours.leaders) - len(rows)
    tail = f'<p class="fine">{more} more in the JSON.</p>' if more > 0 else ""
    kinds = [
        [v.label, _KIND[k.kind], f"{k.events:,}", f"{k.fills:,}", _estimate(k.hit_rate, lambda x: f"{x * 100:.0f} %"),
         f"{k.realised:+,.2f}", f"{k.marked:+,.2f}", f"{k.fees:,.2f}"]
        for v in report.variants for k in v.by_kind
    ]  # fmt: skip
    return _section(
        "8 · Whose doing it is",
        "Results in pUSD by kind of leader event, and by leader (first in, first out within his own lots).",
        _table(("variant", "kind", "entries", "fills", "hit rate", "realised", "marked", "fees"), kinds),
        "<h3>Our leaders</h3>",
        _table(("kind", "wallet", "realised", "marked", "fees", "fills", "won"), rows),
        tail,
    )


def _evidence(report: Report) -> str:
    rows = [
        [row.which, _KIND[row.kind], f"{row.judged:,}", f"{row.lower_above_zero:,}", f"{row.high_skill:,}",
         _cents(row.median_edge), _cents(row.best_edge)]
        for row in report.overlay
    ]  # fmt: skip
    seen = [[_KIND[row.kind], f"{row.judged:,}", _cents(row.smallest), _cents(row.median)] for row in report.detectable]
    fees = [
        [row.whose, _KIND[row.kind], row.provenance, f"{row.count:,}", figures.percent(row.share, 1)]
        for row in report.fee_provenance
    ]
    overlay_head = (
        "leaderboard",
        "kind",
        "judged",
        "lower bound above 0",
        "after adjustment",
        "median edge",
        "best edge",
    )
    return _section(
        "9 · The leaderboard beside wallets without skill",
        "The same scores at the data's end for the real wallets, for their mirror images (the other outcome bought) "
        "and for wallets with shuffled labels, whose edge can only be luck.",
        _table(overlay_head, rows),
        "<h3>Smallest edge that could have been seen</h3>",
        _table(("kind", "judged", "narrowest wallet", "median wallet"), seen),
        "<h3>Where the fee schedules come from</h3>",
        _table(("whose", "kind", "provenance", "count", "share"), fees),
    )


def _cents(value: float | None) -> str:
    return '<span class="null">none</span>' if value is None else figures.edge(value)


def _footer(report: Report) -> str:
    logs = "".join(
        f"<li>{escape(v.label)}: {v.log_count:,} records, head <code>{v.log_head}</code></li>"
        for v in report.variants
        if v.log_head
    )
    return (
        f"<footer><p>Dataset <code>{report.dataset.fingerprint}</code></p><ul>{logs}</ul>"
        "<p>Edges are cents per share after half-spread, impact and taker fee; c stands for a hundredth of a pUSD. "
        f"{escape(report.stamp)}</p></footer>"
    )


_PARTS: tuple[Callable[[Report], str], ...] = (
    _header, _key_figures, _funnel, _window_effect, _delay, _drawdown, _windows, _reliability, _decisions, _leaders,
    _evidence, _footer,
)  # fmt: skip
