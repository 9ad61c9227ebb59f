// The dashboard in a real browser. Every step is what a person does: a click, a key, a text in a field.

import assert from "node:assert/strict";
import { browser, clean, complaints, ended, fits, phone, shots, step, watch, wide } from "./browser.mjs";
import { serverTimes } from "./times.mjs";
import { DOMAIN, approvalPath, base, call, endpoint, htmlThatLeft, left, receive, submit, textTo, thread, waitFor } from "./world.mjs";

const context = watch(await browser.newContext({ viewport: wide, colorScheme: "light" }));
const page = await context.newPage();
page.setDefaultTimeout(10_000);
page.on("dialog", (dialog) => dialog.accept());
let key;

/** The page as it stands, wide and on a phone, in light and in dark. */
async function everyWay(name) {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    for (const viewport of [wide, phone]) {
      await page.setViewportSize(viewport);
      await clean(page, `${name} (${colorScheme}, ${viewport.width})`);
      await fits(page, `${name} at ${viewport.width}`);
      await page.screenshot({ path: `${shots}/${name}-${viewport.width}-${colorScheme}.png`, fullPage: true });
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(wide);
}

try {
  await step("the printed link makes the owner", async () => {
    await page.goto(process.env.START_LINK);
    await page.locator("input[name=name]").fill("Olga Owner");
    await page.locator("input[name=email]").fill("olga@novacore.test");
    await page.locator("input[name=password]").fill("a walk by the river");
    await page.locator("input[name=workspace_name]").fill("Novacore");
    await page.getByRole("button", { name: "Begin" }).click();
    await page.waitForURL((url) => !url.pathname.startsWith("/start"));
    await page.goto(`${base}/onboarding`);
    await page.getByRole("heading", { level: 1, name: "Get started" }).waitFor();
  });

  await step("a domain, with its five records", async () => {
    await page.getByLabel("Domain").fill(DOMAIN);
    await page.getByRole("button", { name: "Add domain" }).click();
    assert.equal(await page.locator("table.records tbody tr").count(), 5);
    await page.screenshot({ path: `${shots}/domain-1280-light.png`, fullPage: true });
    await clean(page, "a domain that waits");
    await call("POST", "/local/dns/publish", undefined, { domain: DOMAIN });
    await page.getByRole("button", { name: "Check now" }).click();
    await page.getByText("All five records are there: the domain is verified.").waitFor();
  });

  await step("an identity, and a test notification", async () => {
    await page.getByRole("link", { name: "Create an identity" }).click();
    await page.getByLabel("Address").fill("mia");
    await page.getByLabel("Display name").fill("Mia (AI assistant)");
    await page.getByLabel("Signature").fill("Mia, assistant at Novacore");
    await page.getByRole("button", { name: "Create identity" }).click();
    await page.getByText("receives mail from now on").waitFor();
    await page.getByRole("button", { name: "Send a test notification" }).click();
    await page.getByText("taken. Look whether it arrived.").waitFor();
  });

  await step("a key, shown once", async () => {
    await page.getByRole("link", { name: "API keys" }).first().click();
    await page.getByLabel("Name").fill("Support agent");
    await page.getByRole("button", { name: "Create key" }).click();
    key = await page.locator("#key").innerText();
    assert.match(key, /^nc_live_[A-Za-z0-9]{32}$/);
    await clean(page, "a key that was made");
    await page.screenshot({ path: `${shots}/key-1280-light.png` });
    await page.getByRole("link", { name: "Done, it is copied" }).click();
  });

  await step("the key lists no threads yet", async () => {
    const list = await call("GET", "/v1/threads", key);
    assert.deepEqual([list.data, list.total, list.limit, list.offset], [[], 0, 20, 0]);
  });

  await step("a mail arrives while the page waits for it", async () => {
    await page.getByText("Waiting for it").waitFor();
    await receive({
      from: "ada@customer.test", name: "Ada Lovelace", subject: "Opening hours on Sunday",
      text: "Hello,\n\nwe are coming by on Sunday with four people. When do you open, and is there parking nearby?\n\nBest,\nAda",
      html: "<p>Hello,</p><p>we are coming by on <b>Sunday</b> with four people. When do you open, and is there parking nearby?</p><p>Best,<br>Ada</p><img src='https://tracker.example/x.png'>",
    });
    await page.getByText("It arrived:").waitFor({ timeout: 20_000 });
  });

  await step("the agent answers; a person edits, approves and sends by clicking", async () => {
    await submit(key, "Opening hours on Sunday",
      "Hi Ada,\n\nwe open at nine on Sundays, and there is parking behind the house.\n\nSee you then!",
      { rationale: "Hours and parking are on the website, under Visit." });
    await page.goto(`${base}/`);
    await page.goto(`${base}/inbox`);
    await page.getByRole("link", { name: "Opening hours on Sunday" }).click();
    await page.getByText("Edit", { exact: true }).click();
    await page.getByLabel("Text", { exact: true }).first().fill(
      "Hi Ada,\n\nwe open at ten on Sundays, and there is free parking behind the house.\n\nSee you then!");
    await page.getByRole("button", { name: "Save as version 2" }).click();
    await page.getByText("Changed since version 1").waitFor();
    await page.screenshot({ path: `${shots}/review-1280-light.png`, fullPage: true });
    await clean(page, "a draft with a difference");
    await page.getByRole("button", { name: "Approve & send" }).click();
    await page.getByText("Approved, and on its way.").waitFor();
    await left("ada@customer.test");
    // The page looks by itself until it is gone.
    await page.getByText("Approved by Olga Owner", { exact: false }).first().waitFor();
  });

  await step("approved in the channel, then sent by the agent, as the published quickstart ends", async () => {
    await receive({ from: "hedy@radio.test", name: "Hedy Lamarr", subject: "Frequencies", text: "Do you hop?" });
    const draft = await submit(key, "Frequencies", "Thanks for reaching out — I'll get back to you shortly.",
      { rationale: "Acknowledging receipt while I check the calendar." });
    await page.goto(`${base}${await approvalPath("olga@novacore.test", "back to you shortly")}`);
    await page.getByRole("button", { name: "Approve", exact: true }).click();
    await page.getByText("Approved", { exact: false }).first().waitFor();
    await call("POST", `/v1/drafts/${draft.id}/send`, key, {}, 202);
    await left("hedy@radio.test");
  });

  await step("by keyboard alone", async () => {
    await receive({ from: "grace@navy.test", name: "Grace Hopper", subject: "Invoice 4711", text: "Could you send the invoice again? Thank you, Grace" });
    await submit(key, "Invoice 4711", "Hi Grace,\n\nhere it is again.\n\nBest", { rationale: "She asked for it." });
    await page.goto(`${base}/inbox?show=waiting`);
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Invoice 4711" }).waitFor();
    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("a");
    await page.keyboard.press("Enter");
    await page.getByText("Approved, and on its way.").waitFor();
    await left("grace@navy.test");
  });

  await step("with scripts off", async () => {
    await receive({ from: "alan@bletchley.test", name: "Alan Turing", subject: "A machine question", text: "Can machines answer mail?" });
    await submit(key, "A machine question", "They can, when a person approves.");
    const plain = watch(await browser.newContext({ viewport: wide, javaScriptEnabled: false, storageState: await context.storageState() }));
    const tab = await plain.newPage();
    await tab.goto(`${base}/inbox?show=waiting`);
    await tab.getByRole("link", { name: "A machine question" }).click();
    assert.equal(await tab.locator("[data-copy]:visible").count(), 0, "what needs scripts is not shown without");
    await tab.getByRole("button", { name: "Approve & send" }).click();
    await tab.getByText("Approved, and on its way.").waitFor();
    await left("alan@bletchley.test");
    await plain.close();
  });

  await step("on a phone", async () => {
    await receive({ from: "margaret@apollo.test", name: "Margaret Hamilton", subject: "Launch checklist", text: "Is everything ready?" });
    await submit(key, "Launch checklist", "Everything is ready.");
    const small = watch(await browser.newContext({ viewport: phone, hasTouch: true, isMobile: true, storageState: await context.storageState() }));
    const tab = await small.newPage();
    await tab.goto(`${base}/inbox?show=waiting`);
    await tab.getByRole("link", { name: "Launch checklist" }).tap();
    await tab.getByRole("heading", { level: 1, name: "Launch checklist" }).waitFor();
    await fits(tab, "a conversation on a phone");
    await tab.getByText("Reject", { exact: true }).tap();
    await tab.getByLabel("Reason, for the draft's author (optional)").fill("Not yet: the checklist is not signed.");
    await tab.getByRole("button", { name: "Reject this draft" }).tap();
    await tab.getByText("Rejected. It will not be sent.").first().waitFor();
    await tab.locator("summary", { hasText: "Write an answer yourself" }).tap();
    await tab.getByLabel("Text", { exact: true }).fill("Two items are still open. I will write tomorrow.");
    await tab.getByRole("button", { name: "Send", exact: true }).tap();
    await tab.getByText("It is on its way.").waitFor();
    await left("margaret@apollo.test");
    await small.close();
  });

  // Each of them is said by an agent who would like to be understood differently by approver and customer.
  const PAGES = [
    "<p>We open at <b>nine</b>.</p><table border=1><tr><td>Mon</td><td style='color: #345'>8–17</td></tr><tr><td>Sun</td><td>10–14</td></tr></table>",
    "<div>One<div>two<p>three</div>four<ul><li>five<li>six</ul><i>seven<b>eight</i>nine</b>",
    "<p style='font-size: 20px; background-color: #eef; padding: 4px'>Größe &amp; Preis: 36&nbsp;€ &lt; 40&nbsp;€ 日本語 שלום</p><blockquote>so it was</blockquote>",
    "<table>before<tr><td>inside</td></tr>after</table><pre>as\n  it  is</pre><p>a<br>b</p><h2>End</h2>",
    "<p title='Transfer to DE99'>Please <a href='https://novacore.test/pay'>pay here</a>.</p><center>and <u>soon</u></center>",
  ];

  await step(`what the approver's frame shows is what leaves (${PAGES.length} pages)`, async () => {
    for (const [i, html] of PAGES.entries()) {
      const subject = `Page number ${i}`;
      const from = `page${i}@customer.test`;
      await receive({ from, name: "Pia", subject, text: "How does it look?" });
      await submit(key, subject, undefined, { body_html: html, rationale: `look ${i}` });
      await page.goto(`${base}${await approvalPath("olga@novacore.test", subject)}`);
      const words = (text) => text.split(/\s+/).filter(Boolean).join(" ");
      const frame = page.frameLocator("iframe").locator("body");
      const shown = words(await frame.innerText());
      assert.ok(shown.length > 10, shown);
      await page.getByRole("button", { name: "Approve & send" }).click();
      await page.getByText("Approved", { exact: false }).first().waitFor();
      const reader = await context.newPage();
      await reader.setContent(await htmlThatLeft(from, subject));
      assert.equal(words(await reader.locator("body").innerText()), shown);
      await reader.close();
    }
  });

  await step("something to look at on every screen", async () => {
    await page.goto(`${base}/held`);
    await page.getByRole("button", { name: "Hold mail of unknown senders" }).click();
    await receive({ from: "eve@stranger.test", name: "Eve", subject: "A great offer", text: "You have won. Click here." });
    await waitFor("the held mail", async () => (await call("GET", "/v1/inbound/pending", key)).total > 0);
    await page.goto(`${base}/rules`);
    await page.getByRole("link", { name: "New rule" }).click();
    await page.getByLabel("Name").fill("Invoices to billing");
    await page.getByLabel("Condition 1", { exact: true }).selectOption("message.subject");
    await page.getByLabel("Comparison 1", { exact: true }).selectOption("contains");
    await page.getByLabel("Value 1", { exact: true }).fill("monday");
    await page.getByRole("button", { name: "Add group" }).first().click();
    await page.getByLabel("How group 2 goes together").selectOption("NOT");
    await page.getByLabel("Condition 2.1", { exact: true }).selectOption("message.is_automated");
    await page.getByLabel("Comparison 2.1", { exact: true }).selectOption("equals");
    await page.getByLabel("Value 2.1", { exact: true }).fill("yes");
    await page.getByLabel("Detail of action 1").fill("billing");
    await clean(page, "a rule that is being written");
    await page.locator("h1").click();
    await everyWay("rule-nested");
    await page.getByRole("button", { name: "Add rule" }).last().click();
    await page.getByText("The rule was created").waitFor();
    await page.getByRole("button", { name: "Try it" }).click();
    await page.getByText("It would", { exact: false }).first().waitFor();
    await page.goto(`${base}/webhooks`);
    await page.getByLabel("Address").fill(await endpoint());
    await page.getByRole("button", { name: "Add webhook" }).click();
    await page.getByText("Copy its secret now").waitFor();
    await receive({ from: "ada@customer.test", name: "Ada Lovelace", subject: "And on Monday?", text: "Thank you! And when do you open on Monday?\n\nAda" });
    await waitFor("her mail to be held", async () => (await call("GET", "/v1/inbound/pending", key)).total > 1);
    await page.goto(`${base}/held`);
    await page.locator("li", { hasText: "ada@customer.test" }).getByRole("button", { name: "Let them in" }).click();
    await page.getByText("Let in.", { exact: false }).waitFor();
    await submit(key, "And on Monday?", "Hi Ada,\n\non Mondays we open at eight.\n\nBest wishes", { rationale: "The regular hours." });
    await page.goto(`${base}/settings/export`);
    await page.getByRole("button", { name: /export/i }).first().click();
    await waitFor("the export", async () => {
      await call("POST", "/local/sweep");
      await page.reload();
      return (await page.locator('main a[href^="/settings/export/"]').count()) > 0;
    });
  });

  const find = async (path, begin) => {
    await page.goto(`${base}${path}`);
    const link = await page.locator(`main a[href^="${begin}"]`).first().getAttribute("href");
    return link;
  };
  // The oldest delivery was refused first, and taken five seconds later.
  const webhook = (await call("GET", "/v1/webhooks", key)).data[0].id;
  const delivered = await waitFor("a second try", async () => {
    const list = await call("GET", `/v1/webhooks/${webhook}/deliveries?limit=100`, key);
    return list.data.find((delivery) => delivery.attempts.length > 1 && delivery.state === "succeeded");
  });
  const last = await thread(key, "Opening hours on Sunday");
  const screens = {
    inbox: "/inbox?show=all",
    conversation: `/threads/${last.id}`,
    decision: await find("/inbox?show=waiting", "/threads/"),
    drafts: "/drafts",
    draft: await find("/drafts", "/drafts/"),
    held: "/held",
    identities: "/identities",
    identity: await find("/identities", "/identities/0"),
    "identity-new": "/identities/new",
    domains: "/domains",
    domain: await find("/domains", "/domains/"),
    settings: "/settings",
    keys: "/settings/keys",
    users: "/settings/users",
    sessions: "/settings/sessions",
    audit: "/settings/audit",
    workspaces: "/workspaces",
    export: "/settings/export",
    deletion: "/settings/delete",
    onboarding: "/onboarding",
    contacts: "/contacts",
    contact: await find("/contacts", "/contacts/"),
    rules: "/rules",
    rule: await find("/rules", "/rules/0"),
    "rule-new": "/rules/new",
    "rule-edit": `${await find("/rules", "/rules/0")}/edit`,
    webhooks: "/webhooks",
    webhook: await find("/webhooks", "/webhooks/"),
    delivery: `/webhooks/${webhook}/deliveries/${delivered.id}`,
    events: "/events",
    suppressions: "/suppressions",
    usage: "/usage",
    billing: "/billing",
    // What an approver without an account opens from a mail.
    approval: await approvalPath("olga@novacore.test", "on Mondays we open at eight"),
  };

  await step(`axe on ${Object.keys(screens).length} screens, light and dark, 1280 and 390 pixels`, async () => {
    const state = await context.storageState();
    for (const colorScheme of ["light", "dark"]) {
      for (const viewport of [wide, phone]) {
        const there = watch(await browser.newContext({ viewport, colorScheme, storageState: state }));
        const tab = await there.newPage();
        for (const [name, path] of Object.entries(screens)) {
          const answer = await tab.goto(`${base}${path}`);
          assert.equal(answer.status(), 200, path);
          await clean(tab, `${name} (${colorScheme}, ${viewport.width})`);
          await fits(tab, `${name} at ${viewport.width}`);
          await tab.screenshot({ path: `${shots}/${name}-${viewport.width}-${colorScheme}.png` });
        }
        await there.close();
      }
    }
    const narrow = await browser.newContext({ viewport: { width: 320, height: 640 }, storageState: state });
    const tab = await narrow.newPage();
    for (const [name, path] of Object.entries(screens)) {
      await tab.goto(`${base}${path}`);
      await fits(tab, `${name} at 320`);
    }
    await narrow.close();
  });

  await step("the server's time for each screen, this build on this machine", async () => {
    for (const line of await serverTimes(screens, await context.cookies())) console.log(line);
  });

  await step("a deletion is asked for, shown on every screen, and called off on any of them", async () => {
    await page.goto(`${base}/settings/delete`);
    await page.getByLabel("The name of the workspace").fill("Novacore");
    await page.getByLabel("Your password").fill("a walk by the river");
    await page.getByRole("button", { name: "Delete this workspace in 7 days" }).click();
    await page.getByText("The owners are told by mail").waitFor();
    assert.match(await textTo("olga@novacore.test", "will be deleted on"), /Keep the workspace/);
    const asked = { "deletion-asked": "/settings/delete", "deletion-inbox": "/inbox?show=all", "deletion-conversation": screens.conversation };
    for (const [name, path] of Object.entries(asked)) {
      await page.goto(`${base}${path}`);
      await page.getByText("This workspace will be deleted on").waitFor();
      await everyWay(name);
    }
    await page.goto(`${base}/inbox`);
    await page.getByRole("button", { name: "Keep the workspace" }).click();
    await page.getByText("The workspace stays.").waitFor();
    await page.goto(`${base}/inbox`);
    assert.equal(await page.getByText("This workspace will be deleted on").count(), 0);
  });

  await step("a plan is taken on Stripe's page, and given up there", async () => {
    // Not watched for what it loads from elsewhere: it goes there.
    const elsewhere = await browser.newContext({ viewport: wide, storageState: await context.storageState() });
    const tab = await elsewhere.newPage();
    tab.on("console", (message) => message.type() === "error" && complaints.push(`${tab.url()}: ${message.text()}`));
    await tab.goto(`${base}/billing`);
    await tab.getByRole("button", { name: "Take Pro" }).click();
    await tab.waitForURL(/\/c\/pay\//);
    await tab.getByRole("button", { name: "declined" }).click();
    await tab.getByText("Your card was declined.").waitFor();
    await tab.getByRole("button", { name: "4242" }).click();
    await tab.waitForURL(/checkout=done/);
    await tab.getByText("the next payment is due on").waitFor();
    await tab.screenshot({ path: `${shots}/billing-paid-1280-light.png` });
    await tab.getByRole("button", { name: "Change plan, card or address" }).click();
    await tab.waitForURL(/\/p\/session\//);
    await tab.getByRole("button", { name: "Cancel it" }).click();
    await tab.getByRole("link", { name: "Back" }).click();
    await tab.getByText("was given up and ends on").waitFor();
    await elsewhere.close();
  });

  await step("nothing was loaded from elsewhere, and no policy was broken", async () => {
    assert.deepEqual(complaints, []);
  });
} catch (error) {
  await ended(page, error);
}
await ended(page);
