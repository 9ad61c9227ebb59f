// How long each screen takes, from the request to the last byte, over loopback, one after the other, and what the engine spends
// on it: figures, and no test.

import { readFileSync } from "node:fs";
import { base } from "./world.mjs";

const OPENED = 25;
/** The kernel counts processor time in hundredths of a second. */
const TICK_MS = 10;

/** What the engine used of a processor until now, in milliseconds; nothing where the kernel does not say. */
function used() {
  const pid = process.env.ENGINE_PID;
  if (process.platform !== "linux" || !pid) return NaN;
  // The program's name, in brackets, may hold blanks.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** A table of all screens with the median and the 95th percentile of so many, and the processor time of one, in milliseconds. */
export async function serverTimes(screens, cookies) {
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  const lines = ["| screen | path | p50 ms | p95 ms | processor ms |", "|---|---|--:|--:|--:|"];
  for (const [name, path] of Object.entries(screens)) {
    const times = [];
    const before = used();
    for (let i = 0; i < OPENED; i += 1) {
      const began = performance.now();
      const answer = await fetch(base + path, { headers: { cookie, accept: "text/html" }, redirect: "manual" });
      await answer.arrayBuffer();
      times.push(performance.now() - began);
    }
    const spent = (used() - before) / OPENED;
    times.sort((a, b) => a - b);
    const at = (share) => times[Math.ceil(share * times.length) - 1].toFixed(0);
    const shown = path.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "{id}").replace(/(callbacks\/email\/).*/, "$1{link}");
    lines.push(`| ${name} | \`${shown}\` | ${at(0.5)} | ${at(0.95)} | ${Number.isNaN(spent) ? "" : spent.toFixed(0)} |`);
  }
  return lines;
}
