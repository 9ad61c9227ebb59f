"""The agent loop with a generated client: what needs review, read, draft, approval by a person, send, never when stale."""

import os

from actionlayer_client import AuthenticatedClient
from actionlayer_client.api.drafts import get_draft, reject_draft, send_draft, submit_draft
from actionlayer_client.api.threads import get_thread, list_threads
from actionlayer_client.models import (
    Direction,
    Draft,
    DraftStatus,
    Error,
    NewDraft,
    Rejection,
    ThreadDetail,
    ThreadList,
    ThreadStatus,
)
from world import CUSTOMER, World, wait_for

world = World()
client = AuthenticatedClient(base_url=os.environ["ACTIONLAYER_BASE_URL"], token=world.key("agent"))


def needs_review():
    threads = list_threads.sync(client=client, needs_review=True, limit=1)
    assert isinstance(threads, ThreadList), threads
    return threads.data[0] if threads.data else None


def read(thread_id):
    detail = get_thread.sync(thread_id, client=client)
    assert isinstance(detail, ThreadDetail), detail
    return detail


def draft_for(thread_id, text):
    detail = read(thread_id)
    question = next(m for m in reversed(detail.messages) if m.direction == Direction.INBOUND)
    proposal = NewDraft(
        thread_id=thread_id, identity_id=detail.identity_id, based_on_message_id=question.id, body_text=text
    )
    draft = submit_draft.sync(client=client, body=proposal, idempotency_key=f"answer-to-{question.id}")
    assert isinstance(draft, Draft) and draft.status == DraftStatus.PENDING, draft
    wait_for("the approver to be told", lambda: get_draft.sync(draft.id, client=client).notifications)
    return draft


assert needs_review() is None
world.mail_in("Size L?", "What does size L cost?")
thread = wait_for("the thread", needs_review)
assert thread.subject == "Size L?", thread

draft = draft_for(thread.id, "Size L is 40 euros.")
refused = send_draft.sync(draft.id, client=client)
assert isinstance(refused, Error) and refused.error == "approval_required", refused
world.approve("Size L?", "Size L is 40 euros.")
assert isinstance(send_draft.sync(draft.id, client=client), Draft)
answer = world.mail_to(CUSTOMER)
assert "Size L is 40 euros." in answer.get_body(("plain",)).get_content()
wait_for("the thread to wait", lambda: read(thread.id).status == ThreadStatus.WAITING)

world.mail_in("Re: Size L?", "And XL?", In_Reply_To=answer["Message-ID"])
wait_for("the second question", needs_review)
second = draft_for(thread.id, "XL is 45 euros.")
world.approve("Size L?", "XL is 45 euros.")
world.mail_in("Re: Size L?", "Never mind.", In_Reply_To=answer["Message-ID"])
wait_for("the third message", lambda: read(thread.id).messages_total == 4)
stale = send_draft.sync(second.id, client=client)
assert isinstance(stale, Error) and stale.error == "stale_draft", stale
rejected = reject_draft.sync(second.id, client=client, body=Rejection(reason="stale"))
assert isinstance(rejected, Draft) and rejected.status == DraftStatus.REJECTED, rejected
assert get_draft.sync(second.id, client=client).reject_reason == "stale"
assert len(world.mails_to(CUSTOMER)) == 1
