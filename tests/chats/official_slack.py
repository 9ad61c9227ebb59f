"""Slack as it is played on one machine, asked by Slack's own SDK."""

import json
import os
import threading
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler
from slack_sdk.signature import SignatureVerifier

TOKEN = "xoxb-local-own-app-0001"
SECRET = "0a11ce5100000000000000000000000f"
CHANNEL = "C0APPROVALS"
ENGINE = os.environ["ACTIONLAYER_BASE_URL"]
client = WebClient(token=TOKEN, base_url=os.environ["ACTIONLAYER_SLACK"] + "/api/")


def local(method, path, body):
    request = urllib.request.Request(
        ENGINE + path, json.dumps(body).encode(), {"content-type": "application/json"}, method=method
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def refused(word, call, **arguments):
    try:
        call(**arguments)
    except SlackApiError as error:
        assert error.response["error"] == word, error.response
        return error.response
    raise AssertionError(f"{word} was expected")


class App(BaseHTTPRequestHandler):
    """An app that verifies as Slack's SDK does and answers with an empty 200."""

    seen = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        valid = SignatureVerifier(SECRET).is_valid_request(body, dict(self.headers))
        App.seen.append((valid, body))
        self.send_response(200 if valid else 401)
        self.end_headers()

    def log_message(self, *_):
        pass


me = client.auth_test()
assert me["team"] == "Novacore" and me["user_id"], me.data
blocks = [
    {"type": "section", "text": {"type": "plain_text", "text": "Shall it go out?", "emoji": False}},
    {
        "type": "actions",
        "elements": [
            {"type": "button", "action_id": "yes", "text": {"type": "plain_text", "text": "Yes"}, "value": "signed"}
        ],
    },
]
posted = client.chat_postMessage(channel=CHANNEL, text="Shall it go out?", blocks=blocks)
reply = client.chat_postMessage(channel=CHANNEL, text="In the thread", thread_ts=posted["ts"])
assert reply["message"]["thread_ts"] == posted["ts"], reply.data
refused("channel_not_found", client.chat_postMessage, channel="C0NOWHERE00", text="hi")
refused("not_in_channel", client.chat_postMessage, channel="C0RANDOM001", text="hi")
refused("is_archived", client.chat_postMessage, channel="C0ARCHIVED1", text="hi")
refused("no_text", client.chat_postMessage, channel=CHANNEL, text="")
refused("invalid_auth", WebClient(token="xoxb-x", base_url=client.base_url).auth_test)
too_long = [{"type": "section", "text": {"type": "plain_text", "text": "x" * 3001}}]
answer = refused("invalid_blocks", client.chat_postMessage, channel=CHANNEL, text="hi", blocks=too_long)
assert "3001" in answer["response_metadata"]["messages"][0], answer.data

# The SDK's own handling of a rate limit: it waits as long as it is told, and tries again.
client.retry_handlers.append(RateLimitErrorRetryHandler(max_retry_count=1))
local("POST", "/local/faults", {"service": "slack", "operation": "chat.update", "kind": "throttle"})
client.chat_update(channel=CHANNEL, ts=posted["ts"], text="Shall it?", blocks=blocks)

server = HTTPServer(("127.0.0.1", 0), App)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}/"
local("PATCH", "/local/slack/state", {"signing_secret": SECRET, "request_url": url})
press = {"user": "U0DANA00001", "channel": CHANNEL, "ts": posted["ts"], "action_id": "yes"}
assert local("POST", "/local/slack/press", press)["trouble"] is None
valid, body = App.seen[0]
assert valid, "Slack's own verifier takes the signature"
payload = json.loads(urllib.parse.parse_qs(body.decode())["payload"][0])
assert payload["actions"][0]["value"] == "signed" and payload["user"]["id"] == "U0DANA00001", payload

view = {"type": "modal", "callback_id": "c", "title": {"type": "plain_text", "text": "Why?"}, "blocks": blocks[:1]}
opened = client.views_open(trigger_id=payload["trigger_id"], view=view)
assert opened["view"]["id"], opened.data
refused("exchanged_trigger_id", client.views_open, trigger_id=payload["trigger_id"], view=view)
client.chat_update(channel=CHANNEL, ts=posted["ts"], text="Done")
refused("message_not_found", client.chat_update, channel=CHANNEL, ts="1.1", text="Done")
print("slack-sdk: ok")
