"""Telegram as it is played on one machine, asked by python-telegram-bot."""

import asyncio
import json
import os
import urllib.request

from telegram import Bot, ForceReply, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.error import BadRequest, ChatMigrated, Conflict, Forbidden, InvalidToken, RetryAfter

TOKEN = "7000000001:AALocalTelegramBotToken0123456789abc"
DANA, EVE, GROUP = 10001, 10002, -2001
ENGINE = os.environ["ACTIONLAYER_BASE_URL"]
API = os.environ["ACTIONLAYER_TELEGRAM"] + "/bot"


def local(method, path, body):
    request = urllib.request.Request(
        ENGINE + path, json.dumps(body).encode(), {"content-type": "application/json"}, method=method
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


async def refused(kind, words, call):
    try:
        await call
    except kind as error:
        assert words.lower() in str(error).lower(), error
        return error
    raise AssertionError(f"{kind.__name__}: {words} was expected")


async def main():
    bot = Bot(TOKEN, base_url=API)
    async with bot:
        me = await bot.get_me()
        assert me.username == "novacore_approvals_bot" and me.is_bot, me
        assert (await bot.get_chat(DANA)).type == "private"
        keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("Yes", callback_data="signed")]])
        sent = await bot.send_message(
            DANA,
            "<b>Shall</b> it &lt;go&gt;?",
            parse_mode="HTML",
            reply_markup=keyboard,
            link_preview_options=LinkPreviewOptions(is_disabled=True),
        )
        assert sent.text == "Shall it <go>?", sent.text
        await refused(BadRequest, "Chat not found", bot.send_message(1, "hi"))
        await refused(Forbidden, "bot can't initiate conversation", bot.send_message(EVE, "hi"))
        await refused(BadRequest, "Message is too long", bot.send_message(DANA, "x" * 4097))
        await refused(BadRequest, "can't parse entities", bot.send_message(DANA, "<b>", parse_mode="HTML"))
        wide = InlineKeyboardMarkup([[InlineKeyboardButton("Yes", callback_data="x" * 65)]])
        await refused(BadRequest, "Button_data_invalid", bot.send_message(DANA, "hi", reply_markup=wide))
        await refused(BadRequest, "Message to edit not found", bot.edit_message_text("hi", DANA, 1))
        await bot.edit_message_text("Well?", DANA, sent.message_id, reply_markup=keyboard)
        await refused(
            BadRequest,
            "Message is not modified",
            bot.edit_message_text("Well?", DANA, sent.message_id, reply_markup=keyboard),
        )
        local("POST", "/local/faults", {"service": "telegram", "operation": "sendMessage", "kind": "throttle"})
        await refused(RetryAfter, "Retry in 1", bot.send_message(DANA, "hi"))

        press = {"user": DANA, "chat": DANA, "message": sent.message_id, "label": "Yes"}
        pressing = asyncio.get_running_loop().run_in_executor(None, local, "POST", "/local/telegram/press", press)
        updates = await bot.get_updates(timeout=10)
        query = updates[0].callback_query
        assert (query.data, query.from_user.id, query.message.chat.id) == ("signed", DANA, DANA), query
        await query.answer("Done")
        assert (await pressing)["text"] == "Done"
        await refused(BadRequest, "Query is too old", query.answer("Done"))

        asked = await bot.send_message(DANA, "Why?", reply_markup=ForceReply(selective=True))
        local("POST", "/local/telegram/write", {"user": DANA, "chat": DANA, "reply_to": asked.message_id, "text": "So."})
        updates = await bot.get_updates(offset=updates[-1].update_id + 1, timeout=10)
        assert updates[0].message.reply_to_message.message_id == asked.message_id, updates

        await bot.set_webhook("https://example.com/hook", secret_token="abc_-9", allowed_updates=["callback_query"])
        assert (await bot.get_webhook_info()).url == "https://example.com/hook"
        await refused(Conflict, "webhook is active", bot.get_updates())
        await refused(BadRequest, "HTTPS URL must be provided", bot.set_webhook("http://example.com"))
        await bot.delete_webhook()
        local("PATCH", "/local/telegram/state", {"chat": GROUP, "upgrade_to": -1002000000001})
        error = await refused(ChatMigrated, "-1002000000001", bot.send_message(GROUP, "hi"))
        assert error.new_chat_id == -1002000000001
    await refused(InvalidToken, "", Bot("1:x", base_url=API).initialize())
    print("python-telegram-bot: ok")


asyncio.run(main())
