// Stripe as it is played on one machine, asked by Stripe's own library; and our callback, given what that signs.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import Stripe from "stripe";

const engine = process.env.ACTIONLAYER_BASE_URL;
const secret = "whsec_local0stripe0signs0with0this";
const at = new URL(process.env.ACTIONLAYER_STRIPE);
const stripe = new Stripe("sk_test_local", { host: at.hostname, port: at.port, protocol: "http", maxNetworkRetries: 0 });

async function api(method, path, body, key) {
  const headers = { "content-type": "application/json", ...(key && { authorization: `Bearer ${key}` }) };
  const answer = await fetch(engine + path, { method, headers, body: body && JSON.stringify(body) });
  assert(answer.ok, `${method} ${path}: ${answer.status}`);
  return answer.json();
}

const press = async (url, form) =>
  (await fetch(url, { method: "POST", redirect: "manual", body: new URLSearchParams(form) })).status;

async function eventually(what, probe) {
  for (const until = Date.now() + 30_000; Date.now() < until; ) {
    if (await probe()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(what);
}

// What Stripe's library makes of what is played here.
const customer = await stripe.customers.create({ name: "Acme" });
await assert.rejects(
  stripe.billingPortal.sessions.create({ customer: "cus_nobody", return_url: "http://here.test/" }),
  (error) => error instanceof Stripe.errors.StripeInvalidRequestError && error.code === "resource_missing",
);
const wish = { mode: "subscription", customer: customer.id, success_url: "http://here.test/",
  line_items: [{ price: "price_local_agency", quantity: 1 }] };
const session = await stripe.checkout.sessions.create(wish, { idempotencyKey: "one wish" });
assert.equal((await stripe.checkout.sessions.create(wish, { idempotencyKey: "one wish" })).id, session.id);
await assert.rejects(
  stripe.checkout.sessions.create({ ...wish, cancel_url: "http://here.test/" }, { idempotencyKey: "one wish" }),
  (error) => error instanceof Stripe.errors.StripeIdempotencyError,
);
assert.equal(await press(session.url, { card: "works" }), 303);
const [subscription] = (await stripe.subscriptions.list({ customer: customer.id })).data;
assert.equal(subscription.status, "active");
assert.equal(subscription.items.data[0].price.unit_amount, 7900);
const portal = await stripe.billingPortal.sessions.create({ customer: customer.id, return_url: "http://here.test/" });
assert.equal(await press(portal.url, { subscription: subscription.id, act: "cancel" }), 303);
assert.equal((await stripe.subscriptions.retrieve(subscription.id)).cancel_at_period_end, true);

// Our callback takes what the library signs.
const payload = JSON.stringify({ id: "evt_of_the_library", object: "event", type: "invoice.paid",
  data: { object: { object: "invoice", customer: customer.id } } });
const send = async (header) =>
  (await fetch(`${engine}/callbacks/stripe`, { method: "POST", headers: { "stripe-signature": header }, body: payload })).status;
const header = (options) => stripe.webhooks.generateTestHeaderString({ payload, secret, ...options });
assert.equal(await send(header({})), 200);
assert.equal(await send(header({ secret: "whsec_other" })), 401);
assert.equal(await send(header({ timestamp: Math.floor(Date.now() / 1000) - 400 })), 401);

// And the library takes what is signed here: a workspace pays, and its events come to a receiver of Stripe's kind.
const events = [];
const receiver = createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk)).on("end", () => {
    events.push(stripe.webhooks.constructEvent(Buffer.concat(chunks), request.headers["stripe-signature"], secret));
    response.end();
  });
});
await new Promise((resolve) => receiver.listen(0, "127.0.0.1", resolve));
const { api_key: key } = await api("POST", "/v1/auth/bootstrap", { workspace_name: "Acme" });
const { url } = await api("POST", "/v1/billing/checkout", { plan: "pro" }, key);
assert.equal(await press(url, { card: "works" }), 303);
await eventually("the plan", async () => (await api("GET", "/v1/billing/subscription", undefined, key)).plan === "pro");
const told = (await api("GET", "/local/stripe/state")).events.map((event) => event.id);
await api("POST", "/local/stripe/deliver", { events: told, url: `http://127.0.0.1:${receiver.address().port}/` });
receiver.close();
assert.deepEqual(events.map((event) => event.id), told);
assert(events.some((event) => event.type === "checkout.session.completed"));
console.log("Stripe's library for Node: customers, checkout, portal, subscriptions, signatures both ways");
