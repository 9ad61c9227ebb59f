//! What a mail says in all: its author's words, the signature, the message it answers. Made once, shown to approvers, and sent
//! as it was shown.

use std::{borrow::Cow, fmt::Write as _};

use crate::{
    build::BuildError,
    history::QuotedHistory,
    html::{html_to_text, text_to_html},
    outgoing_html::{OutgoingLink, Pictures, outgoing_html},
    signature::{Signature, is_signed},
    unseen::without_unseen,
};

/// What a mail is to be composed of.
#[derive(Clone, Default)]
pub struct Composition<'a> {
    /// The author's text. Made from the HTML when missing.
    pub text: Option<&'a str>,
    /// The author's HTML; what must not leave is left out. Made from the text when missing.
    pub html: Option<&'a str>,
    /// The signature, added once.
    pub signature: Signature<'a>,
    /// The message answered, quoted below.
    pub history: Option<QuotedHistory<'a>>,
}

/// The bodies of a mail, as they leave. The same composition gives the same ones.
#[derive(Clone, PartialEq, Eq)]
pub struct Composed {
    pub text: String,
    /// The HTML: a fragment in which everything can be seen.
    pub html: String,
    /// Where its links lead.
    pub links: Vec<OutgoingLink>,
    /// Where the pictures of its signature are loaded from.
    pub pictures: Vec<String>,
}

actionlayer_domain::debug_without_content!(Composition<'_>, Composed);

impl Composition<'_> {
    /// The bodies. Characters that nobody would see are left out of both.
    pub fn compose(&self) -> Result<Composed, BuildError> {
        let given =
            |body: Option<&str>| body.filter(|body| !body.trim().is_empty()).map(|body| seen(body).into_owned());
        let given_text = given(self.text);
        let given_html =
            self.html.filter(|html| !html.trim().is_empty()).map(|html| outgoing_html(html, Pictures::Refused));
        let (mut links, mut pictures) = (Vec::new(), Vec::new());
        // Of a page without words nothing is sent.
        let given_html = given_html.filter(|out| !html_to_text(&out.html).trim().is_empty()).map(|out| {
            links = out.links;
            out.html
        });
        let (mut text, mut html) = match (given_text, given_html) {
            (None, None) => return Err(BuildError::NoBody),
            (Some(text), None) => (text.trim_end().to_owned(), text_to_html(&text)),
            (None, Some(html)) => (html_to_text(&html), html),
            (Some(text), Some(html)) => (text.trim_end().to_owned(), html),
        };
        if text.trim().is_empty() {
            return Err(BuildError::NoBody);
        }
        let signature = self.signature.html.map(|html| outgoing_html(html, Pictures::Listed)).unwrap_or_default();
        let signature_html = Some(signature.html.as_str()).filter(|html| !html.trim().is_empty());
        let signature_text = self.signature.text.map(seen);
        let (signature_text, signature_html) =
            Signature { text: signature_text.as_deref(), html: signature_html }.both();
        // Once: an agent that already signed, because it saw earlier mail do so, does not sign twice.
        if !signature_text.is_empty() && !is_signed(&text, &signature_text) {
            text = format!("{text}\n\n-- \n{signature_text}");
        }
        if !signature_html.is_empty() && !is_signed(&html_to_text(&html), &html_to_text(&signature_html)) {
            let _ = write!(html, "<br>\n<div class=\"signature\">-- <br>\n{signature_html}</div>");
            links.extend(signature.links);
            pictures = signature.pictures;
        }
        if let Some(history) = &self.history {
            let (author, quoted) = (seen(history.author), seen(history.text));
            let history = QuotedHistory { author: &author, text: &quoted, ..history.clone() };
            text = format!("{text}\n\n{}", history.as_text());
            let _ = write!(html, "<br>\n{}", history.as_html());
        }
        text.push('\n');
        Ok(Composed { text, html, links, pictures })
    }
}

/// `text` with one kind of line break and without what nobody would see.
fn seen(text: &str) -> Cow<'_, str> {
    match without_unseen(text, |_| ()) {
        seen if seen.contains('\r') => Cow::Owned(seen.replace("\r\n", "\n").replace('\r', "\n")),
        seen => seen,
    }
}
