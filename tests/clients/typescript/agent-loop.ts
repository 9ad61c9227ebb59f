// The agent loop: list what needs review, read, draft, wait for approval, send; start over when the draft went stale.

import "dotenv/config";
import assert from "node:assert/strict";
import { CUSTOMER, call, decide, mailIn, mailTo, mailsTo, newKey, newWorld, waitFor } from "./world.js";

const world = await newWorld();
process.env.ACTIONLAYER_API_KEY = await newKey(world, "agent");

// ---- As published, but for the base URL.

const API = `${process.env.ACTIONLAYER_BASE_URL}/v1`;
const headers = {
  Authorization: `Bearer ${process.env.ACTIONLAYER_API_KEY}`,
  "Content-Type": "application/json",
};

async function listNeedsReview() {
  const r = await fetch(`${API}/threads?needs_review=true&limit=10`, { headers });
  if (!r.ok) throw new Error(await r.text());
  return (await r.json()).data as Array<{ id: string; subject: string }>;
}

async function readThread(threadId: string) {
  const r = await fetch(`${API}/threads/${threadId}`, { headers });
  if (!r.ok) throw new Error(await r.text());
  return r.json();
}

async function submitDraft(input: {
  threadId: string;
  identityId: string;
  basedOnMessageId: string;
  bodyText: string;
  rationale?: string;
}) {
  const r = await fetch(`${API}/drafts`, {
    method: "POST",
    headers,
    body: JSON.stringify({
      thread_id: input.threadId,
      identity_id: input.identityId,
      based_on_message_id: input.basedOnMessageId,
      body_text: input.bodyText,
      rationale: input.rationale,
    }),
  });
  if (!r.ok) throw new Error(await r.text());
  return r.json();
}

async function sendDraft(draftId: string) {
  const r = await fetch(`${API}/drafts/${draftId}/send`, { method: "POST", headers });
  if (r.status === 409) {
    await fetch(`${API}/drafts/${draftId}/reject`, {
      method: "POST",
      headers,
      body: JSON.stringify({ reason: "stale" }),
    });
    throw new Error("stale_draft");
  }
  if (!r.ok) throw new Error(await r.text());
}

// ---- What the pages promise.

async function draftFor(threadId: string, bodyText: string) {
  const { messages } = await readThread(threadId);
  const lastInbound = messages.findLast((m: { direction: string }) => m.direction === "inbound");
  const draft = await submitDraft({
    threadId,
    identityId: world.identity.id,
    basedOnMessageId: lastInbound.id,
    bodyText,
    rationale: "Auto-reply from agent",
  });
  assert.equal(draft.status, "pending");
  assert.equal(draft.stale_warning, false);
  return draft;
}

assert.deepEqual(await listNeedsReview(), []);
const questionId = await mailIn(world, "Opening hours", "When do you open?");
const [thread] = await waitFor("the thread", async () => {
  const threads = await listNeedsReview();
  return threads.length > 0 && threads;
});
assert.equal(thread.subject, "Opening hours");

const draft = await draftFor(thread.id, "We open at nine.");
await decide("Opening hours", "We open at nine.", "approve");
await sendDraft(draft.id);
const answer = await mailTo(CUSTOMER);
assert.equal(answer.inReplyTo, questionId);
assert(answer.text?.includes("We open at nine.") && answer.html?.includes("We open at nine."));
await waitFor("the thread to wait", async () => (await readThread(thread.id)).status === "waiting");

// Newer mail between approval and sending: nothing goes out.
await mailIn(world, "Re: Opening hours", "And on Sundays?", CUSTOMER, answer.messageId);
await waitFor("the second question", async () => (await listNeedsReview()).length === 1);
const second = await draftFor(thread.id, "On Sundays at ten.");
await decide("Opening hours", "On Sundays at ten.", "approve");
await mailIn(world, "Re: Opening hours", "Sorry, I meant Mondays.", CUSTOMER, answer.messageId);
await waitFor("the third question", async () => (await readThread(thread.id)).messages_total === 4);
await assert.rejects(sendDraft(second.id), { message: "stale_draft" });
const rejected = await call("GET", `/v1/drafts/${second.id}`, world.ownerKey);
assert.equal(rejected.status, "rejected");
assert.equal((await mailsTo(CUSTOMER)).length, 1);
