//! What would be left of some HTML.

use actionlayer_service::drafts::preview_html::{Finding, HtmlPreview};
use serde::Serialize;
use utoipa::ToSchema;

/// What a mail with some HTML would say.
#[derive(Serialize, ToSchema)]
pub struct HtmlPreviewView {
    /// Whether a draft with this `body_html` is accepted.
    accepted: bool,
    /// The HTML that would be sent.
    body_html: String,
    /// Its words, with the target of each link behind it.
    body_text: String,
    /// What a draft is refused for.
    refused: Vec<FindingView>,
    /// What is left out without a word.
    left_out: Vec<FindingView>,
    links: Vec<LinkView>,
}

/// Something that is not sent as it was written.
#[derive(Serialize, ToSchema)]
#[schema(as = HtmlFinding)]
pub(super) struct FindingView {
    /// A fixed word, such as `comment` or `hidden_text`.
    kind: &'static str,
    /// The thing itself, cut to 80 characters.
    what: String,
    reason: &'static str,
}

/// A link of the HTML.
#[derive(Serialize, ToSchema)]
#[schema(as = HtmlLink)]
pub(super) struct LinkView {
    text: String,
    url: String,
}

impl From<HtmlPreview> for HtmlPreviewView {
    fn from(HtmlPreview { outgoing, text }: HtmlPreview) -> Self {
        let view = |finding: Finding| FindingView {
            kind: finding.kind.as_str(),
            what: finding.what,
            reason: finding.kind.reason(),
        };
        Self {
            accepted: outgoing.refused.is_empty(),
            body_html: outgoing.html,
            body_text: text,
            refused: outgoing.refused.into_iter().map(view).collect(),
            left_out: outgoing.left_out.into_iter().map(view).collect(),
            links: outgoing.links.into_iter().map(|link| LinkView { text: link.text, url: link.target }).collect(),
        }
    }
}
