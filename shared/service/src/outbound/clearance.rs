//! What is read about a mail that wants to leave before [`sending`] is asked, and what is said when it may not.

use actionlayer_domain::{
    EmailAddress, Identity, IdentityId, Message, Suppression, SuppressionReason, Thread, Timestamp, Workspace,
    WorkspaceId,
    plan::Entitlement,
    sending::{self, Basis, Facts, Refusal, Step},
    unattended::UnattendedToday,
};
use actionlayer_store::{Transaction, Used};

use crate::{
    App, FieldError, ServiceError,
    billing::plan::{Allowance, entitlement, read_entitlement},
};

/// Who of its recipients is suppressed, and how much of the plan is left.
#[derive(Debug)]
pub(crate) struct Clearance {
    to: Vec<EmailAddress>,
    suppressed: Vec<Suppression>,
    /// The same, by the fields that name them.
    named: Vec<FieldError>,
    today: UnattendedToday,
    allowance: Allowance,
    entitlement: Entitlement,
    now: Timestamp,
}

/// The recipients of a mail, by the fields they come from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recipients<'a> {
    pub(crate) to: &'a [EmailAddress],
    pub(crate) cc: &'a [EmailAddress],
    pub(crate) bcc: &'a [EmailAddress],
}

impl Clearance {
    /// Before anything is read: as if nothing stood in the way.
    pub(crate) fn unread(app: &App, workspace: Option<&Workspace>, now: Timestamp) -> Self {
        let entitlement = entitlement(app, workspace);
        let allowance = Allowance::unread(entitlement, Used::Outbound, now);
        Self {
            to: Vec::new(),
            suppressed: Vec::new(),
            named: Vec::new(),
            today: UnattendedToday::default(),
            allowance,
            entitlement,
            now,
        }
    }

    /// Reads what stands in the way. The workspace is read as well where nobody has.
    pub(crate) async fn read(
        app: &App,
        workspace_id: WorkspaceId,
        workspace: Option<&Workspace>,
        recipients: Recipients<'_>,
        now: Timestamp,
    ) -> Result<Self, ServiceError> {
        let Recipients { to, cc, bcc } = recipients;
        let allowance = async {
            let entitlement = match workspace {
                Some(workspace) => entitlement(app, Some(workspace)),
                None => read_entitlement(app, workspace_id).await?,
            };
            Ok::<_, ServiceError>((
                entitlement,
                Allowance::of(app, workspace_id, entitlement, Used::Outbound, now).await?,
            ))
        };
        let suppressed =
            async { Ok::<_, ServiceError>(app.store.suppressed(workspace_id, to.iter().chain(cc).chain(bcc)).await?) };
        let (suppressed, (entitlement, allowance)) = tokio::try_join!(suppressed, allowance)?;
        let suppressed: Vec<Suppression> = suppressed.into_iter().map(|row| row.value).collect();
        let named = named(&suppressed, recipients);
        let today = UnattendedToday::default();
        Ok(Self { to: to.to_vec(), suppressed, named, today, allowance, entitlement, now })
    }

    /// The same for a mail that no person sees: what left today counts as well.
    pub(crate) async fn read_unattended(
        app: &App,
        workspace_id: WorkspaceId,
        workspace: Option<&Workspace>,
        identity_id: IdentityId,
        recipients: Recipients<'_>,
        now: Timestamp,
    ) -> Result<Self, ServiceError> {
        let (clearance, today) = tokio::join!(
            Self::read(app, workspace_id, workspace, recipients, now),
            app.store.unattended_today(workspace_id, identity_id, recipients.to, now),
        );
        Ok(Self { today: today?, ..clearance? })
    }

    /// Refuses a mail that may not be put on its way, with what the caller can do about it.
    pub(crate) fn require(
        &self,
        app: &App,
        basis: Basis<'_>,
        identity: &Identity,
        thread: Option<&Thread>,
        answers: Option<&Message>,
    ) -> Result<(), ServiceError> {
        self.ask(basis, identity, thread, answers).map_err(|refusal| self.explain(app, refusal))
    }

    /// Whether a mail may be put on its way.
    pub(crate) fn ask(
        &self,
        basis: Basis<'_>,
        identity: &Identity,
        thread: Option<&Thread>,
        answers: Option<&Message>,
    ) -> Result<(), Refusal> {
        sending::may_leave(&Facts {
            basis,
            step: Step::Queue,
            identity,
            thread,
            answers,
            to: &self.to,
            suppressed: &self.suppressed,
            today: self.today,
            plan_used_up: self.allowance.is_used_up(),
            now: self.now,
        })
    }

    /// What the mail is counted by.
    pub(crate) const fn entitlement(&self) -> Entitlement {
        self.entitlement
    }

    /// Counts the mail in the transaction that puts it on its way.
    pub(crate) fn count(&self, message: &Message, transaction: &mut Transaction) {
        self.allowance.count(message.workspace_id, message.id.family(), transaction);
    }

    /// The one table from refusals to errors.
    pub(crate) fn explain(&self, app: &App, refusal: Refusal) -> ServiceError {
        match refusal {
            Refusal::IdentitySuspended => ServiceError::IdentitySuspended,
            Refusal::ColdSendBlocked => ServiceError::ColdSendBlocked,
            Refusal::Draft(refusal) => refusal.into(),
            Refusal::NotOptedOut => ServiceError::ApprovalRequired,
            Refusal::Stale => ServiceError::StaleDraft,
            Refusal::RecipientSuppressed => ServiceError::RecipientSuppressed(self.named.clone()),
            Refusal::AnswersMachine => ServiceError::Conflict(
                "the newest message was written by a machine, and no person approves this answer: submit a draft instead",
            ),
            Refusal::GoesElsewhere => ServiceError::Conflict(
                "the answer would go to somebody who is neither the proven author of the newest message nor was written to in \
                 the thread, and no person approves it: submit a draft instead",
            ),
            Refusal::RecipientCap | Refusal::IdentityCap => ServiceError::Conflict(
                "the recipient or the identity has had its unattended mails of today: submit a draft instead",
            ),
            Refusal::ThreadCap => {
                ServiceError::Conflict("the thread has had its 10 unattended sends of today: submit a draft instead")
            }
            Refusal::PlanLimit => self.allowance.reached(app, "outgoing mails"),
        }
    }
}

/// Refuses what an identity may not do, before anything else is known.
pub(crate) fn require_identity(app: &App, allowed: Result<(), Refusal>) -> Result<(), ServiceError> {
    allowed.map_err(|refusal| Clearance::unread(app, None, Timestamp::from_unix_ms(0)).explain(app, refusal))
}

fn named(suppressed: &[Suppression], Recipients { to, cc, bcc }: Recipients<'_>) -> Vec<FieldError> {
    let mut named = Vec::new();
    for (field, addresses) in [("to", to), ("cc", cc), ("bcc", bcc)] {
        for (i, address) in addresses.iter().enumerate() {
            if let Some(known) = suppressed.iter().find(|known| known.email.folded() == address.folded()) {
                let why = match known.reason {
                    SuppressionReason::Bounce => "mail to it bounced",
                    SuppressionReason::Complaint => "its owner complained about mail",
                };
                named.push(FieldError::new(format!("{field}[{i}]"), format!("{address} is suppressed: {why}")));
            }
        }
    }
    named
}
