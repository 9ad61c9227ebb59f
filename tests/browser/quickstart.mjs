// The published quickstart, steps 1 to 9, by somebody who begins at the sign-up: everything a person does is a click or a text
// in a field, and everything their agent does is the call that a page shows. The engine plays DNS, mail, Slack and Telegram.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { browser, clean, complaints, ended, shots, step, watch, wide } from "./browser.mjs";
import { base, call, left, textTo, thread, waitFor } from "./world.mjs";

const DOMAIN = "ai.quickstart.test";
const ADDRESS = `assistant@${DOMAIN}`;
const OWN = "nora@quickstart.test";

const context = watch(await browser.newContext({ viewport: wide, colorScheme: "light", permissions: ["clipboard-read", "clipboard-write"] }));
const page = await context.newPage();
page.setDefaultTimeout(10_000);
page.on("dialog", (dialog) => dialog.accept());
/** Slack, Telegram and a mail program, as they are open beside the dashboard. */
const beside = await (await browser.newContext({ viewport: wide })).newPage();
let key;
/** The chat in Telegram. */
let group;
/** The answer that left, where it is read. */
let received;

/** What an agent's machine runs: a call as a page shows it. */
function run(shown) {
  const script = `curl() { command curl --silent --show-error "$@"; }\n${shown}`;
  const environment = { ...process.env, ACTIONLAYER_API_KEY: key ?? "" };
  return JSON.parse(execFileSync("bash", ["-ec", script], { encoding: "utf8", env: environment }));
}

/** What the button beside something copies. */
async function copied(button) {
  await button.click();
  return page.evaluate(() => navigator.clipboard.readText());
}

/** Opens a section by the navigation. */
async function go(section) {
  await page.getByRole("navigation", { name: "Sections" }).getByRole("link", { name: section, exact: true }).click();
}

/** Presses a button of a chat, which renews itself under one's hands, until the chat says something else. */
async function press(path, message, button, says) {
  await waitFor(`“${says}” in the chat`, async () => {
    await beside.goto(`${base}${path}`);
    const said = beside.locator("article", { hasText: message });
    if (await said.getByText(says).count() > 0) return true;
    await beside.getByRole("button", { name: button, exact: true }).last().click({ timeout: 2_000 }).catch(() => {});
    return false;
  });
}

