"""A workspace with something of everything, so that requests find what they are about. Prints its key."""

from world import CUSTOMER, World, call, wait_for

world = World(can_send_cold=True)
for n in range(5):
    world.mail_in(f"Question {n}", "When do you open?", sender=CUSTOMER)
threads = wait_for(
    "the threads",
    lambda: (found := call("GET", "/v1/threads", world.owner_key))["total"] == 5 and found["data"],
)
for thread in threads[:4]:
    draft = {
        "thread_id": thread["id"],
        "identity_id": world.identity["id"],
        "based_on_message_id": thread["last_inbound_message_id"],
        "body_text": "At nine.",
    }
    call("POST", "/v1/drafts", world.owner_key, draft, expect=201)
call("PATCH", "/v1/workspace", world.owner_key, {"settings": {"sender_trust_gating": True}})
world.mail_in("Hello", "You do not know me.", sender="stranger@elsewhere.test")
wait_for("held mail", lambda: call("GET", "/v1/inbound/pending", world.owner_key)["total"])
print(world.owner_key)
