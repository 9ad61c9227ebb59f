//! `POST /v1/drafts/preview`: what would be left of some HTML.

use actionlayer_domain::key::Permission;
pub use actionlayer_mail::{Finding, OutgoingHtml};
use actionlayer_mail::{Pictures, html_to_text, outgoing_html};

use crate::permission::Require as _;
use crate::{Caller, ServiceError, fields::Fields};

/// HTML as it would leave, and what it would lose.
#[derive(Debug, Clone)]
pub struct HtmlPreview {
    /// What became of it.
    pub outgoing: OutgoingHtml,
    /// Its words, with where its links lead.
    pub text: String,
}

/// Shows the HTML that a draft with this `body_html` would send. Changes nothing.
pub fn preview_html(caller: &Caller, html: &str) -> Result<HtmlPreview, ServiceError> {
    caller.require(Permission::Draft)?;
    let mut fields = Fields::default();
    fields.bodies(None, Some(html));
    fields.finish()?;
    let outgoing = outgoing_html(html, Pictures::Refused);
    let text = html_to_text(&outgoing.html);
    Ok(HtmlPreview { outgoing, text })
}