try {
  await step("1. sign up, with a link by mail", async () => {
    await page.goto(`${base}/sign-in`);
    await page.getByRole("link", { name: "Sign up" }).click();
    await page.getByLabel("Your name").fill("Nora Newcomer");
    await page.getByLabel("E-mail").fill(OWN);
    await page.getByLabel("Password").fill("one step after another");
    await page.getByLabel("Workspace").fill("Quickstart Ltd");
    await clean(page, "signing up");
    await page.getByRole("button", { name: "Sign up" }).click();
    await page.getByRole("heading", { name: "Look into your mail" }).waitFor();
    const mail = await textTo(OWN, "/sign-up/confirm");
    await page.goto(mail.match(/http\S+\/sign-up\/confirm\S+/)[0]);
    await page.getByRole("button", { name: "Make my account" }).click();
    await page.getByRole("heading", { level: 1, name: "Get started" }).waitFor();
  });

  await step("3, too early: all five records come before an identity", async () => {
    await go("Identities");
    await page.getByText("It needs a verified domain first.").waitFor();
    await page.goto(`${base}/identities/new`);
    await page.getByText("A verified domain comes first").waitFor();
  });

  await step("2. add a domain: five records, asked for every 30 seconds until they are there", async () => {
    // The clock of this page goes on by itself, and can be turned forward.
    const waiting = await context.newPage();
    await waiting.clock.install();
    const asked = [];
    waiting.on("request", (request) => {
      if (request.method() === "POST") asked.push(new URL(request.url()).pathname);
    });
    await go("Get started");
    await page.getByLabel("Domain").fill(DOMAIN);
    await page.getByRole("button", { name: "Add domain" }).click();
    const rows = page.locator("table.records tbody tr");
    assert.equal(await rows.count(), 5);
    for (const row of await rows.all()) {
      const value = (await row.locator("td[data-label=Value] .value").innerText()).trim();
      assert.equal(await copied(row.locator("td[data-label=Value] button")), value);
      assert.ok(await row.getByText("Missing").isVisible());
    }

    await waiting.goto(`${base}/onboarding`);
    await waiting.locator("table.records .tag.warn").nth(4).waitFor();
    // What was pressed last keeps the focus, and holds nothing up.
    await waiting.locator("table.records .copy").first().focus();
    await waiting.clock.fastForward(29_000);
    assert.deepEqual(asked, []);
    await waiting.clock.fastForward(1_000);
    await waitFor("DNS to be asked", () => asked.length === 1);
    await waiting.getByText("DNS was asked just now").waitFor();
    assert.equal(await waiting.locator("table.records .tag.warn").count(), 5);
    assert.equal(await waiting.evaluate(() => document.activeElement.className), "copy");

    await call("POST", "/local/dns/publish", undefined, { domain: DOMAIN });
    await waiting.clock.fastForward(30_000);
    // The next step is offered, without anybody pressing anything.
    await waiting.getByText("✓ Verified").waitFor();
    await waiting.getByRole("link", { name: "New identity" }).waitFor();
    assert.equal(asked.length, 2);
    assert.ok(asked.every((path) => path.startsWith("/onboarding/verify/")), `${asked}`);
    await waiting.clock.fastForward(120_000);
    await waiting.waitForLoadState("networkidle");
    assert.equal(asked.length, 2, "what is there is not asked for any more");
    await waiting.close();
  });

  await step("3. create a sender identity", async () => {
    await go("Get started");
    await page.getByRole("link", { name: "New identity" }).click();
    await page.getByLabel("Address").fill("assistant");
    await page.getByLabel("Display name").fill("Mia (AI Assistant)");
    await page.getByLabel("Approvers by e-mail (optional, several with commas)").fill("");
    await page.getByRole("button", { name: "Create identity" }).click();
    await page.getByText("receives mail from now on").waitFor();
  });

  await step("4. set up approval channels: Slack, then Telegram", async () => {
    await page.locator("summary", { hasText: "Add Slack" }).click();
    const its = await page.getByRole("link", { name: "its page" }).first().getAttribute("href");
    await beside.goto(`${base}${its}`);
    const slack = {
      token: await beside.getByLabel("Bot User OAuth Token").inputValue(),
      secret: await beside.getByLabel("Signing Secret").inputValue(),
      channel: await beside.locator("main h2 small").innerText(),
    };
    await page.getByLabel("Channel id").fill(slack.channel);
    await page.locator("#bot_token").fill(slack.token);
    await page.locator("#signing_secret").fill(slack.secret);
    await page.getByRole("button", { name: "Add Slack" }).click();
    await page.getByText("Request URL for the app").waitFor();
    await beside.getByLabel("Interactivity, Request URL").fill(await copied(page.locator("li.card .copy").first()));
    await beside.getByRole("button", { name: "Save" }).click();

    await page.locator("summary", { hasText: "Add Telegram" }).click();
    await beside.goto(`${base}/local/telegram`);
    await beside.getByRole("link", { name: "BotFather" }).click();
    const [token, user] = await beside.locator("nav code").allInnerTexts();
    group = await beside.locator("nav li", { hasText: "Approvals" }).locator("small").last().innerText();
    await page.getByLabel("Bot token").last().fill(token);
    await page.getByLabel("Chat", { exact: true }).fill(group);
    await page.getByLabel("Who may decide: Telegram user ids").fill(user);
    await page.getByRole("button", { name: "Add Telegram" }).click();
    await page.getByText("Telegram", { exact: false }).first().waitFor();

    await page.getByRole("button", { name: "Send a test notification" }).click();
    await page.getByText("taken. Look whether it arrived.").nth(1).waitFor();
    await clean(page, "an identity with two channels");
    for (const place of ["/local/slack", `/local/telegram?chat=${group}`]) {
      await beside.goto(`${base}${place}`);
      await beside.getByText("test", { exact: false }).first().waitFor();
    }
  });

  await step("5. get an API key, shown exactly once", async () => {
    await go("Get started");
    await page.getByRole("link", { name: "Create a key" }).click();
    await page.getByLabel("Name").fill("Support agent");
    await page.getByRole("button", { name: "Create key" }).click();
    key = await copied(page.getByRole("button", { name: "Copy the key" }));
    assert.match(key, /^nc_live_[A-Za-z0-9]{32}$/);
  });

  await step("6. verify auth: list threads, by the call that the page shows", async () => {
    const shown = await page.getByRole("region", { name: "curl" }).innerText();
    const list = run(shown);
    assert.deepEqual([list.data, list.total, list.limit, list.offset], [[], 0, 20, 0]);
    await page.getByRole("link", { name: "Done, it is copied" }).click();
    await page.getByRole("heading", { level: 1, name: "Get started" }).waitFor();
    assert.ok(!(await page.content()).includes(key), "it is not shown again");
  });

  await step("7. send yourself a test inbound, and watch it arrive", async () => {
    await page.getByText("Waiting for it").waitFor();
    assert.equal(await copied(page.locator("li.now .copy").first()), ADDRESS);
    await beside.goto(base + await page.getByRole("link", { name: "the mail program on this machine" }).getAttribute("href"));
    assert.equal(await beside.getByLabel("To").inputValue(), ADDRESS);
    await beside.getByLabel("From").fill(OWN);
    await beside.getByLabel("Subject").fill("A first question");
    await beside.getByLabel("Text").fill("Hello,\n\ndo you read this?\n\nNora");
    await beside.getByRole("button", { name: "Send" }).click();
    await page.getByText("It arrived:").waitFor({ timeout: 20_000 });
    const found = await thread(key, "A first question");
    assert.equal(found.needs_review, true);
    assert.ok(found.id && found.last_inbound_message_id);
  });

  let draft;
  await step("8. submit a draft, by the call that the page shows; it says so by itself", async () => {
    const shown = await page.getByRole("region", { name: "A call that submits a draft" }).innerText();
    draft = run(shown);
    assert.equal(draft.status, "pending");
    await page.getByText("One was submitted:").waitFor({ timeout: 20_000 });
    await page.screenshot({ path: `${shots}/setup-1280-light.png`, fullPage: true });
    await clean(page, "the last step");
  });

  const send = (id) => `curl -X POST ${base}/v1/drafts/${id}/send -H "Authorization: Bearer $ACTIONLAYER_API_KEY"`;

  await step("9. approve in Slack, then send", async () => {
    await press("/local/slack", "get back to you shortly", "Approve", "Approved");
    run(send(draft.id));
    await left(OWN, "A first question");
    await page.getByText("Everything is set up").waitFor({ timeout: 20_000 });
    await beside.goto(`${base}/local/mail`);
    received = base + "/local/mail" + await beside.getByRole("link", { name: "Re: A first question" }).first().getAttribute("href");
    await beside.goto(received);
    await beside.getByText("get back to you shortly").waitFor();
  });

  /** Somebody answers the mail they got. */
  const answer = async (text) => {
    await beside.goto(received);
    await beside.getByRole("link", { name: "Answer" }).click();
    await beside.getByLabel("Text").fill(text);
    await beside.getByRole("button", { name: "Send" }).click();
    return waitFor("the answer", async () => {
      const found = await thread(key, "A first question");
      return found.snippet.includes(text) && found;
    });
  };

  await step("9, and had somebody written since: 409 stale_draft, approved in Telegram or not", async () => {
    const found = await answer("And on Sundays?");
    const later = await call("POST", "/v1/drafts", key, {
      thread_id: found.id, identity_id: found.identity_id, based_on_message_id: found.last_inbound_message_id, body_text: "On Sundays at ten.",
    }, 201);
    await press(`/local/telegram?chat=${group}`, "On Sundays at ten.", "Approve", "Approved");
    await answer("Never mind, and on Mondays?");
    await waitFor("the newer mail", async () => (await call("GET", `/v1/drafts/${later.id}`, key)).status === "stale");
    assert.equal(run(send(later.id)).error, "stale_draft");
    await go("Drafts");
  });

  await step("nothing was loaded from elsewhere, and no policy was broken", async () => {
    assert.deepEqual(complaints, []);
  });
} catch (error) {
  await ended(page, error);
}
await ended(page);
