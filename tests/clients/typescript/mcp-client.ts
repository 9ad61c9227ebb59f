// The agent's loop with @modelcontextprotocol/client, which speaks 2026-07-28 by itself.

import assert from "node:assert/strict";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { outcome, playTheLoop } from "./mcp-world.js";
import { newKey, newWorld } from "./world.js";

const world = await newWorld();
const key = await newKey(world, "agent");
const transport = new StreamableHTTPClientTransport(new URL(`${process.env.ACTIONLAYER_BASE_URL}/mcp`), {
  requestInit: { headers: { Authorization: `Bearer ${key}` } },
});
const client = new Client({ name: "actionlayer-tests", version: "1.0.0" }, { versionNegotiation: { mode: "auto" } });
await client.connect(transport);
assert.equal(client.getNegotiatedProtocolVersion(), "2026-07-28");
const { tools } = await client.listTools();
assert(tools.some((tool) => tool.name === "send_draft") && !tools.some((tool) => tool.name === "approve_draft"));
await playTheLoop(world, async (name, args) => outcome(await client.callTool({ name, arguments: args })));
const { prompts } = await client.listPrompts();
assert.deepEqual(prompts.map((prompt) => prompt.name), ["draft_reply", "triage_inbox"]);
const { contents } = await client.readResource({ uri: "policy://sending" });
assert.equal(JSON.parse((contents[0] as { text: string }).text).may_approve, false);
await client.close();
