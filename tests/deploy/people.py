"""Who is around a deployment: callers of its API, a browser, people who write mail, decide in chats and run a receiver."""

import email
import email.policy
import email.utils
import hashlib
import hmac
import json
import re
import smtplib
import ssl
import threading
import uuid
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, HTTPSHandler, Request, build_opener

from deployment import Deployment
from waiting import wait_for

CUSTOMER, APPROVER = "ada@customer.test", "dana@approvers.test"
# As the stand-ins have them.
SLACK_CHANNEL, SLACK_TOKEN, SLACK_SECRET = "C0APPROVALS", "xoxb-local-own-app-0001", "0a11ce5100000000000000000000000f"
SLACK_DANA, TELEGRAM_DANA = "U0DANA00001", 10001
TELEGRAM_TOKEN = "7000000001:AALocalTelegramBotToken0123456789abc"


class NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Answer:
    def __init__(self, status: int, headers, body: bytes):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self):
        return json.loads(self.body) if self.body else None


def ask(method: str, url: str, body: bytes | None = None, headers: dict | None = None) -> Answer:
    request = Request(url, data=body, method=method, headers=headers or {})
    # Of the environment, SSL_CERT_FILE: whom everything here trusts.
    opener = build_opener(NoRedirect, HTTPSHandler(context=ssl.create_default_context()))
    try:
        with opener.open(request, timeout=60) as answer:
            return Answer(answer.status, answer.headers, answer.read())
    except HTTPError as answer:
        return Answer(answer.code, answer.headers, answer.read())


def press(link: str, action: str) -> Answer:
    """A button on the page of a link."""
    form = {"content-type": "application/x-www-form-urlencoded"}
    return ask("POST", link, urlencode({"action": action}).encode(), form)


class Api:
    """A caller with a key, or with none."""

    def __init__(self, deployment: Deployment, key: str | None = None):
        self.deployment, self.key = deployment, key

    def call(self, method: str, path: str, body=None, expect: int = 200, **headers) -> dict:
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        headers["host"] = self.deployment.host
        if self.key:
            headers["authorization"] = f"Bearer {self.key}"
        if body is not None:
            headers["content-type"] = "application/json"
        answer = ask(method, self.deployment.api(path), json.dumps(body).encode() if body is not None else None, headers)
        assert answer.status == expect, f"{method} {path}: {answer.status} {answer.text}"
        return answer.json() or {}

    def get(self, path: str) -> dict:
        return self.call("GET", path)

    def post(self, path: str, body=None, expect: int = 200) -> dict:
        return self.call("POST", path, body, expect)


