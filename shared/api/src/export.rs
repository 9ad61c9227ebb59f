//! What is written into the files of an export: a JSON object a line, `type` and `data`, which is what the API shows of it.

use std::time::Duration;

use actionlayer_domain::{
    Authority, Caller, Thread, Timestamp,
    account::{AuditEntry, Membership},
    export::{Export, ExportKind, ExportPosition, ExportState, PART_BYTES},
};
use actionlayer_service::{
    App, ServiceError,
    accounts::{audit::list_audit, members::list_members},
    contacts::{edit_contacts::list_contacts, suppressions::list_suppressions},
    domains::read_domains::list_domains,
    events::webhooks::list_webhooks,
    identities::read_identities::{IdentityFilter, list_identities},
    rules::edit_rules::{RuleFilter, list_rules},
    threads::{get_thread::get_thread, list_threads::list_threads, messages::list_thread_messages},
    workspace::{
        api_keys::list_api_keys,
        export_workspace::{unfinished_exports, write_part},
        update_workspace::get_workspace,
    },
};
use actionlayer_store::{ContactFilter, Page, PageRequest, ThreadFilter};
use serde::Serialize;

use crate::views::{
    ApiKeyView, ContactView, DomainView, DraftView, IdentityView, MessageView, RuleView, SuppressionView, ThreadView,
    WebhookView, WorkspaceView,
};

/// How long one call writes: less than the function has.
const BUDGET: Duration = Duration::from_secs(20);
/// So much of a list is read at once.
const PAGE: u32 = 100;
/// So many threads, each of which is read with all that is in it.
const THREADS: u32 = 20;

/// Writes on at the exports that are not done, as far as it comes in some seconds; the next call goes on there.
pub async fn write_exports(app: &App) -> Result<(), ServiceError> {
    let began = app.now();
    let mut outcome = Ok(());
    for mut export in unfinished_exports(app).await? {
        while export.state == ExportState::Running && app.now().since(began) < BUDGET {
            match next_part(app, &export).await {
                Ok(Some(further)) => export = further,
                // Somebody else is at it.
                Ok(None) => break,
                // It keeps nobody else's.
                Err(error) => {
                    outcome = Err(error);
                    break;
                }
            }
        }
    }
    outcome
}

async fn next_part(app: &App, export: &Export) -> Result<Option<Export>, ServiceError> {
    let caller = export.reader().ok_or(ServiceError::NotFound { what: "export" })?;
    let mut lines = Lines::default();
    let mut position = Some(export.position.clone());
    while let Some(at) = position.take_if(|_| lines.bytes.len() < PART_BYTES) {
        let cursor = write_page(app, &caller, &at, &mut lines).await?;
        position = match cursor {
            Some(cursor) => Some(ExportPosition { kind: at.kind, cursor: Some(cursor) }),
            None => at.kind.next().map(|kind| ExportPosition { kind, cursor: None }),
        };
    }
    write_part(app, export, lines.bytes, lines.count, position).await
}

#[derive(Default)]
struct Lines {
    bytes: Vec<u8>,
    count: u64,
}

#[derive(Serialize)]
struct Line<'a, V> {
    #[serde(rename = "type")]
    kind: &'static str,
    data: &'a V,
}

impl Lines {
    fn add(&mut self, kind: &'static str, view: &impl Serialize) -> Result<(), ServiceError> {
        let line = serde_json::to_vec(&Line { kind, data: view });
        let line = line.map_err(|_| ServiceError::Upstream { service: "export", code: "not_written".to_owned() })?;
        self.bytes.extend(line);
        self.bytes.push(b'\n');
        self.count += 1;
        Ok(())
    }

    /// A page of a list; gives where the list goes on.
    fn page<T, V: Serialize>(
        &mut self,
        kind: &'static str,
        page: Page<T>,
        view: impl Fn(T) -> V,
    ) -> Result<Option<String>, ServiceError> {
        for item in page.items {
            self.add(kind, &view(item))?;
        }
        Ok(page.next_cursor)
    }
}

