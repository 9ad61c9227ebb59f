// The agent loop with generated types: what needs review, read, draft, approval by a person, send, never when stale.

import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths } from "./actionlayer.js";
import { CUSTOMER, decide, mailIn, mailTo, mailsTo, newKey, newWorld, waitFor } from "./world.js";

const world = await newWorld();
const client = createClient<paths>({
  baseUrl: process.env.ACTIONLAYER_BASE_URL,
  headers: { Authorization: `Bearer ${await newKey(world, "agent")}` },
});

async function needsReview(): Promise<components["schemas"]["Thread"] | undefined> {
  const { data, error } = await client.GET("/v1/threads", { params: { query: { needs_review: true, limit: 1 } } });
  if (error) throw new Error(error.message);
  return data.data[0];
}

async function read(id: string): Promise<components["schemas"]["ThreadDetail"]> {
  const { data, error } = await client.GET("/v1/threads/{id}", { params: { path: { id } } });
  if (error) throw new Error(error.message);
  return data;
}

async function draftFor(threadId: string, text: string): Promise<components["schemas"]["Draft"]> {
  const detail = await read(threadId);
  const question = detail.messages.filter((message) => message.direction === "inbound").at(-1);
  assert(question);
  const { data, error } = await client.POST("/v1/drafts", {
    params: { header: { "Idempotency-Key": `answer-to-${question.id}` } },
    body: {
      thread_id: threadId,
      identity_id: detail.identity_id,
      based_on_message_id: question.id,
      body_text: text,
    },
  });
  if (error) throw new Error(error.message);
  assert.equal(data.status, "pending");
  return data;
}

const send = (id: string) => client.POST("/v1/drafts/{id}/send", { params: { path: { id } } });

assert.equal(await needsReview(), undefined);
await mailIn(world, "Size L?", "What does size L cost?");
const thread = await waitFor("the thread", needsReview);
assert.equal(thread.subject, "Size L?");

const draft = await draftFor(thread.id, "Size L is 40 euros.");
assert.equal((await send(draft.id)).error?.error, "approval_required");
await decide("Size L?", "Size L is 40 euros.", "approve");
assert.equal((await send(draft.id)).data?.id, draft.id);
const answer = await mailTo(CUSTOMER);
assert(answer.text?.includes("Size L is 40 euros."));
await waitFor("the thread to wait", async () => (await read(thread.id)).status === "waiting");

await mailIn(world, "Re: Size L?", "And XL?", CUSTOMER, answer.messageId);
await waitFor("the second question", needsReview);
const second = await draftFor(thread.id, "XL is 45 euros.");
await decide("Size L?", "XL is 45 euros.", "approve");
await mailIn(world, "Re: Size L?", "Never mind.", CUSTOMER, answer.messageId);
await waitFor("the third message", async () => (await read(thread.id)).messages_total === 4);
assert.equal((await send(second.id)).error?.error, "stale_draft");
const { data: rejected } = await client.POST("/v1/drafts/{id}/reject", {
  params: { path: { id: second.id } },
  body: { reason: "stale" },
});
assert.deepEqual([rejected?.status, rejected?.reject_reason], ["rejected", "stale"]);
assert.equal((await mailsTo(CUSTOMER)).length, 1);
