"use strict";
const MICRO = 1e6;
const byId = (id) => document.getElementById(id);
const token = document.querySelector("meta[name=whaletrader-token]").content;
const money = (micro) => (micro / MICRO).toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const number = (value, digits = 3) => (value < 0 && value === -1 ? "–" : (value / MICRO).toFixed(digits));
const seconds = (value) => (value < 0 ? "–" : value.toFixed(value < 10 ? 1 : 0) + " s");
const percent = (micro) => (micro / 1e4).toFixed(2) + " %";
const when = (ns) => (ns ? new Date(ns / MICRO).toISOString().replace("T", " ").slice(0, 16) : "–");
const short = (id) => (id && id.length > 14 ? id.slice(0, 8) + "…" + id.slice(-4) : id || "–");
const sign = (value) => (value > 0 ? "good" : value < 0 ? "bad" : "");
let killed = false;

function element(tag, text, cls) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (cls) made.className = cls;
  return made;
}

function table(id, columns, rows, empty) {
  const shown = byId(id);
  shown.replaceChildren();
  if (!rows.length) {
    shown.append(element("caption", empty, "dim"));
    return;
  }
  const head = shown.createTHead().insertRow();
  for (const [title, , numeric] of columns) head.append(element("th", title, numeric ? "num" : ""));
  const body = shown.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    for (const [, value, numeric, cls] of columns) {
      line.append(element("td", value(row), [numeric ? "num" : "", cls ? cls(row) : ""].join(" ").trim()));
    }
  }
}

function rebates(estimate) {
  const told = [
    ["Rebate of fees, ESTIMATE, counted nowhere", estimate.taker_micro],
    ["Makers' rebate, at most about; ESTIMATE, counted nowhere", estimate.maker_at_most_micro],
  ];
  return told.filter(([, micro]) => micro).map(([label, micro]) => [label, money(micro), ""]);
}

function tiles(account, state) {
  const change = account.equity_micro - account.starting_equity_micro;
  const entries = [
    ["Equity, pUSD", money(account.equity_micro), ""],
    ["Result", (change >= 0 ? "+" : "") + money(change), sign(change)],
    ["Return", percent((MICRO * change) / account.starting_equity_micro), sign(change)],
    ["Deepest drawdown", percent(account.max_drawdown_micro), ""],
    ["Cash", money(account.cash_micro), ""],
    ["Open positions", String(state.positions.length), ""],
    ["Fees paid", money(account.fees_micro), ""],
    ...rebates(state.rebates),
    ["Log records", account.messages.toLocaleString("en-US"), ""],
  ];
  byId("tiles").replaceChildren(...entries.map(([label, value, cls]) => {
    const tile = element("div", undefined, "tile");
    tile.append(element("b", value, cls), element("span", label));
    return tile;
  }));
}

function path(points, cls, colour, width) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", "path");
  made.setAttribute("d", points.map(([x, y], i) => (i ? "L" : "M") + x.toFixed(1) + " " + y.toFixed(1)).join(""));
  made.setAttribute("fill", "none");
  made.setAttribute("stroke", colour);
  made.setAttribute("stroke-width", width);
  made.setAttribute("vector-effect", "non-scaling-stroke");
  return made;
}

function curve(account, span) {
  const drawn = byId("curve");
  drawn.replaceChildren();
  const points = account.curve;
  if (points.length < 2) return;
  const equity = points.map((point) => point[1]);
  const start = account.starting_equity_micro;
  const low = Math.min(start, ...equity), high = Math.max(start, ...equity), room = (high - low) * 0.08 || 1;
  const x = (ts) => (1000 * (ts - span.first_ts)) / (span.last_ts - span.first_ts || 1);
  const y = (value) => 240 - (240 * (value - low + room)) / (high - low + 2 * room);
  const style = getComputedStyle(document.documentElement);
  drawn.append(path([[0, y(start)], [1000, y(start)]], "", style.getPropertyValue("--line"), 1));
  drawn.append(path(points.map((p) => [x(p[0]), y(p[2])]), "", style.getPropertyValue("--dim"), 1));
  drawn.append(path(points.map((p) => [x(p[0]), y(p[1])]), "", style.getPropertyValue("--accent"), 2));
  byId("curve-scale").replaceChildren(
    element("span", when(span.first_ts)), element("span", `equity (blue) and its high-water mark (grey): ${money(low)} to ${money(high)} pUSD`),
    element("span", when(span.last_ts)));
}

function bars(counts) {
  const rows = [];
  const add = (label, counts, refused) => {
    for (const [name, count] of Object.entries(counts)) rows.push([`${label} ${name}`, count, refused]);
  };
  add("seen:", counts.events, false);
  rows.push(["worth a signal", counts.signals, false]);
  add("approved, bound by", counts.approved, false);
  add("order", counts.orders, false);
  add("skipped:", counts.skipped, true);
  add("stopped:", counts.stopped, true);
  add("denied:", counts.denied, true);
  const most = Math.max(1, ...rows.map((row) => row[1]));
  byId("funnel").replaceChildren(...rows.map(([label, count, refused]) => {
    const bar = element("div", undefined, refused ? "bar no" : "bar");
    const line = document.createElement("span"), fill = element("i");
    fill.style.width = `${(100 * count) / most}%`;
    line.append(fill);
    bar.append(element("span", label.replaceAll("_", " ").toLowerCase()), line, element("span", count.toLocaleString("en-US")));
    return bar;
  }));
}

