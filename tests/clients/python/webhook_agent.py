"""An agent that never polls: the published FastAPI receiver, and a loop that is driven by its events alone."""

import asyncio
import os
import socket
import threading

import httpx
import standardwebhooks
import uvicorn
from world import CUSTOMER, World, call, wait_for

world = World()
agent_key = world.key("agent")

with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
everything = {"url": f"http://127.0.0.1:{port}/actionlayer-webhook", "events": ["*"]}
webhook = call("POST", "/v1/webhooks", world.owner_key, everything, expect=201)
os.environ["ACTIONLAYER_WEBHOOK_SECRET"] = webhook["secret"]

API = os.environ["ACTIONLAYER_BASE_URL"] + "/v1"
HEADERS = {"Authorization": f"Bearer {agent_key}"}


class Agent:
    """What the published page calls `my_agent`."""

    def __init__(self):
        self.received = []

    async def handle_inbound(self, thread_id: str, message_id: str) -> None:
        self.received.append(message_id)
        async with httpx.AsyncClient(headers=HEADERS) as http:
            thread = (await http.get(f"{API}/threads/{thread_id}")).raise_for_status().json()
            draft = {
                "thread_id": thread_id,
                "identity_id": thread["identity_id"],
                "based_on_message_id": message_id,
                "body_text": f"About “{thread['subject']}”: yes.",
            }
            (await http.post(f"{API}/drafts", json=draft)).raise_for_status()

    async def handle_approved(self, draft_id: str) -> None:
        async with httpx.AsyncClient(headers=HEADERS) as http:
            (await http.post(f"{API}/drafts/{draft_id}/send")).raise_for_status()


my_agent = Agent()

# ---- As published.

import hmac
import hashlib
from fastapi import FastAPI, Header, HTTPException, Request

app = FastAPI()
SECRET = os.environ["ACTIONLAYER_WEBHOOK_SECRET"].encode()


@app.post("/actionlayer-webhook")
async def receive(request: Request, x_actionlayer_signature: str = Header(...)):
    body = await request.body()
    expected = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, x_actionlayer_signature):
        raise HTTPException(401, "bad signature")
    payload = await request.json()
    if payload["event"] == "email.received":
        thread_id = payload["thread_id"]
        message_id = payload["message_id"]
        # Hand off to your agent
        await my_agent.handle_inbound(thread_id, message_id)
    return {"ok": True}


# ---- The rest of the loop, and what Standard Webhooks' own library says.

events, verified = [], []


@app.middleware("http")
async def follow(request: Request, call_next):
    body = await request.body()
    payload = standardwebhooks.Webhook(webhook["secret"]).verify(body, dict(request.headers))
    verified.append(request.headers["webhook-id"] == payload["event_id"])
    answer = await call_next(request)
    if answer.status_code == 200:
        events.append(payload["event"])
        if payload["event"] == "draft.approved":
            await my_agent.handle_approved(payload["draft_id"])
    return answer


def serve():
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    wait_for("the receiver", lambda: server.started)
    return server, thread


def mails() -> int:
    return len(world.mails_to(CUSTOMER))


server, thread = serve()
world.mail_in("Preisfrage", "What does size L cost?")
world.approve("Preisfrage", "About “Preisfrage”: yes.")
wait_for("the answer", lambda: mails() == 1)
wait_for("the last event", lambda: "email.delivered" in events)
happened = ["email.received", "draft.created", "draft.approved", "email.sent", "draft.sent", "email.delivered"]
assert [event for event in events if event in happened] == happened, events
assert all(verified) and len(my_agent.received) == 1, (verified, my_agent.received)

# The receiver is down while mail comes; nothing of it is lost.
server.should_exit = True
thread.join()
for subject in ("One", "Two", "Three"):
    world.mail_in(subject, "Still there?", sender=f"{subject.lower()}@customer.test")
pending = f"/v1/webhooks/{webhook['id']}/deliveries?state=pending"
wait_for("a try that failed", lambda: any(d["attempts"] for d in call("GET", pending, world.owner_key)["data"]))
server, thread = serve()
wait_for("three more", lambda: len(my_agent.received) == 4, 60)
assert all(verified)

# Somebody else's request is refused.
forged = httpx.post(everything["url"], json={"event": "email.received"}, headers={"X-ActionLayer-Signature": "0" * 64})
assert forged.status_code in (401, 500), forged.status_code
assert len(my_agent.received) == 4
