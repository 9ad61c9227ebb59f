//! `POST|GET /v1/workspace/export`, and how far an export came.

use actionlayer_domain::{
    ExportId, Timestamp,
    account::{AuditAct, AuditEntry},
    export::{Export, ExportPart, ExportPosition},
    key::Permission,
};
use actionlayer_store::{BlobKey, Row, SignedUrl, Transaction, keys};

use crate::{
    App, Caller, ServiceError, contention::until_settled, permission::Require as _, workspace::idempotency::Idempotency,
};

const NOT_FOUND: ServiceError = ServiceError::NotFound { what: "export" };
const RUNNING: ServiceError = ServiceError::Conflict("an export is being written already");

/// An export with where its files are.
#[derive(Debug, Clone)]
pub struct Exported {
    pub export: Export,
    /// Of each part, in their order.
    pub urls: Vec<SignedUrl>,
}

/// Begins an export. One that is over gives way to it.
pub async fn export_workspace(app: &App, caller: &Caller, idempotency: &Idempotency) -> Result<Export, ServiceError> {
    caller.require(Permission::Administer)?;
    until_settled(app, || async {
        let now = app.now();
        let found = read(app, caller).await?;
        if idempotency.happened(app, caller).await?
            && let Some(found) = found
        {
            return Ok(found.value);
        }
        let export = Export::begin(ExportId::generate(now, app.entropy()), caller.workspace_id, caller.actor(), now);
        let mut transaction = Transaction::new();
        match &found {
            Some(row) if !row.value.gives_way(now) => return Err(RUNNING),
            Some(row) => transaction.replace(row, &export)?,
            None => transaction.create(&export)?,
        };
        let act = AuditAct::ExportedWorkspace;
        transaction.create(&AuditEntry::new(caller.workspace_id, caller.actor(), act, "", now, app.entropy()))?;
        idempotency.mark(&mut transaction, caller, export.id, now)?;
        app.store.commit(transaction).await?;
        Ok(export)
    })
    .await
}

/// The newest export, with URLs of its files that work for five minutes: for those who may ask for one.
pub async fn get_export(app: &App, caller: &Caller) -> Result<Exported, ServiceError> {
    caller.require(Permission::Administer)?;
    let now = app.now();
    let row = read(app, caller).await?.filter(|row| now < row.value.expires_at());
    let export = row.ok_or(NOT_FOUND)?.value;
    let mut urls = Vec::with_capacity(export.parts.len());
    for part in 0..export.parts.len() {
        urls.push(sign(app, &export, part, now).await?);
    }
    Ok(Exported { export, urls })
}

/// Where one file of the newest export is, for five minutes.
pub async fn get_export_part(app: &App, caller: &Caller, part: usize) -> Result<SignedUrl, ServiceError> {
    caller.require(Permission::Administer)?;
    let now = app.now();
    let row = read(app, caller).await?.filter(|row| now < row.value.expires_at());
    sign(app, &row.ok_or(NOT_FOUND)?.value, part, now).await
}

async fn sign(app: &App, export: &Export, part: usize, now: Timestamp) -> Result<SignedUrl, ServiceError> {
    let written = export.parts.get(part).ok_or(NOT_FOUND)?;
    let key = BlobKey::export(export.workspace_id, export.id, &written.name);
    let name = format!("{}-{part:04}.jsonl", export.id);
    Ok(app.store.sign_download(&key, "application/x-ndjson", &name, now).await?)
}

async fn read(app: &App, caller: &Caller) -> Result<Option<Row<Export>>, ServiceError> {
    Ok(app.store.get::<Export>(&keys::export(caller.workspace_id)).await?)
}

/// Exports of which something is still to be written.
pub async fn unfinished_exports(app: &App) -> Result<Vec<Export>, ServiceError> {
    Ok(app.store.due_exports(app.now()).await?)
}

/// Writes the next part of an export and records it. Of several who do that at the same time one records its file, and
/// the others are given none: theirs is one that nothing leads to.
pub async fn write_part(
    app: &App,
    export: &Export,
    lines: Vec<u8>,
    records: u64,
    next: Option<ExportPosition>,
) -> Result<Option<Export>, ServiceError> {
    let caller = export.reader().ok_or(NOT_FOUND)?;
    let Some(row) = read(app, &caller).await?.filter(|row| row.value == *export) else { return Ok(None) };
    let name = format!("{:04}-{:016x}.jsonl", export.parts.len(), app.entropy().next_u64());
    let key = BlobKey::export(export.workspace_id, export.id, &name);
    let part = ExportPart { name, size_bytes: lines.len() as u64, records };
    app.store.put_blob(&key, lines, "application/x-ndjson").await?;
    let mut further = export.clone();
    further.wrote(part, next, app.now());
    let mut transaction = Transaction::new();
    transaction.replace(&row, &further)?;
    match app.store.commit(transaction).await.map_err(ServiceError::from) {
        Ok(()) => Ok(Some(further)),
        Err(ServiceError::Contended) => Ok(None),
        Err(error) => Err(error),
    }
}
