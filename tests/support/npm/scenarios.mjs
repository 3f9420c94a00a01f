// The venue's own JavaScript client at the local exchange: every scenario returns what the client told, as plain data.
// Nothing is judged here; the test that started this script does that.
import { readFileSync } from "node:fs";
import { Wallet } from "@ethersproject/wallet";
import { ClobClient, OrderType, Side, SignatureTypeV2 } from "@polymarket/clob-client-v2";
import WebSocket from "ws";

const told = JSON.parse(readFileSync(0, "utf8"));
const { plain, fine, group } = told.markets;
const GTC = OrderType.GTC;

async function clientOf(name) {
  const { key, wallet } = told.accounts[name];
  const base = {
    host: told.clob_url, chain: 137, signer: new Wallet(key),
    signatureType: SignatureTypeV2.POLY_1271, funderAddress: wallet,
  };
  const creds = await new ClobClient(base).createOrDeriveApiKey();
  return { client: new ClobClient({ ...base, creds }), creds, base };
}

const ada = await clientOf("ada");
const bob = await clientOf("bob");

const limit = (who, tokenID, side, price, size, options = {}) =>
  who.client.createAndPostOrder({ tokenID, side, price, size }, {}, options.type ?? GTC, options.postOnly ?? false);
const market = (who, tokenID, amount, price, type) =>
  who.client.createAndPostMarketOrder({ tokenID, side: Side.BUY, amount, price }, {}, type);

async function until(holds, seen) {
  for (let tries = 0; tries < 750; tries += 1) {
    if (await holds()) return;
    await new Promise((later) => setTimeout(later, 20));
  }
  throw new Error(`it did not come true; seen: ${JSON.stringify(seen)}`);
}

const confirmed = (who, id) =>
  until(async () => (await who.client.getTrades({ id }))[0].status === "TRADE_STATUS_CONFIRMED", id);

async function userEvents(creds, wanted, during) {
  const socket = new WebSocket(`${told.stream_url}/user`);
  await new Promise((opened, failed) => { socket.once("open", opened); socket.once("error", failed); });
  const auth = { apiKey: creds.key, secret: creds.secret, passphrase: creds.passphrase };
  socket.send(JSON.stringify({ type: "user", auth }));
  socket.send("PING");
  const events = [];
  socket.on("message", (raw) => {
    const text = raw.toString();
    events.push(...(text === "PONG" ? ["PONG"] : [JSON.parse(text)].flat()));
  });
  await until(() => events.includes("PONG"), events);
  const result = await during();
  await until(() => wanted(events), events);
  socket.close();
  return { events: events.filter((event) => event !== "PONG"), result };
}

