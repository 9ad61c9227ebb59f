"""The loop, played through what people and agents have: mail, HTTP, chats. Each step waits for what it leads to."""

import json
import threading
import time
import uuid
from pathlib import Path

from deployment import Deployment
from people import (
    APPROVER, CUSTOMER, SLACK_CHANNEL, SLACK_SECRET, SLACK_TOKEN, TELEGRAM_DANA, TELEGRAM_TOKEN, Api, Browser, Outside,
    Receiver, ask, press,
)
from waiting import wait_for

DOMAIN = "ai.novacore.test"
OWNER = {"name": "Olga", "email": "olga@people.test", "password": "correct horse battery"}
# Who decides, as the API calls them.
CHANNELS = ("email", "slack", "telegram")
EVENTS = Path(__file__).resolve().parents[2] / "events"


class Loop:
    """A workspace on a deployment, from nothing."""

    def __init__(self, deployment: Deployment, bootstrap_token: str):
        self.deployment, self.bootstrap_token = deployment, bootstrap_token
        self.anyone, self.outside, self.receiver = Api(deployment), Outside(deployment), Receiver()
        self.browser = Browser(deployment)

    def whole(self) -> None:
        self.play(
            self.begin, self.sign_in, self.domain, self.identity, self.webhook_and_rule, self.mail_and_link, self.slack,
            self.telegram, self.recorded_event, self.files, self.search, self.bounce, self.mcp, self.dashboard,
            self.new_sender, self.test_of_channels, self.schedule, self.events, self.redeploy,
        )

    def play(self, *steps) -> None:
        for step in steps:
            started = time.monotonic()
            step()
            print(f"{step.__name__:16} {time.monotonic() - started:5.1f} s  {step.__doc__.splitlines()[0]}", flush=True)

    def begin(self) -> None:
        """Bootstrap, as README says."""
        self.anyone.call("POST", "/v1/auth/bootstrap", {"workspace_name": "Mine"}, 403)
        wanted = {"workspace_name": "Novacore", "bootstrap_token": self.bootstrap_token}
        made = self.anyone.post("/v1/auth/bootstrap", wanted, 201)
        self.owner = Api(self.deployment, made["api_key"])
        agent = self.owner.post("/v1/api-keys", {"name": "agent", "role": "agent"}, 201)
        self.agent = Api(self.deployment, agent["key"])
        self.anyone.call("POST", "/v1/auth/bootstrap", {**wanted, "workspace_name": "Mine"}, 409)
        self.anyone.call("GET", "/v1/workspace", expect=401)

    def sign_in(self) -> None:
        """The first owner, by the BootstrapToken, which works once."""
        start = f"/start?token={self.bootstrap_token}"
        self.browser.see(start, "makes you the owner")
        typed = {"token": self.bootstrap_token, **OWNER}
        assert self.browser.ask("POST", "/start", typed).status == 303
        assert "__Host-session" in self.browser.cookies
        self.browser.see("/settings/users", "Olga", "Novacore")
        assert Browser(self.deployment).ask("POST", "/start", typed).status == 410

    def domain(self) -> None:
        """A domain, its records entered, verified."""
        domain = self.owner.post("/v1/domains", {"domain": DOMAIN}, 201)
        self.outside.enter_records(domain)
        verified = self.owner.post(f"/v1/domains/{domain['id']}/verify")
        assert verified["status"] == "verified", verified
        self.domain_id = domain["id"]

    def identity(self) -> None:
        """An identity that asks in Slack, in Telegram and by mail."""
        slack = {"type": "slack", "channel": SLACK_CHANNEL, "bot_token": SLACK_TOKEN, "signing_secret": SLACK_SECRET}
        telegram = {"type": "telegram", "bot_token": TELEGRAM_TOKEN, "chat_id": str(TELEGRAM_DANA)}
        self.mia = self.owner.post("/v1/identities", {
            "domain_id": self.domain_id,
            "local_part": "mia",
            "display_name": "Mia (AI Assistant)",
            "approval_channel": [slack, telegram, {"type": "email", "to": [APPROVER]}],
        }, 201)
        # The owner of the app enters the address that the API shows.
        callback = self.deployment.here(self.mia["approval_channel"][0]["callback_url"])
        self.outside.call("PATCH", "/local/slack/state", {"signing_secret": SLACK_SECRET, "request_url": callback})
        self.outside.lead_telegram_here()

    def webhook_and_rule(self) -> None:
        """A webhook for everything, and a rule that sets a tag."""
        webhook = self.owner.post("/v1/webhooks", {"url": self.receiver.url, "events": ["*"]}, 201)
        self.receiver.secret = webhook["secret"]
        about_prices = {"operator": "AND", "conditions": [{"field": "message.subject", "op": "contains", "value": "price"}]}
        rule = {"name": "Prices", "trigger": "email.received", "conditions": about_prices,
                "actions": [{"type": "add_tag", "tag": "prices"}]}
        self.owner.post("/v1/rules", rule, 201)

    def thread(self, subject: str) -> dict:
        def find():
            page = {"next_cursor": ""}
            while (cursor := page["next_cursor"]) is not None:
                page = self.agent.get(f"/v1/threads?needs_review=true&limit=100{cursor and f'&cursor={cursor}'}")
                if found := next((thread for thread in page["data"] if thread["subject"] == subject), None):
                    return found

        return self.agent.get(f"/v1/threads/{wait_for(f'the thread {subject!r}', find)['id']}")

    def asked(self, subject: str, text: str) -> dict:
        """A customer writes, the agent submits a draft about it."""
        self.outside.write(self.mia["email_address"], subject, f"About: {subject}")
        return self.submit(self.thread(subject), text)

    def submit(self, thread: dict, text: str, **more) -> dict:
        return self.agent.post("/v1/drafts", {
            "thread_id": thread["id"], "identity_id": self.mia["id"],
            "based_on_message_id": thread["last_inbound_message_id"], "body_text": text, **more,
        }, 201)

    def draft(self, draft: dict, status: str) -> dict:
        def find():
            found = self.agent.get(f"/v1/drafts/{draft['id']}")
            assert found["status"] != "failed" or status == "failed", found
            return found["status"] == status and found

        return wait_for(f"the draft to be {status}", find)

    def delivered(self, draft: dict) -> dict:
        """The draft's mail left once, and SES said what became of it."""
        sent = self.draft(draft, "sent")
        message = sent["sent_message_id"]
        found = lambda: self.agent.get(f"/v1/messages/{message}")["delivery_status"] == "delivered"
        wait_for("SES's event of the delivery", found)
        text = draft["body_text"]
        mails = [mail for mail in self.outside.sent_to(CUSTOMER) if text in mail.get_body(("plain",)).get_content()]
        assert len(mails) == 1, f"{len(mails)} mails say {text!r}"
        return sent

    def mail_and_link(self) -> None:
        """Mail in, thread, draft, approved by its link, sent; SES's event; the rule; the webhook's events."""
        draft = self.asked("What is the price?", "It costs forty.")
        link = self.outside.approval_link("It costs forty.")
        for _ in range(2):  # opening it decides nothing
            page = ask("GET", link)
            assert page.status == 200 and "It costs forty." in page.text, page.text
        self.agent.call("POST", f"/v1/drafts/{draft['id']}/approve", expect=403)
        decided = press(link, "approve")
        assert decided.status == 200, decided.text
        assert press(link, "reject").status == 409
        self.agent.post(f"/v1/drafts/{draft['id']}/send", expect=202)
        self.delivered(draft)
        tags = lambda: self.agent.get(f"/v1/threads/{draft['thread_id']}")["tags"]
        wait_for("the rule's tag", lambda: tags() == ["prices"])
        for kind in ("email.received", "draft.created", "draft.approved", "email.sent", "draft.sent", "email.delivered"):
            self.receiver.event(kind, thread_id=draft["thread_id"])

    def slack(self) -> None:
        """Approved and sent by a press in Slack."""
        draft = self.asked("A question for Slack", "Answered in Slack.")
        self.outside.press_in_slack(self.outside.slack_question("Answered in Slack."), "approve_and_send")
        assert self.delivered(draft)["decided_by"]["kind"] == "slack"

    def telegram(self) -> None:
        """Approved and sent by a press in Telegram."""
        draft = self.asked("A question for Telegram", "Answered in Telegram.")
        self.outside.press_in_telegram(self.outside.telegram_question("Answered in Telegram."), "Approve & send")
        assert self.delivered(draft)["decided_by"]["kind"] == "telegram"

    def recorded_event(self) -> None:
        """Raw mail put into the bucket, and `ingest` invoked with the event of events/, twice: one message."""
        event = json.loads((EVENTS / "ingest/reply.json").read_text())
        ses = event["Records"][0]["ses"]
        to = self.mia["email_address"]
        ses["mail"]["destination"] = ses["receipt"]["recipients"] = [to]
        key = f"inbound/{ses['mail']['messageId']}"
        raw = self.outside.mail(to, "By the bucket", "Put there by hand.")
        self.deployment.client("s3").put_object(Bucket=self.deployment.resources["MailBucket"], Key=key, Body=raw)
        for _ in range(2):
            invoked = self.deployment.client("lambda").invoke(
                FunctionName=self.deployment.resources["IngestFunction"], Payload=json.dumps(event)
            )
            assert "FunctionError" not in invoked, invoked["Payload"].read()
        assert self.thread("By the bucket")["messages_total"] == 1

    def files(self) -> None:
        """A file put by a signed link, attached, and had back by one."""
        content = bytes(range(256)) * 40
        announced = {"filename": "all bytes.pdf", "content_type": "application/pdf", "size_bytes": len(content)}
        upload = self.agent.post("/v1/uploads", announced, 201)
        headers = {name: value for name, value in upload["headers"].items() if name != "content-length"}
        put = ask("PUT", upload["url"], content, headers)
        assert put.status == 200, put.text
        thread = self.thread("By the bucket")
        draft = self.submit(thread, "See the file.", attachments=[{"upload_id": upload["upload_id"]}])
        self.owner.post(f"/v1/drafts/{draft['id']}/approve")
        self.owner.post(f"/v1/drafts/{draft['id']}/send", expect=202)
        sent = self.delivered(draft)
        mail = self.outside.sent(CUSTOMER, "See the file.")
        assert [part.get_content() for part in mail.iter_attachments()] == [content]
        raw = self.owner.get(f"/v1/messages/{sent['sent_message_id']}/raw")
        assert b"all bytes.pdf" in ask("GET", raw["url"]).body

    def search(self) -> None:
        """A thread is found by a word of its text."""
        found = lambda: [t["subject"] for t in self.agent.get("/v1/threads?q=forty")["data"]] == ["What is the price?"]
        wait_for("the search to find it", found)

    def bounce(self) -> None:
        """A mail that bounces puts its recipient on the list of suppressed addresses."""
        to = "bounce@simulator.amazonses.com"
        self.owner.call("PATCH", f"/v1/identities/{self.mia['id']}", {"can_send_cold": True})
        draft = self.agent.post("/v1/drafts", {
            "identity_id": self.mia["id"], "to": [to], "subject": "Hello", "body_text": "This will bounce.",
        }, 201)
        self.owner.post(f"/v1/drafts/{draft['id']}/approve")
        self.owner.post(f"/v1/drafts/{draft['id']}/send", expect=202)
        suppressed = lambda: [row["email"] for row in self.owner.get("/v1/suppressions")["data"]] == [to]
        wait_for("the address to be suppressed", suppressed)

    def mcp(self) -> None:
        """An agent's tools: a thread read, a draft submitted, decided, sent."""
        self.outside.write(self.mia["email_address"], "By tools", "Do tools work?")
        self.thread("By tools")

        def tool(name: str, **arguments) -> dict:
            message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": arguments}}
            result = self.agent.call("POST", "/mcp", message, accept="application/json, text/event-stream")["result"]
            assert not result.get("isError"), result
            return result["structuredContent"]

        listed = tool("list_threads", needs_review=True)["data"]
        thread = tool("get_thread", thread_id=next(t["thread_id"] for t in listed if "By tools" in json.dumps(t)))
        draft = tool(
            "submit_draft", thread_id=thread["thread_id"], identity_id=self.mia["id"],
            based_on_message_id=thread["last_inbound_message_id"], body_text="Tools work.",
        )
        self.owner.post(f"/v1/drafts/{draft['draft_id']}/approve")
        tool("send_draft", draft_id=draft["draft_id"])
        self.delivered({"id": draft["draft_id"], "body_text": "Tools work."})

    def dashboard(self) -> None:
        """Signed out and in again by password; the inbox and a conversation."""
        browser = Browser(self.deployment)
        wrong = {"email": OWNER["email"], "password": "not this one at all"}
        assert browser.ask("POST", "/sign-in", wrong).status in (401, 422)
        right = {"email": OWNER["email"], "password": OWNER["password"], "next": "/"}
        assert browser.ask("POST", "/sign-in", right).status == 303
        thread = self.owner.get("/v1/threads?q=forty")["data"][0]
        browser.see("/inbox?q=forty", "What is the price?")
        browser.see(f"/threads/{thread['id']}", "It costs forty.")
        assert Browser(self.deployment).ask("GET", "/inbox").status == 303

    def new_sender(self) -> None:
        """A stranger's mail is held; an approver trusts them by the link of a mail, and it comes in, with its file."""
        gated = {"settings": {"sender_trust_gating": True, "notify_held_inbound": True}}
        self.owner.call("PATCH", "/v1/workspace", gated)
        stranger = "stan@elsewhere.test"
        self.outside.write(self.mia["email_address"], "From a stranger", "Hello.", sender=stranger, file=b"a file")
        link = self.outside.link_mailed("senders", stranger)
        assert ask("GET", link).status == 200
        assert not [t for t in self.agent.get("/v1/threads")["data"] if t["subject"] == "From a stranger"]
        trusted = press(link, "trust")
        assert trusted.status == 200 and "Trusted" in trusted.text, trusted.text
        message = self.thread("From a stranger")["messages"][0]
        file = self.owner.get(f"/v1/messages/{message['id']}/attachments/{message['attachments'][0]['id']}")
        assert ask("GET", file["url"]).body == b"a file"
        self.owner.call("PATCH", "/v1/workspace", {"settings": {"sender_trust_gating": False}})

    def test_of_channels(self) -> None:
        """The test of an identity's channels says of each that it works."""
        tested = self.owner.post(f"/v1/identities/{self.mia['id']}/test-notification")
        assert [row["state"] for row in tested["data"]] == ["sent"] * 3, tested

    def events(self) -> None:
        """Every function takes every event that events/ has for it."""
        functions, invoke = self.deployment.functions(), self.deployment.client("lambda").invoke
        files = sorted(path for name in functions for path in (EVENTS / name).glob("*.json"))
        assert {path.parent.name for path in files} == set(functions)
        for path in files:
            answer = invoke(FunctionName=functions[path.parent.name], Payload=path.read_bytes())
            assert "FunctionError" not in answer, f"{path}: {answer['Payload'].read()}"

    def schedule(self) -> None:
        """The schedule ran; nothing failed on the way, and nothing is left to be done."""
        wait_for("the schedule", lambda: "sweep" in self.deployment.started(), seconds=100)
        never = set(self.deployment.functions()) - self.deployment.started()
        assert not never, f"functions that nothing invoked: {never}"
        self.deployment.no_trouble()
        self.numbers()
        wait_for("the queues to be empty", lambda: not any(self.deployment.left_in_queues().values()))
        assert not self.receiver.refused

    def numbers(self) -> None:
        """The deployment's own numbers say what was played."""

        def counted(name: str) -> int:
            lines = [line for line in self.deployment.logged() if "_aws" in line]
            assert all(line["deployment"] == self.deployment.resources["MailTable"] for line in lines)
            return sum(sum(value) if isinstance(value := line.get(name, 0), list) else value for line in lines)

        wait_for("the numbers of mail that came", lambda: counted("mails_received") == 6)
        # A stream may come again, and is counted again then; this one had no reason to.
        wait_for("the numbers of mail that left", lambda: counted("mails_sent") == 6)
        assert counted("drafts_approved") == 6 and counted("mails_returned") == 1
        assert counted("cold_starts") >= len(self.deployment.functions())

    def redeploy(self) -> None:
        """Deployed again with Bootstrap=off, as README says, while mail arrives: none of it is lost."""
        self.while_mail_arrives(lambda: self.deployment.deploy_again(Bootstrap="off"))
        answer = self.anyone.call("POST", "/v1/auth/bootstrap", {"workspace_name": "Mine"}, 403)
        print(f"  bootstrap says {answer['error']}")

    def while_mail_arrives(self, change) -> None:
        """Changes the deployment while a customer writes a mail a second, and sees that each of them arrived."""
        subjects, done = [], threading.Event()

        def write_on():
            while not done.is_set():
                subjects.append(f"While it changes, {uuid.uuid4()}")
                self.outside.write(self.mia["email_address"], subjects[-1], "Does this arrive?")
                done.wait(1)

        writer = threading.Thread(target=write_on)
        writer.start()
        try:
            change()
        finally:
            done.set()
            writer.join()
        for subject in subjects:
            self.thread(subject)
        print(f"  {len(subjects)} mails arrived meanwhile")

    def questions(self, when: str) -> list[dict]:
        """Three drafts that nobody decided yet, asked about in every channel."""
        drafts = [self.asked(f"{channel}, {when}", f"An answer {when}, by {channel}.") for channel in CHANNELS]
        for draft in drafts:
            self.outside.approval_link(draft["body_text"])
            self.outside.slack_question(draft["body_text"])
            self.outside.telegram_question(draft["body_text"])
        return drafts

    def answer(self, drafts: list[dict]) -> None:
        """Decides one of [questions] in each channel, by what was sent there then, and sees that each answer leaves once."""
        by_link, in_slack, in_telegram = drafts
        decided = press(self.outside.approval_link(by_link["body_text"]), "approve_and_send")
        assert decided.status == 200, decided.text
        self.outside.press_in_slack(self.outside.slack_question(in_slack["body_text"]), "approve_and_send")
        self.outside.press_in_telegram(self.outside.telegram_question(in_telegram["body_text"]), "Approve & send")
        for draft, channel in zip(drafts, CHANNELS):
            assert self.delivered(draft)["decided_by"]["kind"] == channel
            # Its signature held, or it would not be there.
            self.receiver.event("draft.sent", draft_id=draft["id"])
        assert not self.receiver.refused
