// How long postal-mime and mailparser take to parse the same mails.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(process.cwd() + "/");
const rounds = Number(process.argv[2]);
const mails = process.argv.slice(3).map((path) => readFileSync(path));
const { default: PostalMime } = await import(require.resolve("postal-mime").replace(/\.cjs$/, ".cjs"));
const Parser = PostalMime.default ?? PostalMime;
const { simpleParser } = require("mailparser");
const version = (name) => JSON.parse(readFileSync(`node_modules/${name}/package.json`)).version;

async function measure(name, parse, rounds) {
  let best = Infinity;
  for (let round = 0; round < rounds; round++) {
    const start = process.hrtime.bigint();
    for (const raw of mails) await parse(raw);
    best = Math.min(best, Number(process.hrtime.bigint() - start) / 1e3);
  }
  console.log(JSON.stringify({ name: `${name} ${version(name)}`, mails: mails.length, us_per_mail: +(best / mails.length).toFixed(2) }));
}

await measure("postal-mime", (raw) => Parser.parse(raw), rounds);
await measure("mailparser", (raw) => simpleParser(raw), Math.max(3, Math.ceil(rounds / 4)));
