// Slack as it is played on one machine, asked by Slack's client for Node.

import assert from "node:assert/strict";
import slack from "@slack/web-api";

const { ErrorCode, LogLevel, WebClient, retryPolicies } = slack;

const CHANNEL = "C0APPROVALS";
const engine = process.env.ACTIONLAYER_BASE_URL;
const client = new WebClient("xoxb-local-own-app-0001", {
  slackApiUrl: `${process.env.ACTIONLAYER_SLACK}/api/`,
  retryConfig: retryPolicies.fiveRetriesInFiveMinutes,
  logLevel: LogLevel.ERROR,
});

function refused(word, call) {
  return assert.rejects(call, (found) => {
    assert.equal(found.code, ErrorCode.PlatformError);
    assert.equal(found.data.error, word);
    return true;
  });
}

const me = await client.auth.test();
assert.equal(me.team, "Novacore");

const blocks = [
  { type: "section", text: { type: "plain_text", text: "Shall it go out?", emoji: false } },
  {
    type: "actions",
    elements: [{ type: "button", action_id: "yes", text: { type: "plain_text", text: "Yes" }, value: "signed" }],
  },
];
const posted = await client.chat.postMessage({ channel: CHANNEL, text: "Shall it go out?", blocks });
const reply = await client.chat.postMessage({ channel: CHANNEL, text: "In the thread", thread_ts: posted.ts });
assert.equal(reply.message.thread_ts, posted.ts);
await client.chat.update({ channel: CHANNEL, ts: posted.ts, text: "Shall it?", blocks });
await refused("channel_not_found", () => client.chat.postMessage({ channel: "C0NOWHERE00", text: "hi" }));
await refused("not_in_channel", () => client.chat.postMessage({ channel: "C0RANDOM001", text: "hi" }));
await refused("message_not_found", () => client.chat.update({ channel: CHANNEL, ts: "1.1", text: "Done" }));
await refused("invalid_auth", () => new WebClient("xoxb-x", { slackApiUrl: client.slackApiUrl }).auth.test());

// Its own handling of a rate limit: it waits as long as it is told, and tries again.
const fault = { service: "slack", operation: "chat.update", kind: "throttle" };
const struck = await fetch(`${engine}/local/faults`, {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(fault),
});
assert.ok(struck.ok);
await client.chat.update({ channel: CHANNEL, ts: posted.ts, text: "Done" });
console.log("@slack/web-api: ok");
