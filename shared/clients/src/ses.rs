//! SES: one attempt at a time, and what is known after it.

use std::sync::OnceLock;

use actionlayer_domain::{
    AttemptId, DomainName, EmailAddress, MessageId, Secret, WorkspaceId,
    draft::{Failure, FailureCode},
    message::SendOutcome,
};
use aws_sdk_sesv2::{
    error::{ProvideErrorMetadata, SdkError},
    operation::send_email::SendEmailError,
    primitives::Blob,
    types::{Destination, DkimSigningAttributes, EmailContent, MessageTag, RawMessage, Tag},
};

use crate::ClientError;

/// The e-mail tags that SES hands back with every event of a mail.
pub mod tag {
    /// The workspace's id.
    pub const WORKSPACE: &str = "al_workspace";
    /// The message's id.
    pub const MESSAGE: &str = "al_message";
    /// The attempt's id.
    pub const ATTEMPT: &str = "al_attempt";
}

/// The tag that marks a domain in SES as this deployment's; its value is the configuration set's name. An account may have
/// domains of others, which are never touched.
const OWNER_TAG: &str = "actionlayer";

/// What SES has under the name of a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SesDomain {
    /// Nothing.
    Unknown,
    /// A domain that this deployment registered.
    Ours {
        /// SES sends for it.
        verified: bool,
        /// It signs with the key that is asked about.
        signs: bool,
    },
    /// A domain that somebody else registered in this account.
    Foreign,
}

/// SES, through a client whose own retries must be off: `SendEmail` has no idempotency token, and a retry of a request
/// whose answer was lost sends a second mail.
#[derive(Debug, Clone)]
pub struct Mailer {
    config: aws_sdk_sesv2::Config,
    /// Made when it is first asked: a function that asks nothing has none of its code.
    client: OnceLock<aws_sdk_sesv2::Client>,
    configuration_set: Option<String>,
}

/// A built mail and its envelope.
#[derive(Debug)]
pub struct Envelope<'a> {
    pub from: &'a EmailAddress,
    /// Everyone who gets it, blind copies included.
    pub recipients: Vec<&'a EmailAddress>,
    /// RFC 5322 bytes.
    pub raw: Vec<u8>,
}

/// Whose attempt this is; travels as tags.
#[derive(Debug, Clone, Copy)]
pub struct AttemptTags {
    pub workspace_id: WorkspaceId,
    pub message_id: MessageId,
    pub attempt_id: AttemptId,
}

impl Mailer {
    /// SES through this client; events of what is sent go where the configuration set says.
    pub const fn new(config: aws_sdk_sesv2::Config, configuration_set: Option<String>) -> Self {
        Self { config, client: OnceLock::new(), configuration_set }
    }

    fn client(&self) -> &aws_sdk_sesv2::Client {
        self.client.get_or_init(|| aws_sdk_sesv2::Client::from_conf(self.config.clone()))
    }

    /// Hands a mail to SES once.
    pub async fn send(&self, envelope: Envelope<'_>, tags: Option<AttemptTags>) -> SendOutcome {
        // Everyone as BccAddresses: the headers are in the raw mail, and SES adds none of its own from this list.
        let recipients = envelope.recipients.iter().map(ToString::to_string).collect();
        let destination = Destination::builder().set_bcc_addresses(Some(recipients)).build();
        let Ok(raw) = RawMessage::builder().data(Blob::new(envelope.raw)).build() else {
            return SendOutcome::Refused(rejected("the mail is empty"));
        };
        let tags = tags.map(|t| {
            [
                (tag::WORKSPACE, t.workspace_id.to_string()),
                (tag::MESSAGE, t.message_id.to_string()),
                (tag::ATTEMPT, t.attempt_id.to_string()),
            ]
            .into_iter()
            .filter_map(|(name, value)| MessageTag::builder().name(name).value(value).build().ok())
            .collect()
        });
        let answer = self
            .client()
            .send_email()
            .from_email_address(envelope.from.as_str())
            .destination(destination)
            .content(EmailContent::builder().raw(raw).build())
            .set_email_tags(tags)
            .set_configuration_set_name(self.configuration_set.clone())
            .send()
            .await;
        match answer {
            // An acceptance without an id cannot be told from a garbled answer.
            Ok(answer) => match answer.message_id {
                Some(ses_message_id) => SendOutcome::Accepted { ses_message_id },
                None => SendOutcome::Unknown,
            },
            Err(error) => outcome_of(&error),
        }
    }

    /// Registers a domain with a DKIM key of its own (BYODKIM), tagged as ours; sets the key again when it is. Whatever
    /// somebody else registered stays as it is, and is what this gives back.
    pub async fn register_domain(
        &self,
        domain: &DomainName,
        selector: &str,
        private_key_base64: &Secret<String>,
    ) -> Result<SesDomain, ClientError> {
        let attributes = || {
            DkimSigningAttributes::builder()
                .domain_signing_selector(selector)
                .domain_signing_private_key(private_key_base64.expose())
                .build()
        };
        let tag = Tag::builder().key(OWNER_TAG).value(self.owner()).build();
        let created = self
            .client()
            .create_email_identity()
            .email_identity(domain.as_str())
            .dkim_signing_attributes(attributes())
            .set_tags(tag.ok().map(|tag| vec![tag]))
            .send()
            .await;
        match created {
            Ok(_) => {}
            Err(e) if e.as_service_error().is_some_and(|e| e.is_already_exists_exception()) => {
                match self.domain(domain, selector).await? {
                    SesDomain::Ours { .. } => {}
                    other => return Ok(other),
                }
                self.client()
                    .put_email_identity_dkim_signing_attributes()
                    .email_identity(domain.as_str())
                    .signing_attributes_origin(aws_sdk_sesv2::types::DkimSigningAttributesOrigin::External)
                    .signing_attributes(attributes())
                    .send()
                    .await
                    .map_err(|e| upstream(&e))?;
            }
            Err(e) => return Err(upstream(&e)),
        }
        self.domain(domain, selector).await
    }

