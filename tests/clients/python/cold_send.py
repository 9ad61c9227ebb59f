"""Cold send: the only call that starts a thread."""

import os

import httpx
from world import World, call, wait_for

world = World(can_send_cold=True)
os.environ["ACTIONLAYER_API_KEY"] = world.key("automation")
shy = world.new_identity(world.domain_id, "shy")

# ---- As published, but for the base URL.

API = os.environ["ACTIONLAYER_BASE_URL"] + "/v1"
HEADERS = {"Authorization": f"Bearer {os.environ['ACTIONLAYER_API_KEY']}"}


def cold_send(identity_id: str) -> httpx.Response:
    return httpx.post(
        f"{API}/emails/send",
        headers={**HEADERS, "Content-Type": "application/json"},
        json={
            "identity_id": identity_id,
            "to": ["recipient@example.com"],
            "subject": "Quick intro",
            "body_text": "Hi — wanted to introduce myself.",
        },
    )


# ---- What the pages promise.

sent = cold_send(world.identity["id"])
assert sent.status_code == 202 and sent.json()["status"] == "queued", sent.text
mail = world.mail_to("recipient@example.com")
assert mail["Subject"] == "Quick intro" and mail["In-Reply-To"] is None, mail.items()
assert "wanted to introduce myself" in mail.get_body(("plain",)).get_content()
thread = f"/v1/threads/{sent.json()['thread_id']}"
wait_for("the thread to wait", lambda: call("GET", thread, world.owner_key)["status"] == "waiting")

blocked = cold_send(shy["id"])
assert blocked.status_code == 422 and blocked.json()["error"] == "cold_send_blocked", blocked.text
assert len(world.mails_to("recipient@example.com")) == 1
