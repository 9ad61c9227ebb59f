"""Reply on an existing thread without a draft."""

import os

import httpx
from world import CUSTOMER, World, call, wait_for

world = World()
os.environ["ACTIONLAYER_API_KEY"] = world.key("automation")
question_id = world.mail_in("Tuesday?", "Shall we meet on Tuesday?")
thread = wait_for("the thread", lambda: call("GET", "/v1/threads", world.owner_key)["data"])[0]

# ---- As published, but for the base URL.

API = os.environ["ACTIONLAYER_BASE_URL"] + "/v1"
HEADERS = {"Authorization": f"Bearer {os.environ['ACTIONLAYER_API_KEY']}"}

r = httpx.post(
    f"{API}/emails/reply",
    headers={**HEADERS, "Content-Type": "application/json"},
    json={
        "thread_id": thread["id"],
        "identity_id": world.identity["id"],
        "body_text": "Confirmed — see you Tuesday.",
    },
)
r.raise_for_status()

# ---- What the pages promise.

assert r.status_code == 202 and r.json()["thread_id"] == thread["id"], r.text
answer = world.mail_to(CUSTOMER)
assert answer["In-Reply-To"] == question_id and question_id in answer["References"], answer.items()
assert "Confirmed — see you Tuesday." in answer.get_body(("plain",)).get_content()
assert answer["Auto-Submitted"], "nobody approved it, so it says so"

agent = {"Authorization": f"Bearer {world.key('agent')}"}
refused = httpx.post(f"{API}/emails/reply", headers=agent, json={"thread_id": thread["id"], "identity_id": "x"})
assert refused.status_code in (403, 422), refused.text
