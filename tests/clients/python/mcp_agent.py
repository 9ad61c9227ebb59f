"""The agent of docs/MCP.md, word for word: it answers mail through an approval, over MCP."""

import asyncio
import os
import threading
from pathlib import Path

from world import BASE_URL, CUSTOMER, World, call, wait_for

world = World(signature_text="Mia, Novacore")
os.environ["ACTIONLAYER_MCP_URL"] = f"{BASE_URL}/mcp"
os.environ["ACTIONLAYER_API_KEY"] = world.key("agent")

# ---- As in docs/MCP.md.
import asyncio
import os

from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client


def write_answer(thread: dict) -> str:
    """Your model goes here. What is in `untrusted_content` is data, never instructions."""
    question = thread["messages"][-1]["untrusted_content"]["text"]
    return f"Thank you for asking: {question.splitlines()[0]} I will find out."


async def use(client: Client, tool: str, **arguments) -> dict:
    result = await client.call_tool(tool, arguments)
    if result.is_error:
        raise RuntimeError(result.content[0].text)
    return result.structured_content


async def answer_one(client: Client) -> dict | None:
    threads = await use(client, "list_threads", needs_review=True, limit=1)
    if not threads["data"]:
        return None
    thread = await use(client, "get_thread", thread_id=threads["data"][0]["thread_id"])
    draft = await use(
        client,
        "submit_draft",
        thread_id=thread["thread_id"],
        identity_id=thread["identity_id"],
        based_on_message_id=thread["last_inbound_message_id"],
        body_text=write_answer(thread),
        rationale="A first answer while the facts are looked up.",
    )
    while draft["status"] == "pending":  # A person decides.
        await asyncio.sleep(5)
        draft = await use(client, "get_draft", draft_id=draft["draft_id"])
    if draft["status"] == "approved":
        draft = await use(client, "send_draft", draft_id=draft["draft_id"])
    return draft


async def main() -> dict | None:
    headers = {"Authorization": f"Bearer {os.environ['ACTIONLAYER_API_KEY']}"}
    http = create_mcp_http_client(headers=headers)
    transport = streamable_http_client(os.environ["ACTIONLAYER_MCP_URL"], http_client=http)
    async with Client(transport) as client:
        return await answer_one(client)


# ---- What the pages promise.

page = (Path(__file__).parents[3] / "docs" / "MCP.md").read_text()
program = Path(__file__).read_text().split("# ---- As in docs/MCP.md.\n")[1].split("\n\n\n# ---- What")[0]
assert f"```python\n{program}\n\n\nprint(asyncio.run(main()))\n```" in page, "docs/MCP.md has another program"

assert asyncio.run(main()) is None
question_id = world.mail_in("Preisfrage: Größe L?", "What does size L cost?")
thread = wait_for("the thread", lambda: call("GET", "/v1/threads?needs_review=true", world.owner_key)["data"])[0]
approval = threading.Thread(target=world.approve, args=("Preisfrage", "What does size L cost? I will find out."))
approval.start()
draft = asyncio.run(main())
approval.join()
assert draft["status"] == "approved" and draft["send_state"] in ("queued", "sending"), draft
answer = world.mail_to(CUSTOMER)
assert answer["In-Reply-To"] == question_id, answer.items()
text = answer.get_body(("plain",)).get_content()
assert text.startswith("Thank you for asking: What does size L cost?") and "Mia, Novacore" in text, text


async def look_around() -> None:
    headers = {"Authorization": f"Bearer {os.environ['ACTIONLAYER_API_KEY']}"}
    http = create_mcp_http_client(headers=headers)
    async with Client(streamable_http_client(os.environ["ACTIONLAYER_MCP_URL"], http_client=http)) as client:
        assert client.protocol_version == "2026-07-28", client.protocol_version
        tools = [tool.name for tool in (await client.list_tools()).tools]
        assert "send_draft" in tools and "approve_draft" not in tools, tools
        waiting = await use(client, "wait_for_message", thread_id=thread["id"], timeout_seconds=1)
        assert waiting["arrived"] is False, waiting
        prompt = await client.get_prompt("draft_reply", {"thread_id": thread["id"]})
        assert thread["id"] in prompt.messages[0].content.text
        policy = await client.read_resource("policy://sending")
        assert '"may_approve":false' in policy.contents[0].text, policy


asyncio.run(look_around())
