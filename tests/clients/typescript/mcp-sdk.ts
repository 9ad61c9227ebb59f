// The agent's loop with @modelcontextprotocol/sdk, which begins with `initialize`, as most clients still do.

import assert from "node:assert/strict";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { outcome, playTheLoop } from "./mcp-world.js";
import { newKey, newWorld } from "./world.js";

const world = await newWorld();
const key = await newKey(world, "agent");
const transport = new StreamableHTTPClientTransport(new URL(`${process.env.ACTIONLAYER_BASE_URL}/mcp`), {
  requestInit: { headers: { Authorization: `Bearer ${key}` } },
});
const client = new Client({ name: "actionlayer-tests", version: "1.0.0" });
await client.connect(transport);
assert.equal(transport.protocolVersion, "2025-11-25");
assert.equal(transport.sessionId, undefined);
const { tools } = await client.listTools();
assert(tools.some((tool) => tool.name === "send_draft") && !tools.some((tool) => tool.name === "approve_draft"));
await playTheLoop(world, async (name, args) => outcome(await client.callTool({ name, arguments: args })));
await client.ping();
await client.close();
