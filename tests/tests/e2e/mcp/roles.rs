//! What a key may do over this protocol is what it may do over the API: nothing more, whatever is listed.

use actionlayer_tests::{
    CUSTOMER, Mcp, World, eventually,
    world::{array, id, merge},
};
use serde_json::{Value, json};

/// The arguments a tool needs, about objects that exist.
struct Objects {
    thread: Value,
    draft: Value,
    contact: Value,
    attachment: Value,
}

async fn objects(world: &World) -> Objects {
    let raw = format!(
        "From: <{CUSTOMER}>\r\nTo: <{to}>\r\nSubject: With a file\r\nMessage-ID: <file@customer.test>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSee the file.\r\n\
         --b\r\nContent-Type: text/csv; name=prices.csv\r\nContent-Disposition: attachment; filename=prices.csv\r\n\r\n\
         plan,price\r\nlarge,12\r\n--b--\r\n",
        to = world.address(),
    );
    actionlayer_tests::smtp::send(world.engine.smtp, CUSTOMER, &[world.address()], raw.as_bytes()).await.unwrap();
    let thread = eventually("the thread", async || {
        let threads = world.threads().await;
        threads.into_iter().find(|thread| thread["subject"] == "With a file")
    })
    .await;
    let draft = world.submit(&thread, "Thank you for the file.").await;
    let attachment = thread["messages"][0]["attachments"][0]["id"].clone();
    let contact = thread["contact"]["id"].clone();
    Objects { thread, draft, contact, attachment }
}

impl Objects {
    fn arguments(&self, tool: &str) -> Value {
        let Self { thread, draft, contact, attachment } = self;
        match tool {
            "get_thread" => json!({"thread_id": thread["id"]}),
            "search_messages" => json!({"q": "file"}),
            "wait_for_message" => json!({"thread_id": thread["id"], "timeout_seconds": 1}),
            "get_attachment" => json!({"message_id": thread["messages"][0]["id"], "attachment_id": attachment}),
            "submit_draft" => json!({
                "thread_id": thread["id"],
                "identity_id": thread["identity_id"],
                "based_on_message_id": thread["last_inbound_message_id"],
                "body_text": "Another one.",
            }),
            "get_draft" | "approve_draft" | "send_draft" => json!({"draft_id": draft["id"]}),
            "edit_draft" => json!({"draft_id": draft["id"], "body_text": "Changed."}),
            "reject_draft" => json!({"draft_id": draft["id"], "reason": "no"}),
            "get_identity" => json!({"identity_id": thread["identity_id"]}),
            "get_contact" => json!({"contact_id": contact}),
            "list_threads"
            | "list_drafts"
            | "list_identities"
            | "list_contacts"
            | "list_pending_inbound"
            | "get_events" => json!({}),
            other => panic!("{other} has no arguments yet"),
        }
    }
}

#[tokio::test]
async fn every_role_may_what_it_may_and_is_shown_just_that() {
    for role in ["read", "agent", "automation", "full"] {
        let world = World::start().await;
        let objects = objects(&world).await;
        let client = Mcp::new(&world.key(role).await);
        let owner = Mcp::new(&world.owner);
        let listed: Vec<String> =
            client.tools().await.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect();
        let all = owner.tools().await;
        assert!(all.len() >= 18);
        for tool in &all {
            let name = tool["name"].as_str().unwrap();
            let reads = tool["annotations"]["readOnlyHint"] == true;
            let may = match role {
                "read" => reads,
                "agent" | "automation" => name != "approve_draft",
                _ => true,
            };
            assert_eq!(listed.contains(&name.to_owned()), may, "{role} × {name}");
            // Called all the same, whether it is listed or not.
            let result = client.call(name, objects.arguments(name)).await;
            let code = if result.result["isError"] == true { result.refused() } else { String::new() };
            if may {
                assert_ne!(code, "forbidden", "{role} × {name}");
            } else {
                assert_eq!(code, "forbidden", "{role} × {name}");
            }
            if reads {
                result.ok();
            }
        }
        // What a role may not do it did not do.
        let draft = world.reread(&objects.draft).await;
        match role {
            "read" => assert_eq!((&draft["status"], &draft["version"]), (&json!("pending"), &json!(1))),
            "agent" | "automation" => {
                assert_eq!((&draft["status"], &draft["decided_by"]["name"]), (&json!("rejected"), &json!(role)));
            }
            _ => {}
        }
        if role != "full" {
            assert!(world.sent_to(CUSTOMER).await.is_empty(), "{role}");
        }
        let file = owner.call("get_attachment", objects.arguments("get_attachment")).await.ok();
        assert_eq!(file["untrusted_content"]["text"], "plan,price\r\nlarge,12");
    }
}

