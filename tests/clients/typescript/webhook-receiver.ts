// A receiver that verifies with Standard Webhooks' own library, also while a secret is replaced.
import { createServer } from "node:http";
import { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";
import { call, mailIn, newWorld, waitFor } from "./world.js";

const world = await newWorld();
const received: { headers: Record<string, string>; body: string }[] = [];
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    received.push({ headers: request.headers as Record<string, string>, body: Buffer.concat(chunks).toString() });
    response.writeHead(204).end();
  });
});
await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;

const webhook = await call("POST", "/v1/webhooks", world.ownerKey, { url, events: ["email.received"] }, 201);
await mailIn(world, "Opening hours", "When do you open?");
await waitFor("the event", async () => received.length === 1);
const payload = new Webhook(webhook.secret).verify(received[0].body, received[0].headers) as Record<string, string>;
if (payload.event !== "email.received" || payload.subject !== "Opening hours") throw new Error(received[0].body);

const rotated = await call("POST", `/v1/webhooks/${webhook.id}/rotate-secret`, world.ownerKey, undefined, 200);
await call("POST", `/v1/webhooks/${webhook.id}/test`, world.ownerKey, undefined, 202);
await waitFor("the test", async () => received.length === 2);
for (const secret of [webhook.secret, rotated.secret]) {
  const test = new Webhook(secret).verify(received[1].body, received[1].headers) as Record<string, string>;
  if (test.event !== "webhook.test") throw new Error(received[1].body);
}
let refused = false;
try {
  new Webhook(rotated.secret).verify(received[1].body.replace("webhook.test", "email.received"), received[1].headers);
} catch {
  refused = true;
}
if (!refused) throw new Error("an altered body was taken");
server.close();
