// How long each screen takes, from the request to the last byte, over loopback, one after the other: a figure, and no test.

import { base } from "./world.mjs";

const OPENED = 25;

/** A table of all screens with the median and the 95th percentile of so many, in milliseconds. */
export async function serverTimes(screens, cookies) {
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  const lines = [`| screen | path | p50 ms | p95 ms |`, "|---|---|--:|--:|"];
  for (const [name, path] of Object.entries(screens)) {
    const times = [];
    for (let i = 0; i < OPENED; i += 1) {
      const began = performance.now();
      const answer = await fetch(base + path, { headers: { cookie, accept: "text/html" }, redirect: "manual" });
      await answer.arrayBuffer();
      times.push(performance.now() - began);
    }
    times.sort((a, b) => a - b);
    const at = (share) => times[Math.ceil(share * times.length) - 1].toFixed(0);
    const shown = path.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "{id}").replace(/(callbacks\/email\/).*/, "$1{link}");
    lines.push(`| ${name} | \`${shown}\` | ${at(0.5)} | ${at(0.95)} |`);
  }
  return lines;
}
