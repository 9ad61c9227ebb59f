// Telegram as it is played on one machine, asked by grammY.

import assert from "node:assert/strict";
import { Api, GrammyError, InlineKeyboard } from "grammy";

const DANA = 10001;
const EVE = 10002;
const engine = process.env.ACTIONLAYER_BASE_URL;
const api = new Api("7000000001:AALocalTelegramBotToken0123456789abc", { apiRoot: process.env.ACTIONLAYER_TELEGRAM });

async function local(path, body) {
  const answer = await fetch(engine + path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  assert.ok(answer.ok, `${path}: ${answer.status}`);
  return answer.json();
}

function refused(code, words, call) {
  return assert.rejects(call, (error) => {
    assert.ok(error instanceof GrammyError, error);
    assert.equal(error.error_code, code);
    assert.match(error.description, words);
    return true;
  });
}

const me = await api.getMe();
assert.equal(me.username, "novacore_approvals_bot");
const keyboard = new InlineKeyboard().text("Yes", "signed");
const sent = await api.sendMessage(DANA, "<b>Shall</b> it &lt;go&gt;?", { parse_mode: "HTML", reply_markup: keyboard });
assert.equal(sent.text, "Shall it <go>?");
await refused(400, /chat not found/i, () => api.sendMessage(1, "hi"));
await refused(403, /can't initiate conversation/, () => api.sendMessage(EVE, "hi"));
await refused(400, /message is too long/i, () => api.sendMessage(DANA, "x".repeat(4097)));
await refused(400, /message to edit not found/i, () => api.editMessageText(DANA, 1, "hi"));
await api.editMessageText(DANA, sent.message_id, "Well?", { reply_markup: keyboard });
await refused(400, /message is not modified/i, () =>
  api.editMessageText(DANA, sent.message_id, "Well?", { reply_markup: keyboard }),
);

const pressing = local("/local/telegram/press", { user: DANA, chat: DANA, message: sent.message_id, label: "Yes" });
const [update] = await api.getUpdates({ timeout: 10 });
assert.equal(update.callback_query.data, "signed");
await api.answerCallbackQuery(update.callback_query.id, { text: "Done" });
assert.equal((await pressing).text, "Done");
console.log("grammY: ok");
