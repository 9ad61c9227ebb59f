// The agent only drafts: the approver's button sends as well, or says no.

import assert from "node:assert/strict";
import { CUSTOMER, call, decide, mailIn, mailTo, newKey, newWorld, waitFor } from "./world.js";

const world = await newWorld();
const agentKey = await newKey(world, "agent");

async function draft(subject: string, body_text: string) {
  await mailIn(world, subject, "A question.");
  const thread = await waitFor("the thread", async () => {
    const { data } = await call("GET", "/v1/threads?needs_review=true", agentKey);
    return data.find((thread: { subject: string }) => thread.subject === subject);
  });
  const submitted = {
    thread_id: thread.id,
    identity_id: world.identity.id,
    based_on_message_id: thread.last_inbound_message_id,
    body_text,
  };
  return call("POST", "/v1/drafts", agentKey, submitted, 201);
}

const sent = await draft("Invoice", "The invoice is on its way.");
await decide("Invoice", "The invoice is on its way.", "approve_and_send");
assert((await mailTo(CUSTOMER)).text?.includes("The invoice is on its way."));
const after = await waitFor("the draft to be sent", async () => {
  const draft = await call("GET", `/v1/drafts/${sent.id}`, agentKey);
  return draft.status === "sent" && draft;
});
assert.equal(after.decided_by.kind, "email");

const refused = await draft("Refund", "You get all of it back.");
await decide("Refund", "You get all of it back.", "reject");
assert.equal((await call("GET", `/v1/drafts/${refused.id}`, agentKey)).status, "rejected");
await mailTo(CUSTOMER); // still the one
