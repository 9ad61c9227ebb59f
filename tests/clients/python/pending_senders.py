"""Unknown senders wait until somebody decides about them."""

import os

import httpx
from world import World, call, wait_for

world = World()
os.environ["ACTIONLAYER_API_KEY"] = world.owner_key
call("PATCH", "/v1/workspace", world.owner_key, {"settings": {"sender_trust_gating": True}})

# ---- As published, but for the base URL.

API = os.environ["ACTIONLAYER_BASE_URL"] + "/v1"
HEADERS = {"Authorization": f"Bearer {os.environ['ACTIONLAYER_API_KEY']}"}


def pending() -> list[dict]:
    r = httpx.get(f"{API}/inbound/pending", headers=HEADERS)
    r.raise_for_status()
    return r.json()["data"]


def approve(pending_id: str) -> None:
    httpx.post(f"{API}/inbound/pending/{pending_id}/approve", headers=HEADERS).raise_for_status()


def block(pending_id: str) -> None:
    httpx.post(f"{API}/inbound/pending/{pending_id}/block", headers=HEADERS).raise_for_status()


# ---- What the pages promise.


def threads() -> list[dict]:
    return call("GET", "/v1/threads", world.owner_key)["data"]


world.mail_in("First", "Hello", sender="friend@known.test")
world.mail_in("Second", "Hello again", sender="friend@known.test")
world.mail_in("Offer", "Buy this", sender="seller@spam.test")
held = wait_for("three held mails", lambda: (rows := pending()) and len(rows) == 3 and rows)
assert threads() == []

# Approving a sender lets all of their held mail in.
approve(next(row["id"] for row in held if row["subject"] == "First"))
wait_for("two threads", lambda: sorted(t["subject"] for t in threads()) == ["First", "Second"])
assert [row["subject"] for row in pending()] == ["Offer"]

# Blocking drops it, and what comes later.
block(pending()[0]["id"])
assert pending() == []
world.mail_in("Offer 2", "Buy that", sender="seller@spam.test")
world.mail_in("Third", "Me again", sender="friend@known.test")
wait_for("the trusted sender's mail", lambda: "Third" in [t["subject"] for t in threads()])
assert pending() == [] and len(threads()) == 3
