// What surrounds the walk: the API, mail that arrives, mail that left, and DNS, each through its public interface.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { connect } from "node:net";
import { createInterface } from "node:readline";

const { ACTIONLAYER_BASE_URL, ACTIONLAYER_SMTP } = process.env;
assert(ACTIONLAYER_BASE_URL && ACTIONLAYER_SMTP, "ACTIONLAYER_BASE_URL and ACTIONLAYER_SMTP must be set");

export const base = ACTIONLAYER_BASE_URL;
export const DOMAIN = "ai.novacore.test";
export const ADDRESS = `mia@${DOMAIN}`;

export async function call(method, path, key, body, expect = 200) {
  const headers = {};
  if (key) headers.Authorization = `Bearer ${key}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch(base + path, { method, headers, body: JSON.stringify(body) });
  const text = await answer.text();
  assert.equal(answer.status, expect, `${method} ${path}: ${text}`);
  return text ? JSON.parse(text) : {};
}

/** The first result of `probe` that is neither false nor undefined. */
export async function waitFor(what, probe, ms = 20_000) {
  const deadline = Date.now() + ms;
  while (Date.now() < deadline) {
    const found = await probe();
    if (found !== false && found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`waited ${ms} ms for ${what}`);
}

let written = 0;

/** A mail that somebody writes to the identity. */
export async function receive({ from, name, subject, text, html, to = ADDRESS }) {
  const [host, port] = ACTIONLAYER_SMTP.split(":");
  const socket = connect(Number(port), host);
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  const expect = async (code) => {
    for (;;) {
      const { value } = await lines.next();
      if (value.startsWith(`${code} `)) return;
      assert(value.startsWith(`${code}-`), value);
    }
  };
  const say = async (line, code) => {
    socket.write(`${line}\r\n`);
    await expect(code);
  };
  const boundary = "walk-part";
  const part = (type, content) => `--${boundary}\r\nContent-Type: ${type}; charset=utf-8\r\n\r\n${content}\r\n`;
  const body = html ? `${part("text/plain", text)}${part("text/html", html)}--${boundary}--` : text;
  const type = html ? `multipart/alternative; boundary=${boundary}` : "text/plain; charset=utf-8";
  written += 1;
  await expect(220);
  await say("EHLO walk.test", 250);
  await say(`MAIL FROM:<${from}>`, 250);
  await say(`RCPT TO:<${to}>`, 250);
  await say("DATA", 354);
  await say(
    `From: ${name} <${from}>\r\nTo: <${to}>\r\nSubject: ${subject}\r\nMessage-ID: <walk.${written}.${process.pid}@${from.split("@")[1]}>\r\n` +
      `Date: ${new Date().toUTCString()}\r\nMIME-Version: 1.0\r\nContent-Type: ${type}\r\n\r\n${body.replace(/\r?\n/g, "\r\n")}\r\n.`,
    250,
  );
  await say("QUIT", 221);
  socket.destroy();
}

/** Somebody's endpoint for webhooks, which is not ready yet when it is asked first: where it is. */
export function endpoint() {
  let asked = 0;
  const server = createServer((_, response) => {
    asked += 1;
    const [status, answer] = asked === 1 ? [503, { error: "the database is being moved, try again" }] : [200, { queued: true, job: `job-${asked}` }];
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(answer));
  });
  server.unref();
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve(`http://127.0.0.1:${server.address().port}/actionlayer`));
  });
}

/** The thread with this subject, once it is there. */
export function thread(key, subject) {
  return waitFor(`the thread ${subject}`, async () => {
    const list = await call("GET", "/v1/threads?limit=100", key);
    return list.data.find((row) => row.subject === subject);
  });
}

/** What the agent submits as an answer. */
export async function submit(key, subject, text, more = {}) {
  const found = await thread(key, subject);
  const draft = {
    thread_id: found.id,
    identity_id: found.identity_id,
    based_on_message_id: found.last_inbound_message_id,
    body_text: text,
    ...more,
  };
  return call("POST", "/v1/drafts", key, draft, 201);
}

/** The bytes of the mail that left for somebody and has these words somewhere, once it did. */
export function left(recipient, words = "") {
  return waitFor(`mail to ${recipient}`, async () => {
    const list = await call("GET", "/local/outbox");
    for (const row of list.data.filter((row) => row.envelope_to.includes(recipient))) {
      const raw = await (await fetch(row.raw_url)).text();
      // A long line may be broken in the middle of a word.
      if (raw.replaceAll("=\r\n", "").includes(words)) return raw;
    }
  });
}

/** The part of a mail with this type, decoded. */
function part(raw, type) {
  const [, header, rest] = raw.match(new RegExp(`(content-type: ${type}[\\s\\S]*?)\\r\\n\\r\\n([\\s\\S]*)`, "i"));
  const content = rest.split("\r\n--")[0];
  if (!/quoted-printable/i.test(`${raw.split("\r\n\r\n")[0]}${header}`)) return content;
  const bytes = content.replaceAll(/=\r\n/g, "").replaceAll(/=([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}

/** The text of the mail that left for somebody with these words in it. */
export async function textTo(recipient, words) {
  return part(await left(recipient, words), "text/plain");
}

/** The path of the link in a mail to an approver that shows `words`. */
export function approvalPath(approver, words) {
  return waitFor(`a link for ${approver}`, async () => {
    const list = await call("GET", "/local/outbox");
    for (const row of list.data.filter((row) => row.envelope_to.includes(approver))) {
      const raw = await (await fetch(row.raw_url)).text();
      const text = raw.replaceAll(/=\r?\n/g, "");
      const link = text.match(/\/callbacks\/email\/[\w.~-]+/);
      if (link && text.includes(words)) return link[0];
    }
  });
}

/** The HTML part of a mail that left for somebody, decoded. */
export async function htmlThatLeft(recipient, subject) {
  return part(await left(recipient, subject), "text/html");
}