#[tokio::test]
async fn what_belongs_to_others_does_not_exist() {
    let world = World::start().await;
    let objects = objects(&world).await;
    let other = world.new_workspace("The other").await;
    let max = world.new_identity("max", json!({})).await;
    let bound = json!({"name": "bound", "role": "agent", "identity_ids": [max["id"]]});
    let bound = world.owner.post("/v1/api-keys", bound).await.expect(201);
    let bound = world.anyone.with_key(bound["key"].as_str().unwrap());
    for caller in [&other, &bound] {
        let client = Mcp::new(caller);
        for tool in Mcp::new(&world.owner).tools().await {
            let name = tool["name"].as_str().unwrap();
            let arguments = objects.arguments(name);
            let is_list = tool["outputSchema"]["properties"]["data"].is_object();
            // Contacts are the workspace's.
            if (name == "get_contact" || name == "list_contacts") && std::ptr::eq(caller, &raw const bound) {
                continue;
            }
            let result = client.result("tools/call", json!({"name": name, "arguments": arguments})).await;
            if is_list {
                let shown = result["structuredContent"]["data"].to_string();
                for of in ["thread_id", "draft_id"] {
                    let foreign = if of == "thread_id" { id(&objects.thread) } else { id(&objects.draft) };
                    assert!(!shown.contains(foreign), "{name}: {shown}");
                }
                continue;
            }
            assert_eq!(result["isError"], true, "{name}: {result}");
            let error: Value = serde_json::from_str(result["content"][0]["text"].as_str().unwrap()).unwrap();
            let code = error["error"].as_str().unwrap();
            assert!(code == "not_found" || code == "forbidden", "{name}: {error}");
            // An id that was never given is answered in the same words.
            let mut unknown = arguments.clone();
            for (_, value) in unknown.as_object_mut().unwrap().iter_mut().filter(|(name, _)| name.ends_with("_id")) {
                *value = json!("0197f3a0-5c1e-7d2a-9f00-1234567890ab");
            }
            if name == "get_attachment" {
                merge(&mut unknown, json!({"attachment_id": "0"}));
            }
            let never = client.result("tools/call", json!({"name": name, "arguments": unknown})).await;
            let never: Value = serde_json::from_str(never["content"][0]["text"].as_str().unwrap()).unwrap();
            assert_eq!((&never["error"], &never["message"]), (&error["error"], &error["message"]), "{name}");
        }
        for uri in [format!("thread://{}", id(&objects.thread)), format!("draft://{}", id(&objects.draft))] {
            assert_eq!(client.error("resources/read", json!({"uri": uri})).await["data"]["error"], "not_found");
        }
        let of =
            json!({"ref": {"type": "ref/resource", "uri": "thread://{id}"}, "argument": {"name": "id", "value": ""}});
        assert_eq!(client.result("completion/complete", of).await["completion"]["values"], json!([]));
    }
    assert_eq!(world.reread(&objects.draft).await["status"], "pending");
    assert_eq!(array(&world.owner.get("/v1/drafts").await.expect(200)["data"]).len(), 1);
}
