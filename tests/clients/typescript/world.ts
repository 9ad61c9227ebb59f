// What surrounds a client program: a workspace, a domain with its DNS, an identity, people who write and who approve.
// Everything goes through public interfaces: the API, SMTP, the page behind an approval link, and the engine's own
// `/local` routes for DNS and for looking at what left.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import PostalMime, { type Email } from "postal-mime";

const { ACTIONLAYER_BASE_URL, ACTIONLAYER_SMTP } = process.env;
assert(ACTIONLAYER_BASE_URL && ACTIONLAYER_SMTP, "ACTIONLAYER_BASE_URL and ACTIONLAYER_SMTP must be set");
const [smtpHost, smtpPort] = ACTIONLAYER_SMTP.split(":");

export const DOMAIN = "ai.novacore.test";
export const CUSTOMER = "ada@customer.test";
export const APPROVER = "dana@approvers.test";

type Json = Record<string, any>;

export async function call(method: string, path: string, key?: string, body?: unknown, expect = 200): Promise<Json> {
  const headers: Record<string, string> = {};
  if (key) headers.Authorization = `Bearer ${key}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const r = await fetch(ACTIONLAYER_BASE_URL + path, { method, headers, body: JSON.stringify(body) });
  const text = await r.text();
  assert.equal(r.status, expect, `${method} ${path}: ${text}`);
  return text ? JSON.parse(text) : {};
}

/** The first result of `probe` that is neither false nor undefined. */
export async function waitFor<T>(what: string, probe: () => Promise<T | false | undefined>, ms = 20_000): Promise<T> {
  const deadline = Date.now() + ms;
  while (Date.now() < deadline) {
    const found = await probe();
    if (found !== false && found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`waited ${ms} ms for ${what}`);
}

export interface World {
  ownerKey: string;
  domainId: string;
  identity: Json;
}

export async function newWorld(identity: Json = {}): Promise<World> {
  const ownerKey = (await call("POST", "/v1/auth/bootstrap", undefined, { workspace_name: "Novacore" }, 201)).api_key;
  const domain = await call("POST", "/v1/domains", ownerKey, { domain: DOMAIN }, 201);
  await call("POST", "/local/dns/publish", undefined, { domain: DOMAIN });
  const verified = await call("POST", `/v1/domains/${domain.id}/verify`, ownerKey);
  assert.equal(verified.status, "verified", JSON.stringify(verified));
  return { ownerKey, domainId: domain.id, identity: await newIdentity(ownerKey, domain.id, "mia", identity) };
}

export function newIdentity(ownerKey: string, domainId: string, localPart: string, more: Json = {}): Promise<Json> {
  const wanted = {
    domain_id: domainId,
    local_part: localPart,
    display_name: "Mia (AI Assistant)",
    approval_channel: { type: "email", to: [APPROVER] },
    ...more,
  };
  return call("POST", "/v1/identities", ownerKey, wanted, 201);
}

export async function newKey(world: World, role: string): Promise<string> {
  return (await call("POST", "/v1/api-keys", world.ownerKey, { name: role, role }, 201)).key;
}

/** Mail from outside, by SMTP. Returns its Message-ID. */
export async function mailIn(world: World, subject: string, text: string, sender = CUSTOMER, inReplyTo?: string) {
  const messageId = `<${randomUUID()}@${sender.split("@")[1]}>`;
  const mail = [
    `From: Ada <${sender}>`,
    `To: ${world.identity.email_address}`,
    `Subject: ${subject}`,
    `Message-ID: ${messageId}`,
    ...(inReplyTo ? [`In-Reply-To: ${inReplyTo}`] : []),
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: 8bit",
    "",
    text,
    ".",
  ].join("\r\n");
  const socket = connect(Number(smtpPort), smtpHost);
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  const answer = async (code: string) => {
    for (;;) {
      const { value } = await lines.next();
      assert(value?.startsWith(code), `SMTP: wanted ${code}, got ${value}`);
      if (value[3] !== "-") return;
    }
  };
  const say = async (line: string, code: string) => {
    socket.write(`${line}\r\n`);
    await answer(code);
  };
  await answer("220");
  await say("EHLO client.test", "250");
  await say(`MAIL FROM:<${sender}>`, "250");
  await say(`RCPT TO:<${world.identity.email_address}>`, "250");
  await say("DATA", "354");
  await say(mail, "250");
  await say("QUIT", "221");
  socket.destroy();
  return messageId;
}

/** What left for somebody, newest first. */
export async function mailsTo(recipient: string): Promise<Email[]> {
  const rows = (await call("GET", "/local/outbox")).data.filter((row: Json) => row.envelope_to.includes(recipient));
  return Promise.all(
    rows.map(async (row: Json) => {
      const raw = await fetch(new URL(row.raw_url, ACTIONLAYER_BASE_URL));
      return PostalMime.parse(await raw.arrayBuffer());
    }),
  );
}

/** The one mail that left for somebody. */
export async function mailTo(recipient: string): Promise<Email> {
  const mails = await waitFor(`mail to ${recipient}`, async () => {
    const mails = await mailsTo(recipient);
    return mails.length > 0 && mails;
  });
  assert.equal(mails.length, 1);
  return mails[0];
}

/** What the approver does: finds the mail, opens the link, reads, presses a button. */
export async function decide(subject: string, body: string, action: "approve" | "approve_and_send" | "reject") {
  const mail = await waitFor("the approval mail", async () =>
    (await mailsTo(APPROVER)).find((mail) => mail.subject?.includes(subject) && mail.text?.includes(body)),
  );
  const link = mail.text!.match(/https?:\/\/\S+\/callbacks\/email\/[\w-]+/)![0];
  const page = await fetch(link);
  assert.equal(page.status, 200);
  assert((await page.text()).includes(body));
  const decided = await fetch(link, { method: "POST", body: new URLSearchParams({ action }) });
  assert.equal(decided.status, 200, await decided.text());
}
