"""What surrounds a client program: a workspace, a domain with its DNS, an identity, people who write and who approve.

Everything goes through public interfaces: the API, SMTP, the page behind an approval link, and the engine's own
`/local` routes for DNS and for looking at what left.
"""

import email
import email.policy
import os
import re
import smtplib
import time
import uuid
from email.message import EmailMessage
from urllib.parse import urljoin

import httpx

BASE_URL = os.environ["ACTIONLAYER_BASE_URL"]
SMTP_HOST, SMTP_PORT = os.environ["ACTIONLAYER_SMTP"].rsplit(":", 1)

DOMAIN = "ai.novacore.test"
CUSTOMER = "ada@customer.test"
APPROVER = "dana@approvers.test"


def call(method: str, path: str, key: str | None = None, json: object = None, expect: int = 200) -> dict:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    answer = httpx.request(method, BASE_URL + path, headers=headers, json=json)
    assert answer.status_code == expect, f"{method} {path}: {answer.status_code} {answer.text}"
    return answer.json() if answer.content else {}


def wait_for(what: str, probe, seconds: float = 20):
    """The first true value of `probe`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := probe():
            return found
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds} s for {what}")


class World:
    """A workspace with one identity that may send."""

    def __init__(self, **identity):
        self.owner_key = call("POST", "/v1/auth/bootstrap", json={"workspace_name": "Novacore"}, expect=201)["api_key"]
        domain = call("POST", "/v1/domains", self.owner_key, {"domain": DOMAIN}, expect=201)
        assert len(domain["records"]) == 5, domain
        call("POST", "/local/dns/publish", json={"domain": DOMAIN})
        verified = call("POST", f"/v1/domains/{domain['id']}/verify", self.owner_key)
        assert verified["status"] == "verified", verified
        self.identity = self.new_identity(domain["id"], "mia", **identity)
        self.domain_id = domain["id"]

    def new_identity(self, domain_id: str, local_part: str, **more) -> dict:
        wanted = {
            "domain_id": domain_id,
            "local_part": local_part,
            "display_name": "Mia (AI Assistant)",
            "approval_channel": {"type": "email", "to": [APPROVER]},
            **more,
        }
        return call("POST", "/v1/identities", self.owner_key, wanted, expect=201)

    def key(self, role: str) -> str:
        return call("POST", "/v1/api-keys", self.owner_key, {"name": role, "role": role}, expect=201)["key"]

    def mail_in(self, subject: str, text: str, sender: str = CUSTOMER, **headers) -> str:
        """Mail from outside, by SMTP. Returns its Message-ID."""
        message = EmailMessage()
        message["From"] = f"Ada Löwe <{sender}>"
        message["To"] = self.identity["email_address"]
        message["Subject"] = subject
        message["Message-ID"] = f"<{uuid.uuid4()}@{sender.split('@')[1]}>"
        for name, value in headers.items():
            message[name.replace("_", "-")] = value
        message.set_content(text)
        with smtplib.SMTP(SMTP_HOST, int(SMTP_PORT)) as smtp:
            smtp.send_message(message)
        return message["Message-ID"]

    def mails_to(self, recipient: str) -> list[EmailMessage]:
        """What left for somebody, newest first."""
        mails = []
        for row in call("GET", "/local/outbox")["data"]:
            if recipient in row["envelope_to"]:
                raw = httpx.get(urljoin(BASE_URL, row["raw_url"]))
                raw.raise_for_status()
                mails.append(email.message_from_bytes(raw.content, policy=email.policy.default))
        return mails

    def mail_to(self, recipient: str) -> EmailMessage:
        """The one mail that left for somebody."""
        mails = wait_for(f"mail to {recipient}", lambda: self.mails_to(recipient))
        assert len(mails) == 1, f"{len(mails)} mails to {recipient}"
        return mails[0]

    def approve(self, subject: str, body: str) -> None:
        """What the approver does: finds the mail, opens the link, reads, presses Approve."""

        def ours():
            # An earlier draft of the thread had a mail of its own under the same subject.
            mails = [mail for mail in self.mails_to(APPROVER) if subject in mail["Subject"]]
            return [mail for mail in mails if body in mail.get_body(("plain",)).get_content()]

        mail = wait_for("the approval mail", ours)[0]
        assert mail["Auto-Submitted"] == "auto-generated", mail["Auto-Submitted"]
        link = re.search(r"https?://\S+/callbacks/email/[\w-]+", mail.get_body(("plain",)).get_content())[0]
        for _ in range(2):  # opening it decides nothing
            page = httpx.get(link)
            assert page.status_code == 200 and body in page.text, f"{page.status_code} {page.text}"
        assert httpx.head(link).status_code == 200
        decided = httpx.post(link, data={"action": "approve"})
        assert decided.status_code == 200, f"{decided.status_code} {decided.text}"
        again = httpx.post(link, data={"action": "reject"})
        assert again.status_code == 409 and APPROVER in again.text, f"{again.status_code} {again.text}"
