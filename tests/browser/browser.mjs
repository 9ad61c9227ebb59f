// The browser, what is held of every page, and how a walk reports its steps.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import axe from "axe-core";
import { chromium } from "playwright-core";
import { base } from "./world.mjs";

export const shots = process.argv[2];
mkdirSync(shots, { recursive: true });
export const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
export const wide = { width: 1280, height: 800 };
export const phone = { width: 390, height: 844 };

let told;

/** One step of a walk; one that fails ends it. */
export async function step(name, run) {
  const began = Date.now();
  try {
    await run();
    console.log(`ok      ${name} (${Date.now() - began} ms)`);
  } catch (error) {
    told = error;
    console.log(`FAILED  ${name}\n${error.stack ?? error}`);
    throw error;
  }
}

/** Whatever a page loads or runs from elsewhere, or that its policy stopped, fails the walk. */
export const complaints = [];
export function watch(context) {
  context.on("page", (page) => {
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(`${page.url()}: ${message.text()}`);
    });
    page.on("pageerror", (error) => complaints.push(`${page.url()}: ${error}`));
    page.on("request", (request) => {
      if (!request.url().startsWith(base) && !request.url().startsWith("data:")) {
        complaints.push(`${page.url()} asked ${request.url()}`);
      }
    });
  });
  return context;
}

/** What everybody can use, as far as axe knows. */
export async function clean(page, what) {
  await page.evaluate(axe.source);
  const found = await page.evaluate(async () => {
    const result = await globalThis.axe.run(document, { resultTypes: ["violations"], iframes: false });
    return result.violations.map((rule) => `${rule.id}: ${rule.help}: ${rule.nodes.map((node) => node.html).slice(0, 3).join(" | ")}`);
  });
  assert.deepEqual(found, [], `${what}: ${found.join("\n")}`);
}

/** Nothing sticks out to the right. */
export async function fits(page, what) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert(over <= 0, `${what}: ${over} pixels too wide`);
}

/** The end of a walk; of one that failed it says where and why. */
export async function ended(page, error) {
  if (error) {
    if (error !== told) console.log(`FAILED  between two steps\n${error.stack ?? error}`);
    await page.screenshot({ path: `${shots}/failed.png`, fullPage: true });
    console.log((await page.locator("body").innerText()).slice(0, 2_000));
  }
  await browser.close();
  process.exit(error ? 1 : 0);
}