    /// What SES has under the name of a domain, and whether it signs with the key of this selector.
    pub async fn domain(&self, domain: &DomainName, selector: &str) -> Result<SesDomain, ClientError> {
        match self.client().get_email_identity().email_identity(domain.as_str()).send().await {
            Ok(identity) => {
                let is_ours = identity.tags().iter().any(|tag| tag.key() == OWNER_TAG && tag.value() == self.owner());
                Ok(if is_ours {
                    // For a key of its owner's, SES gives the selector here.
                    let tokens = identity.dkim_attributes().map(|dkim| dkim.tokens()).unwrap_or_default();
                    let signs = tokens.iter().any(|token| token == selector);
                    SesDomain::Ours { verified: identity.verified_for_sending_status, signs }
                } else {
                    SesDomain::Foreign
                })
            }
            Err(e) if e.as_service_error().is_some_and(|e| e.is_not_found_exception()) => Ok(SesDomain::Unknown),
            Err(e) => Err(upstream(&e)),
        }
    }

    /// Forgets a domain that is ours. Doing it again changes nothing.
    pub async fn forget_domain(&self, domain: &DomainName) -> Result<(), ClientError> {
        if !matches!(self.domain(domain, "").await?, SesDomain::Ours { .. }) {
            return Ok(());
        }
        match self.client().delete_email_identity().email_identity(domain.as_str()).send().await {
            Ok(_) => Ok(()),
            Err(e) if e.as_service_error().is_some_and(|e| e.is_not_found_exception()) => Ok(()),
            Err(e) => Err(upstream(&e)),
        }
    }

    /// Which of the deployments in an account this is.
    fn owner(&self) -> &str {
        self.configuration_set.as_deref().unwrap_or("default")
    }
}

fn upstream<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> ClientError {
    let code = match error {
        SdkError::ServiceError(context) => context.err().code().unwrap_or("unknown"),
        _ => "no_answer",
    };
    ClientError { service: "ses", code: code.to_owned() }
}

fn rejected(message: &str) -> Failure {
    Failure { code: FailureCode::Rejected, message: format!("SES refused the mail: {message}") }
}

/// Sorts an error of `SendEmail`. Only an answer that says so means "not accepted": everything else is unknown.
fn outcome_of<R>(error: &SdkError<SendEmailError, R>) -> SendOutcome {
    use SendEmailError as E;
    let refusal = match error {
        // The request was never made.
        SdkError::ConstructionFailure(_) => return SendOutcome::Refused(rejected("the request could not be built")),
        SdkError::ServiceError(context) => context.err(),
        // A connection that was refused never carried the mail; any other break may have come after it did.
        SdkError::DispatchFailure(failure) if failure.as_connector_error().is_some_and(never_connected) => {
            return SendOutcome::RefusedForNow;
        }
        _ => return SendOutcome::Unknown,
    };
    let disabled = |message: &str| {
        SendOutcome::Refused(Failure { code: FailureCode::SendingDisabled, message: message.to_owned() })
    };
    match refusal {
        E::TooManyRequestsException(_) | E::LimitExceededException(_) => SendOutcome::RefusedForNow,
        E::MessageRejected(e) => SendOutcome::Refused(rejected(e.message().unwrap_or("no reason given"))),
        E::BadRequestException(e) => SendOutcome::Refused(rejected(e.message().unwrap_or("no reason given"))),
        E::NotFoundException(e) => SendOutcome::Refused(rejected(e.message().unwrap_or("no reason given"))),
        E::MailFromDomainNotVerifiedException(_) => {
            disabled("The MAIL FROM domain is not verified with SES. Check the domain's records.")
        }
        E::AccountSuspendedException(_) => disabled("SES has suspended this account's sending."),
        E::SendingPausedException(_) => disabled("Sending is paused for this account or configuration set in SES."),
        other => match other.code() {
            Some("ThrottlingException" | "Throttling" | "RequestThrottled") => SendOutcome::RefusedForNow,
            Some("AccessDeniedException" | "UnrecognizedClientException" | "InvalidClientTokenId") => {
                disabled("SES refused this deployment's credentials. Check the role of the send function.")
            }
            _ => SendOutcome::Unknown,
        },
    }
}

/// Whether the connection itself was refused, so that nothing can have been sent over it.
fn never_connected(error: &aws_sdk_sesv2::error::ConnectorError) -> bool {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = source {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            return io.kind() == std::io::ErrorKind::ConnectionRefused;
        }
        source = error.source();
    }
    false
}

/// How SES names a mail in its `Message-ID`. See "Amazon SES and Message-ID" in the SES developer guide: the host is
/// `email.amazonses.com` in us-east-1 and carries the region elsewhere.
pub fn message_id_header(region: &str, ses_message_id: &str) -> String {
    match region {
        "us-east-1" => format!("{ses_message_id}@email.amazonses.com"),
        region => format!("{ses_message_id}@{region}.amazonses.com"),
    }
}