/// A user of the workspace.
#[derive(Serialize)]
struct UserView {
    email: String,
    name: String,
    role: &'static str,
    added_at: Timestamp,
}

/// An entry of who did what.
#[derive(Serialize)]
struct AuditView {
    at: Timestamp,
    actor: String,
    act: &'static str,
    about: String,
}

fn user(member: Membership) -> UserView {
    let Membership { email, name, role, added_at, .. } = member;
    UserView { email: email.to_string(), name: name.as_str().to_owned(), role: role.as_str(), added_at }
}

fn audit(entry: AuditEntry) -> AuditView {
    AuditView { at: entry.at, actor: entry.actor.name, act: entry.act.words(), about: entry.about }
}

async fn write_page(
    app: &App,
    caller: &Caller,
    at: &ExportPosition,
    lines: &mut Lines,
) -> Result<Option<String>, ServiceError> {
    let limit = if at.kind == ExportKind::Threads { THREADS } else { PAGE };
    let request = PageRequest { limit, offset: 0, cursor: at.cursor.clone() };
    let now = app.now();
    match at.kind {
        ExportKind::Workspace => {
            lines.add("workspace", &WorkspaceView::of(get_workspace(app, caller).await?))?;
            Ok(None)
        }
        ExportKind::Users => {
            for member in list_members(app, caller).await? {
                lines.add("user", &user(member))?;
            }
            Ok(None)
        }
        ExportKind::Identities => {
            let page = list_identities(app, caller, IdentityFilter::default(), &request).await?;
            lines.page("identity", page, |identity| IdentityView::of(identity, &app.settings.public_url))
        }
        ExportKind::Domains => lines.page("domain", list_domains(app, caller, &request).await?, DomainView::of),
        ExportKind::ApiKeys => {
            let page = list_api_keys(app, caller, &request).await?;
            lines.page("api_key", page, |(key, last_used_at)| ApiKeyView::of(key, last_used_at))
        }
        ExportKind::Rules => {
            lines.page("rule", list_rules(app, caller, RuleFilter::default(), &request).await?, RuleView::of)
        }
        ExportKind::Webhooks => {
            lines.page("webhook", list_webhooks(app, caller, &request).await?, |webhook| WebhookView::of(webhook, now))
        }
        ExportKind::Contacts => {
            let page = list_contacts(app, caller, ContactFilter::default(), request).await?;
            lines.page("contact", page, ContactView::of)
        }
        ExportKind::Suppressions => {
            lines.page("suppression", list_suppressions(app, caller, request).await?, SuppressionView::of)
        }
        ExportKind::Audit => {
            // Only owners read it; who asked for the export was one.
            let owner = Caller { authority: Authority::Full, ..caller.clone() };
            lines.page("audit", list_audit(app, &owner, &request).await?, audit)
        }
        ExportKind::Threads => {
            let page = list_threads(app, caller, ThreadFilter::default(), None, request).await?;
            for thread in page.items {
                write_thread(app, caller, thread, lines).await?;
            }
            Ok(page.next_cursor)
        }
    }
}

/// A thread, its drafts, and its messages, newest first.
async fn write_thread(app: &App, caller: &Caller, thread: Thread, lines: &mut Lines) -> Result<(), ServiceError> {
    let id = thread.id;
    lines.add("thread", &ThreadView::of(thread))?;
    let detail = match get_thread(app, caller, id, Some(1)).await {
        Ok(detail) => detail,
        // It became part of another meanwhile, which has its messages.
        Err(ServiceError::NotFound { .. }) => return Ok(()),
        Err(error) => return Err(error),
    };
    for (draft, body) in detail.drafts {
        lines.add("draft", &DraftView::of(draft, Some(body)))?;
    }
    let mut request = PageRequest { limit: PAGE, offset: 0, cursor: None };
    loop {
        let page = list_thread_messages(app, caller, id, &request).await?;
        request.cursor = lines.page("message", page, |(message, body)| MessageView::of(message, body))?;
        if request.cursor.is_none() {
            return Ok(());
        }
    }
}