const scenarios = {
  async derive_keys() {
    return { creds: ada.creds, keys: await ada.client.getApiKeys(), closed: await ada.client.getClosedOnlyMode() };
  },
  async a_second_derivation_gives_the_same_keys() {
    return { first: ada.creds, again: await new ClobClient(ada.base).deriveApiKey(), other: bob.creds };
  },
  async place_a_resting_order() {
    return limit(ada, plain[0], Side.BUY, 0.41, 20);
  },
  async place_a_crossing_order() {
    await limit(ada, plain[0], Side.BUY, 0.6, 20);
    return limit(bob, plain[1], Side.BUY, 0.45, 10);
  },
  async place_a_batch() {
    const args = [];
    for (let cents = 10; cents < 25; cents += 1)
      args.push({ order: await ada.client.createOrder({ tokenID: group[0], side: Side.BUY, price: cents / 100, size: 5 }),
                  orderType: GTC });
    return ada.client.postOrders(args);
  },
  async a_batch_with_one_bad_order_takes_the_others() {
    const args = [];
    for (const size of [5, 1, 5])
      args.push({ order: await ada.client.createOrder({ tokenID: plain[0], side: Side.BUY, price: 0.2, size }), orderType: GTC });
    return ada.client.postOrders(args);
  },
  async the_same_bytes_again_are_one_order() {
    const order = await ada.client.createOrder({ tokenID: plain[0], side: Side.BUY, price: 0.2, size: 5 });
    const first = await ada.client.postOrder(order, GTC);
    return { first, again: await ada.client.postOrder(order, GTC), open: await ada.client.getOpenOrders() };
  },
  async cancel_an_order() {
    const ids = [];
    for (let count = 0; count < 5; count += 1) ids.push((await limit(ada, plain[0], Side.BUY, 0.2, 5)).orderID);
    return {
      ids,
      one: await ada.client.cancelOrder({ orderID: ids[0] }),
      two: await ada.client.cancelOrders(ids.slice(1, 3)),
      market: await ada.client.cancelMarketOrders({ market: told.markets.plain_id }),
      none: await ada.client.cancelAll(),
    };
  },
  async cancel_what_is_gone() {
    const { orderID } = await limit(ada, plain[0], Side.BUY, 0.2, 5);
    await ada.client.cancelOrder({ orderID });
    return { orderID, answer: await ada.client.cancelOrders([orderID]) };
  },
  async read_the_book() {
    for (const price of [0.4, 0.38, 0.39]) await limit(ada, plain[0], Side.BUY, price, 10);
    await limit(ada, plain[1], Side.BUY, 0.55, 10);
    const book = await ada.client.getOrderBook(plain[0]);
    const hash = book.hash;
    return {
      book, hash, recomputed: await ada.client.getOrderBookHash({ ...book }),
      books: await ada.client.getOrderBooks([{ token_id: plain[0] }, { token_id: plain[1] }]),
      mid: await ada.client.getMidpoint(plain[0]),
      bid: await ada.client.getPrice(plain[0], Side.BUY),
      ask: await ada.client.getPrice(plain[0], Side.SELL),
      spread: await ada.client.getSpread(plain[0]),
      tick: await ada.client.getTickSize(plain[0]),
      markets: (await ada.client.getMarkets()).data.length,
      time: await ada.client.getServerTime(),
      ok: await ada.client.getOk(),
    };
  },
  async read_open_orders() {
    const { orderID } = await limit(ada, plain[0], Side.BUY, 0.2, 7.5);
    return {
      orderID, open: await ada.client.getOpenOrders({ market: told.markets.plain_id }),
      one: await ada.client.getOrder(orderID), others: await bob.client.getOpenOrders(),
    };
  },
  async read_trades() {
    const rested = await limit(ada, plain[0], Side.BUY, 0.6, 20);
    const taken = await limit(bob, plain[1], Side.BUY, 0.4, 10);
    const [id] = taken.tradeIDs;
    return { rested, taken, made: await ada.client.getTrades({ id }), own: await bob.client.getTrades({ id }) };
  },
  async read_balances() {
    const collateral = { asset_type: "COLLATERAL" };
    const before = await bob.client.getBalanceAllowance(collateral);
    await limit(ada, group[0], Side.BUY, 0.6, 20);
    const taken = await limit(bob, group[1], Side.BUY, 0.4, 20);
    await confirmed(bob, taken.tradeIDs[0]);
    await bob.client.updateBalanceAllowance(collateral);
    return {
      before, taken, after: await bob.client.getBalanceAllowance(collateral),
      held: await bob.client.getBalanceAllowance({ asset_type: "CONDITIONAL", token_id: group[1] }),
    };
  },
  async user_channel_tells_placement_trade_and_cancel() {
    return userEvents(ada.creds, (events) => events.some((event) => event.type === "CANCELLATION"), async () => {
      const { orderID } = await limit(ada, plain[0], Side.BUY, 0.6, 20);
      await limit(bob, plain[1], Side.BUY, 0.4, 10);
      await ada.client.cancelOrder({ orderID });
      return orderID;
    });
  },
  async a_trade_is_matched_mined_and_confirmed() {
    let trade;
    const final = (event) => event.status === "CONFIRMED" && event.id === trade;
    return userEvents(bob.creds, (events) => events.some(final), async () => {
      await limit(ada, group[0], Side.BUY, 0.6, 10);
      const taken = await limit(bob, group[1], Side.BUY, 0.4, 10);
      [trade] = taken.tradeIDs;
      return taken;
    });
  },
  async fill_or_kill_without_enough_is_an_outcome() {
    await limit(ada, plain[0], Side.BUY, 0.6, 10);
    return market(bob, plain[1], 20, 0.4, OrderType.FOK);
  },
  async fill_and_kill_without_any_is_an_outcome() {
    await limit(ada, plain[0], Side.BUY, 0.6, 10);
    return { none: await market(bob, plain[1], 20, 0.3, OrderType.FAK), part: await market(bob, plain[1], 20, 0.4, OrderType.FAK) };
  },
  async a_post_only_order_that_crosses_is_refused() {
    await limit(ada, plain[0], Side.BUY, 0.6, 10, { postOnly: true });
    return limit(bob, plain[1], Side.BUY, 0.4, 10, { postOnly: true });
  },
  async a_wrong_tick_is_refused() {
    const order = await ada.client.orderBuilder.buildOrder(
      { tokenID: plain[0], side: Side.BUY, price: 0.123, size: 10 }, { tickSize: "0.001", negRisk: false }, 2);
    return { right: await limit(ada, fine[0], Side.BUY, 0.123, 10), wrong: await ada.client.postOrder(order, GTC) };
  },
  async a_size_below_the_minimum_is_refused() {
    return limit(ada, plain[0], Side.BUY, 0.2, 4.99);
  },
  async more_than_the_balance_is_refused() {
    return { buy: await limit(ada, fine[0], Side.BUY, 0.5, 40000), sell: await limit(bob, fine[0], Side.SELL, 0.5, 5) };
  },
  async a_signature_for_the_wrong_exchange_is_refused() {
    const order = await ada.client.orderBuilder.buildOrder(
      { tokenID: group[0], side: Side.BUY, price: 0.2, size: 5 }, { tickSize: "0.01", negRisk: false }, 2);
    return ada.client.postOrder(order, GTC);
  },
};

for (const [name, scenario] of Object.entries(scenarios)) {
  await ada.client.cancelAll();
  await bob.client.cancelAll();
  let outcome;
  try {
    outcome = { told: await scenario() };
  } catch (fault) {
    outcome = { fault: String(fault?.stack ?? fault) };
  }
  process.stdout.write(`${JSON.stringify({ name, ...outcome })}\n`);
}
process.exit(0);
