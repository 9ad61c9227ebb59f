//! Every resource as the API shows it.
//!
//! A view owns its data and is made from a domain entity by `of`. What an entity has and a view has not is internal.
//! Absent values are shown as `null`, so that a client sees the same fields every time.

mod billing;
mod deletion;
mod draft;
mod export;
mod html_preview;
mod identity;
mod inbound;
mod message;
mod rule;
mod settings;
mod slack;
mod suppression;
mod thread;
mod upload;
mod webhook;

pub use billing::SubscriptionView;
pub use deletion::DeletionView;
pub use draft::{ActorView, DraftVersionView, DraftView, FailureView, NotificationView};
pub use export::ExportView;
pub use html_preview::HtmlPreviewView;
pub use identity::{DomainView, IdentityView, RecordView, TestedChannelsView};
pub use inbound::{ContactView, HeldView};
pub use message::{AttachmentView, AuthenticationView, MessageView, SafetyView, SentView, SignedUrlView};
pub use rule::{RuleRunView, RuleTestView, RuleView};
pub use settings::{ApiKeyView, BootstrapView, NewApiKeyView, WorkspaceView};
pub use slack::{SlackInstallationView, SlackLinkView};
pub use suppression::SuppressionView;
pub use thread::{ThreadDetailView, ThreadView};
pub use upload::UploadView;
pub use webhook::{EventView, SecretWebhookView, WebhookDeliveryDetailView, WebhookDeliveryView, WebhookView};