function leaders(state) {
  const followed = Object.values(state.leaders.leaders).filter((leader) => !leader.until_ts);
  followed.sort((a, b) => b.score.edge_lower_micro - a.score.edge_lower_micro);
  const earned = (row) => (row.earned ? row.earned.realised_micro + row.earned.marked_micro : 0);
  table("leaders", [
    ["wallet", (r) => short(r.score.wallet)], ["kind", (r) => r.score.kind], ["bets", (r) => r.score.n_bets, true],
    ["edge a share", (r) => number(r.score.edge_micro), true],
    ["interval", (r) => `${number(r.score.edge_lower_micro)} … ${number(r.score.edge_upper_micro)}`, true],
    ["earned us", (r) => money(earned(r)), true, (r) => sign(earned(r))],
  ], followed, "nobody: no wallet's lower bound is above zero, or none has been scored yet");
  table("best", [
    ["rank", (r) => r.rank, true], ["wallet", (r) => short(r.wallet)], ["kind", (r) => r.kind], ["verdict", (r) => r.verdict.replaceAll("_", " ")],
    ["settled bets", (r) => r.n_bets, true], ["event groups", (r) => r.n_groups, true], ["edge a share", (r) => number(r.edge_micro), true],
    ["lower", (r) => number(r.edge_lower_micro), true, (r) => sign(r.edge_lower_micro)], ["upper", (r) => number(r.edge_upper_micro), true],
    ["shrunk", (r) => number(r.edge_shrunk_micro), true], ["PSR", (r) => (r.psr_micro < 0 ? "–" : number(r.psr_micro, 2)), true],
  ], state.leaders.best.slice(0, 25), "no scan yet, or no wallet has enough settled bets");
}

function show(state) {
  if (state.waiting) return;
  const account = state.account;
  killed = Boolean(state.latch);
  byId("stamp").hidden = !state.simulated;
  byId("mode").textContent = state.mode;
  byId("feeds").hidden = !state.sources.length;
  table("sources", [
    ["source", (r) => r.source], ["state", (r) => r.state, false, (r) => (r.state === "LIVE" ? "good" : r.state === "IDLE" ? "" : "bad")],
    ["rows", (r) => r.seen.toLocaleString("en-US"), true], ["refused", (r) => r.rejected.toLocaleString("en-US"), true],
    ["last sign of life", (r) => seconds(r.data_age_s), true], ["late, half", (r) => seconds(r.lag_p50_s), true],
    ["late, 99 %", (r) => seconds(r.lag_p99_s), true], ["epochs", (r) => r.epoch, true], ["reconnects", (r) => r.reconnects, true],
    ["newest trouble", (r) => r.last_error || "–"],
  ], state.sources, "none");
  byId("clock").textContent = `run ${state.run_id} · ${state.dataset.name} · ${when(account.clock_ts)} UTC${account.ended ? " · ended" : ""}`;
  const pill = byId("state");
  pill.textContent = killed ? "KILLED" : account.trading_state;
  pill.className = "pill " + pill.textContent;
  const button = byId("switch");
  button.textContent = killed ? "Resume" : "Kill switch";
  button.className = killed ? "resume" : "kill";
  byId("progress").style.width = `${(100 * (account.clock_ts - state.dataset.first_ts)) / (state.dataset.last_ts - state.dataset.first_ts || 1)}%`;
  tiles(account, state);
  curve(account, state.dataset);
  bars(state.counts);
  leaders(state);
  const worth = (r) => (r.size_micro * r.price_micro) / MICRO - r.cost_micro;
  table("positions", [
    ["token", (r) => short(r.token_id)], ["leader", (r) => short(r.wallet)], ["kind", (r) => r.kind], ["shares", (r) => money(r.size_micro), true],
    ["cost", (r) => money(r.cost_micro), true], ["newest price", (r) => number(r.price_micro), true], ["since", (r) => when(r.opened_ts)],
    ["marked result", (r) => money(worth(r)), true, (r) => sign(worth(r))],
  ], state.positions, "none");
  table("decisions", [
    ["time", (r) => when(r.ts)], ["what", (r) => r.what], ["why", (r) => r.reason.replaceAll("_", " ").toLowerCase()], ["side", (r) => r.side],
    ["token", (r) => short(r.token_id)], ["leader", (r) => short(r.wallet)], ["price", (r) => number(r.price_micro), true],
    ["explain", (r) => r.correlation_id],
  ], state.decisions.slice(0, 40), "none yet");
  table("risk", [["time", (r) => when(r.ts)], ["what", (r) => r.kind], ["detail", (r) => r.detail]],
    account.events.slice().reverse().slice(0, 20), "none: no breaker, ladder step, alert or operator command");
}

function tell(text) {
  const notice = byId("notice");
  notice.textContent = text;
  notice.hidden = !text;
}

async function refresh() {
  try {
    const answer = await fetch("/api/state");
    show(await answer.json());
    tell("");
  } catch (fault) {
    tell("The server does not answer: the process has stopped. `whaletrader kill` works without it.");
  }
}

byId("switch").addEventListener("click", async () => {
  const path = killed ? "/api/resume" : "/api/kill";
  const answer = await fetch(path, { method: "POST", headers: { "X-Whaletrader-Token": token } });
  const said = await answer.json();
  if (!answer.ok) return tell(said.detail || said.error);
  killed = said.killed;
  byId("state").textContent = killed ? "KILLED" : "…";
  byId("switch").textContent = killed ? "Resume" : "Kill switch";
  byId("switch").className = killed ? "resume" : "kill";
});
refresh();
setInterval(refresh, 1000);