class Browser:
    """Keeps cookies and says where its forms come from."""

    def __init__(self, deployment: Deployment):
        self.deployment, self.cookies = deployment, {}

    def ask(self, method: str, path: str, fields: dict | None = None) -> Answer:
        headers = {"accept": "text/html", "host": self.deployment.host}
        if self.cookies:
            headers["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if fields is not None:
            headers |= {"content-type": "application/x-www-form-urlencoded", "origin": self.deployment.outputs["Url"]}
        body = urlencode(fields).encode() if fields is not None else None
        answer = ask(method, self.deployment.api(path), body, headers)
        for cookie in answer.headers.get_all("set-cookie") or []:
            name, value = cookie.split(";")[0].split("=", 1)
            self.cookies[name] = value
        return answer

    def see(self, path: str, *words: str) -> str:
        page = self.ask("GET", path)
        assert page.status == 200, f"{path}: {page.status} {page.text[:2000]}"
        for word in words:
            assert word in page.text, f"{path} does not say {word!r}"
        return page.text


class Outside:
    """Mail in and out, DNS, Slack and Telegram, as people have them."""

    def __init__(self, deployment: Deployment):
        self.deployment, self.at = deployment, deployment.url("people")

    def call(self, method: str, path: str, body=None):
        headers = {"content-type": "application/json"}
        answer = ask(method, self.at + path, json.dumps(body).encode() if body is not None else None, headers)
        assert answer.status in (200, 204), f"{method} {path}: {answer.status} {answer.text}"
        return answer.json() if answer.body else None

    def enter_records(self, domain: dict) -> None:
        """What a domain's owner does at their registrar."""
        self.call("PUT", f"/local/dns/zones/{domain['domain']}", domain["records"])

    def mail(self, to: str, subject: str, text: str, sender: str = CUSTOMER, file: bytes | None = None) -> bytes:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = f"Ada Löwe <{sender}>", to, subject
        message["Message-ID"] = f"<{uuid.uuid4()}@{sender.split('@')[1]}>"
        message["Date"] = email.utils.localtime()
        message.set_content(text)
        if file is not None:
            message.add_attachment(file, maintype="application", subtype="octet-stream", filename="file.bin")
        return message.as_bytes(policy=email.policy.SMTP)

    def write(self, to: str, subject: str, text: str, sender: str = CUSTOMER, **more) -> None:
        """Mail by SMTP, as SES takes it."""
        with smtplib.SMTP("127.0.0.1", self.deployment.ports["smtp"]) as smtp:
            smtp.sendmail(sender, [to], self.mail(to, subject, text, sender, **more))

    def sent_to(self, recipient: str) -> list[EmailMessage]:
        """What left for somebody, newest first."""
        rows = self.call("GET", "/local/outbox")["data"]
        found = [ask("GET", row["raw_url"]) for row in rows if recipient in row["envelope_to"]]
        return [email.message_from_bytes(raw.body, policy=email.policy.default) for raw in found]

    def sent(self, recipient: str, words: str) -> EmailMessage:
        """The newest mail for somebody that says this, once it left."""

        def find():
            said = lambda mail: words in mail.get_body(("plain",)).get_content()
            return next((mail for mail in self.sent_to(recipient) if said(mail)), None)

        return wait_for(f"mail to {recipient} that says {words!r}", find)

    def approval_link(self, words: str) -> str:
        return self.link_mailed("email", words)

    def link_mailed(self, kind: str, words: str) -> str:
        """The link of the approver's mail that says this."""
        text = self.sent(APPROVER, words).get_body(("plain",)).get_content()
        link = re.search(rf"https://\S+/callbacks/{kind}/[\w-]+", text)
        assert link, text
        return self.deployment.here(link[0])

    def slack_question(self, words: str) -> dict:
        def find():
            messages = self.call("GET", "/local/slack/state")["messages"]
            asks = lambda message: words in json.dumps(message["blocks"], ensure_ascii=False)
            return next((m for m in reversed(messages) if asks(m) and '"actions"' in json.dumps(m["blocks"])), None)

        return wait_for(f"Slack to ask about {words!r}", find)

    def press_in_slack(self, message: dict, action: str) -> None:
        press = {"user": SLACK_DANA, "channel": message["channel"], "ts": message["ts"], "action_id": action}
        said = self.call("POST", "/local/slack/press", press)
        assert said == {"status": 200, "trouble": None}, said

    def telegram_question(self, words: str) -> dict:
        def find():
            messages = self.call("GET", "/local/telegram/state")["messages"]
            plain = lambda message: message["text"].replace("\u2060", "")
            asks = lambda message: words in plain(message) and (message["reply_markup"] or {}).get("inline_keyboard")
            return next((m for m in reversed(messages) if m["chat_id"] == TELEGRAM_DANA and asks(m)), None)

        return wait_for(f"Telegram to ask about {words!r}", find)

    def press_in_telegram(self, message: dict, label: str) -> str:
        press = {"user": TELEGRAM_DANA, "chat": message["chat_id"], "message": message["id"], "label": label}
        said = self.call("POST", "/local/telegram/press", press)
        assert said["answered"], said
        return said["text"]

    def lead_telegram_here(self) -> None:
        """The product told Telegram to call it at its address in AWS. That is right, and leads nowhere from here: the same
        webhook, at the emulator."""

        def find():
            return self.call("GET", "/local/telegram/state")["bots"][0]["webhook"]

        webhook = wait_for("the bot's webhook", find)
        wanted = {
            "url": self.deployment.here(webhook["url"]),
            "secret_token": webhook["secret"],
            "allowed_updates": webhook["allowed_updates"],
        }
        url = f"{self.deployment.url('telegram')}/bot{TELEGRAM_TOKEN}/setWebhook"
        set_to = ask("POST", url, json.dumps(wanted).encode(), {"content-type": "application/json"})
        assert set_to.status == 200, set_to.text


class Receiver:
    """An agent's endpoint for webhooks: keeps events whose signature holds."""

    def __init__(self):
        receiver = self
        self.events, self.secret, self.refused = [], None, 0

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                wanted = hmac.new(receiver.secret.encode(), body, hashlib.sha256).hexdigest()
                good = hmac.compare_digest(wanted, self.headers["x-actionlayer-signature"])
                if good:
                    receiver.events.append(json.loads(body))
                else:
                    receiver.refused += 1
                self.send_response(200 if good else 401)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"

    def event(self, kind: str, **fields) -> dict:
        def find():
            matches = lambda event: event["event"] == kind and all(event.get(k) == v for k, v in fields.items())
            return next((event for event in self.events if matches(event)), None)

        return wait_for(f"the event {kind} {fields}", find)
