// The agent's loop through mcp-remote, which Claude Desktop starts with the lines of docs/MCP.md: stdio on this side, HTTP
// on that.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport, getDefaultEnvironment } from "@modelcontextprotocol/sdk/client/stdio.js";
import { outcome, playTheLoop } from "./mcp-world.js";
import { newKey, newWorld } from "./world.js";

const world = await newWorld();
const key = await newKey(world, "agent");
const folder = mkdtempSync(join(tmpdir(), "mcp-remote-"));

// ---- As in docs/MCP.md, but for the address, and with what `npx` would install.
const server = {
  command: "node_modules/.bin/mcp-remote",
  args: [`${process.env.ACTIONLAYER_BASE_URL}/mcp`, "--header", "Authorization:${AUTH_HEADER}", "--transport", "http-only", "--allow-http"],
  env: { AUTH_HEADER: `Bearer ${key}` },
};

const transport = new StdioClientTransport({
  ...server,
  env: { ...getDefaultEnvironment(), ...server.env, MCP_REMOTE_CONFIG_DIR: folder },
  stderr: "ignore",
});
const client = new Client({ name: "actionlayer-tests", version: "1.0.0" });
await client.connect(transport);
const { tools } = await client.listTools();
assert(tools.some((tool) => tool.name === "send_draft") && !tools.some((tool) => tool.name === "approve_draft"));
await playTheLoop(world, async (name, args) => outcome(await client.callTool({ name, arguments: args })));
await client.close();
rmSync(folder, { recursive: true, force: true });
