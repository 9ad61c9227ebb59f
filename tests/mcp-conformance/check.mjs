// Looks at every check of the suite, where the suite itself looks at whole scenarios: a check may fail only because the
// server lacks an example tool, resource or prompt, or a capability that it does not declare.
//   node check.mjs <folder of results>
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const folder = process.argv[2];
// Extensions that are not offered, and scenarios that do not count: see the expected failures.
const notOffered = /^(tasks-|json-schema-2020-12$|http-custom-header-server-validation$)/;
// What our server answers about an example it does not have, and how the suite says so.
const missing =
  /There is no such tool|does not list the diagnostic tool|There is no such resource|must be `draft_reply` or `triage_inbox`|logging\/setLevel|resources\/subscribe|InputRequiredResult/;

let wrong = 0;
for (const scenario of readdirSync(folder)) {
  const name = scenario.replace(/^server-/, "").replace(/-\d{4}-\d\d-\d\dT.*$/, "");
  if (notOffered.test(name)) continue;
  const checks = JSON.parse(readFileSync(join(folder, scenario, "checks.json"), "utf8"));
  for (const { id, status, errorMessage = "" } of checks) {
    if (status !== "FAILURE" || missing.test(errorMessage)) continue;
    wrong += 1;
    console.error(`${name} ${id}: ${errorMessage}`);
  }
}
process.exit(wrong ? 1 : 0);
