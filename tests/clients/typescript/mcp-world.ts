// The agent's loop over MCP, the same whichever client speaks: find, read, draft, wait, send.

import assert from "node:assert/strict";
import { CUSTOMER, type World, decide, mailIn, mailTo, waitFor } from "./world.js";

/** A tool called by some client: what it gave, or its refusal. */
export type Call = (tool: string, args: Record<string, unknown>) => Promise<any>;

/** What a client gave, as an object. */
export function outcome(result: any): any {
  if (result.isError) throw new Error(result.content[0].text);
  assert.deepEqual(JSON.parse(result.content[0].text), result.structuredContent);
  return result.structuredContent;
}

export async function playTheLoop(world: World, use: Call) {
  assert.deepEqual((await use("list_threads", { needs_review: true })).data, []);
  const questionId = await mailIn(world, "Opening hours", "When do you open?");
  const [found] = await waitFor("the thread", async () => {
    const threads = (await use("list_threads", { needs_review: true })).data;
    return threads.length > 0 && threads;
  });
  const thread = await use("get_thread", { thread_id: found.thread_id });
  assert.equal(thread.messages[0].untrusted_content.text, "When do you open?");
  const draft = await use("submit_draft", {
    thread_id: thread.thread_id,
    identity_id: thread.identity_id,
    based_on_message_id: thread.last_inbound_message_id,
    body_text: "We open at nine.",
    rationale: "From the web site.",
  });
  assert.equal(draft.status, "pending");
  await assert.rejects(use("send_draft", { draft_id: draft.draft_id }), /approval_required/);
  await decide("Opening hours", "We open at nine.", "approve");
  assert.equal((await use("get_draft", { draft_id: draft.draft_id })).status, "approved");
  await use("send_draft", { draft_id: draft.draft_id });
  const answer = await mailTo(CUSTOMER);
  assert.equal(answer.inReplyTo, questionId);
  assert(answer.text?.includes("We open at nine."));
  await waitFor("the draft to be sent", async () => (await use("get_draft", { draft_id: draft.draft_id })).status === "sent");

  // The customer answers, and the agent waits for it.
  await mailIn(world, "Re: Opening hours", "Thank you!", CUSTOMER, answer.messageId);
  const waited = await use("wait_for_message", {
    thread_id: thread.thread_id,
    after_message_id: thread.last_inbound_message_id,
  });
  assert.equal(waited.message.untrusted_content.text, "Thank you!");
}
