"""The agent loop: list what needs review, read, draft, wait for approval, send; start over when the draft went stale."""

import os

import httpx
from world import CUSTOMER, World, call, wait_for

world = World(signature_text="Mia, Novacore")
os.environ["ACTIONLAYER_API_KEY"] = world.key("agent")

# ---- As published, but for the base URL.

API = os.environ["ACTIONLAYER_BASE_URL"] + "/v1"
HEADERS = {"Authorization": f"Bearer {os.environ['ACTIONLAYER_API_KEY']}"}


def needs_review_thread() -> dict | None:
    r = httpx.get(f"{API}/threads", params={"needs_review": True, "limit": 1}, headers=HEADERS)
    r.raise_for_status()
    threads = r.json()["data"]
    return threads[0] if threads else None


def read_thread(thread_id: str) -> dict:
    r = httpx.get(f"{API}/threads/{thread_id}", headers=HEADERS)
    r.raise_for_status()
    return r.json()


def submit_draft(thread_id: str, identity_id: str, based_on_message_id: str, body: str, rationale: str) -> dict:
    r = httpx.post(
        f"{API}/drafts",
        headers={**HEADERS, "Content-Type": "application/json"},
        json={
            "thread_id": thread_id,
            "identity_id": identity_id,
            "based_on_message_id": based_on_message_id,
            "body_text": body,
            "rationale": rationale,
        },
    )
    r.raise_for_status()
    return r.json()


def send_draft(draft_id: str) -> None:
    r = httpx.post(f"{API}/drafts/{draft_id}/send", headers=HEADERS)
    if r.status_code == 409:
        httpx.post(f"{API}/drafts/{draft_id}/reject", headers=HEADERS, json={"reason": "stale"})
        raise RuntimeError("draft is stale")
    r.raise_for_status()


# ---- What the pages promise.


def draft_for(thread: dict, body: str) -> dict:
    detail = read_thread(thread["id"])
    last_inbound = next(m for m in reversed(detail["messages"]) if m["direction"] == "inbound")
    identities = httpx.get(f"{API}/identities", headers=HEADERS).json()["data"]
    draft = submit_draft(thread["id"], identities[0]["id"], last_inbound["id"], body, "Auto-reply from agent")
    assert draft["status"] == "pending" and draft["stale_warning"] is False, draft
    return draft


assert needs_review_thread() is None
question_id = world.mail_in("Preisfrage: Größe L?", "What does size L cost?")
thread = wait_for("the thread", needs_review_thread)
assert thread["subject"] == "Preisfrage: Größe L?", thread

draft = draft_for(thread, "Size L is 40 euros.")
refused = httpx.post(f"{API}/drafts/{draft['id']}/send", headers=HEADERS)
assert refused.status_code == 403 and refused.json()["error"] == "approval_required", refused.text
world.approve("Preisfrage", "Size L is 40 euros.")
send_draft(draft["id"])

answer = world.mail_to(CUSTOMER)
assert answer["To"] == CUSTOMER or CUSTOMER in answer["To"], answer["To"]
assert world.identity["email_address"] in answer["From"] and "Mia (AI Assistant)" in answer["From"], answer["From"]
assert answer["In-Reply-To"] == question_id and question_id in answer["References"], answer.items()
assert answer["Subject"] == "Re: Preisfrage: Größe L?", answer["Subject"]
text = answer.get_body(("plain",)).get_content()
assert "Size L is 40 euros." in text and text.count("Mia, Novacore") == 1, text
assert "Size L is 40 euros." in answer.get_body(("html",)).get_content()
wait_for("the thread to wait for the customer", lambda: read_thread(thread["id"])["status"] == "waiting")
assert needs_review_thread() is None

# The customer answers what arrived: the id that SES gave it is the only one they know.
world.mail_in("Re: Preisfrage: Größe L?", "And XL?", In_Reply_To=answer["Message-ID"])
assert wait_for("the same thread", needs_review_thread)["id"] == thread["id"]

# Newer mail between approval and sending: nothing goes out.
second = draft_for(thread, "XL is 45 euros.")
world.approve("Preisfrage", "XL is 45 euros.")
world.mail_in("Re: Preisfrage: Größe L?", "Never mind, XXL please.", In_Reply_To=answer["Message-ID"])
wait_for("the third question", lambda: read_thread(thread["id"])["messages_total"] == 4)
try:
    send_draft(second["id"])
except RuntimeError as stale:
    assert str(stale) == "draft is stale"
else:
    raise AssertionError("a stale draft was sent")
rejected = call("GET", f"/v1/drafts/{second['id']}", world.owner_key)
assert (rejected["status"], rejected["reject_reason"]) == ("rejected", "stale"), rejected
assert len(world.mails_to(CUSTOMER)) == 1
