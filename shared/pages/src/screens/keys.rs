//! API keys: for agents and programs. A key is shown once, with what to do with it filled in.

use actionlayer_channels::legible::line;
use actionlayer_domain::{Identity, Role, Timestamp, key::ApiKey};
use askama::Template;

use super::{
    Access, Choice, Problem, Screen,
    inbox::identity_choices,
    parts::{Tabs, When, when},
};
use crate::dashboard::Section;

#[derive(Template)]
#[template(path = "screens/keys.html")]
struct ListPage<'a> {
    frame: Tabs,
    tab: &'static str,
    problem: Option<Problem>,
    rows: Vec<Row>,
    access: Access,
    roles: [(&'static str, &'static str, &'static str); 4],
    identities: Vec<Choice>,
    name: &'a str,
    mcp_url: String,
}

struct Row {
    id: String,
    name: String,
    prefix: String,
    role: &'static str,
    bound_to: Vec<String>,
    made: When,
    used: Option<When>,
}

/// What each role may, the usual one first.
const ROLES: [(&str, &str, &str); 4] = [
    ("agent", "Agent", "Reads, submits drafts, sends what a person approved. It cannot approve."),
    ("read", "Read only", "Reads mail and drafts, and changes nothing."),
    ("automation", "Automation", "An agent that also sends mail nobody approves. For receipts and the like."),
    ("full", "Full", "Everything, approving included. Never for an agent."),
];

const fn role_name(role: Role) -> &'static str {
    match role {
        Role::Agent => "Agent",
        Role::Read => "Read only",
        Role::Automation => "Automation",
        Role::Full => "Full",
    }
}

/// All keys, and the form for another. `name` is what was typed.
pub fn keys(
    keys: &[(ApiKey, Option<Timestamp>)],
    identities: &[Identity],
    access: Access,
    public_url: &str,
    name: &str,
    problem: Option<Problem>,
    now: Timestamp,
) -> Screen {
    let address = |id: &actionlayer_domain::IdentityId| {
        let found = identities.iter().find(|identity| identity.id == *id);
        found.map_or_else(|| "a deleted identity".to_owned(), |identity| identity.email_address.to_string())
    };
    let row = |(key, used): &(ApiKey, Option<Timestamp>)| Row {
        id: key.id.to_string(),
        name: line(key.name.as_str()),
        prefix: key.prefix.clone(),
        role: role_name(key.role),
        bound_to: key.identity_ids.iter().map(address).collect(),
        made: when(key.created_at, now),
        used: used.map(|at| when(at, now)),
    };
    let page = ListPage {
        frame: Tabs,
        tab: "/settings/keys",
        problem,
        rows: keys.iter().map(row).collect(),
        access,
        roles: ROLES,
        identities: identity_choices(identities, ""),
        name,
        mcp_url: format!("{public_url}/mcp"),
    };
    Screen::of(Section::ApiKeys, "API keys", &page)
}

#[derive(Template)]
#[template(path = "screens/key_made.html")]
struct MadePage<'a> {
    name: String,
    role: &'static str,
    key: &'a str,
    snippets: Vec<Snippet>,
}

struct Snippet {
    name: &'static str,
    text: String,
}

/// A key that was just made: the only time that it is shown.
pub fn key_made(key: &ApiKey, secret: &str, public_url: &str) -> Screen {
    let page = MadePage {
        name: line(key.name.as_str()),
        role: role_name(key.role),
        key: secret,
        snippets: snippets(secret, public_url),
    };
    Screen::of(Section::ApiKeys, "Your new API key", &page)
}

fn snippets(key: &str, url: &str) -> Vec<Snippet> {
    let mcp = serde_json::json!({
        "mcpServers": {
            "actionlayer": {"type": "http", "url": format!("{url}/mcp"), "headers": {"Authorization": format!("Bearer {key}")}}
        }
    });
    vec![
        Snippet {
            name: "curl",
            text: format!(
                "export ACTIONLAYER_API_KEY=\"{key}\"\n\ncurl {url}/v1/threads?needs_review=true \\\n  -H \"Authorization: Bearer $ACTIONLAYER_API_KEY\""
            ),
        },
        Snippet {
            name: "Python",
            text: format!(
                "import requests\n\nAPI = \"{url}/v1\"\nheaders = {{\"Authorization\": \"Bearer {key}\"}}\n\n\
                 threads = requests.get(f\"{{API}}/threads\", params={{\"needs_review\": \"true\"}}, headers=headers).json()\n\
                 for thread in threads[\"data\"]:\n    print(thread[\"id\"], thread[\"subject\"])"
            ),
        },
        Snippet {
            name: "TypeScript",
            text: format!(
                "const api = \"{url}/v1\";\nconst headers = {{ Authorization: \"Bearer {key}\" }};\n\n\
                 const answer = await fetch(`${{api}}/threads?needs_review=true`, {{ headers }});\n\
                 const threads = await answer.json();\nfor (const thread of threads.data) console.log(thread.id, thread.subject);"
            ),
        },
        Snippet {
            name: "MCP in Claude Code",
            text: format!(
                "claude mcp add --transport http actionlayer {url}/mcp \\\n  --header \"Authorization: Bearer {key}\""
            ),
        },
        Snippet { name: "MCP in other programs", text: serde_json::to_string_pretty(&mcp).unwrap_or_default() },
    ]
}
