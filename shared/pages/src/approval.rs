//! The pages behind an approval link. They work on a phone, with the keyboard and without scripts, load nothing from
//! anywhere, and change nothing by being opened: a decision is a form that posts.

use actionlayer_channels::{
    Proposal,
    excerpt::Piece,
    legible::{cut, line, lines, moment},
    proposal::{Room, Shown, ShownInbound, shown_message},
};
use actionlayer_domain::{Draft, DraftBody, Message, MessageBody};
use actionlayer_mail::html_to_text;
use askama::Template;

use crate::{STYLE, UNRENDERABLE};

/// The longest reason for a rejection, in characters: however they are encoded, it is less than 4 KB.
pub const MAX_REASON_CHARS: usize = 1_000;

/// The most of an earlier message or another draft, in characters.
const CONVERSATION_CHARS: usize = 4_000;

/// What stands before a draft's HTML in its frame, which shows it to the byte as it leaves. The frame has no rights: no link in
/// it leads anywhere, so the page says beside it, as text, where they would. The policy is the frame's own, should the page around it ever have another.
const FRAME_HEAD: &str = "<!doctype html><meta charset=\"utf-8\"><meta http-equiv=\"Content-Security-Policy\" \
                          content=\"default-src 'none'; style-src 'unsafe-inline'\"><body style=\"margin: .75rem; \
                          font: 1rem/1.45 system-ui, sans-serif; overflow-wrap: anywhere\">";

/// The draft is shown whole, however long: one decides on all of it. Of what it answers, more than a person reads.
const ROOM: Room = Room { draft: usize::MAX, inbound: 20_000 };

#[derive(Template)]
#[template(path = "proposal_page.html")]
struct ProposalPage<'a> {
    style: &'static str,
    p: &'a Shown,
    html_page: Option<String>,
    /// How tall its frame is, in rem: without a script, it cannot know by itself.
    frame_rem: usize,
    can_approve: bool,
    /// Nothing can be decided here.
    read_only: bool,
    max_reason_chars: usize,
    edit: Option<EditForm<'a>>,
    conversation: Vec<ShownInbound>,
    siblings: Vec<Sibling>,
}

/// What the form for another text begins with.
struct EditForm<'a> {
    subject: &'a str,
    text: &'a str,
    /// Saving leaves only the text.
    drops_html: bool,
    rows: usize,
}

/// Another draft that answers the same mail.
struct Sibling {
    subject: String,
    submitted_by: String,
    submitted_at: String,
    text: String,
}

/// What stands around a draft on its page.
#[derive(Debug, Clone, Copy, Default)]
pub struct Around<'a> {
    /// The newest messages of the conversation, oldest first.
    pub conversation: &'a [(Message, MessageBody)],
    /// Other drafts that answer the same mail and wait for a decision.
    pub siblings: &'a [(Draft, DraftBody)],
}

/// What a page is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageUse {
    /// Its visitor decides.
    Decide,
    /// Its visitor reads what a message in a channel has no room for, and decides there.
    Read,
}

/// A draft and the forms that decide on it. One that went stale can only be rejected.
pub fn proposal_page(proposal: &Proposal<'_>, around: Around<'_>, page_use: PageUse) -> String {
    let shown = proposal.shown(ROOM);
    let page = ProposalPage {
        style: STYLE,
        p: &shown,
        frame_rem: frame_rem(&shown.html_as_text.as_ref().unwrap_or(&shown.text).text),
        html_page: proposal.html().map(|html| format!("{FRAME_HEAD}{html}")),
        can_approve: page_use == PageUse::Decide && !proposal.is_stale(),
        read_only: page_use == PageUse::Read,
        max_reason_chars: MAX_REASON_CHARS,
        edit: edit_form(proposal).filter(|_| page_use == PageUse::Decide && !proposal.is_stale()),
        conversation: around
            .conversation
            .iter()
            .map(|(message, body)| shown_message(message, body, CONVERSATION_CHARS))
            .collect(),
        siblings: around.siblings.iter().map(|(draft, body)| sibling(draft, body)).collect(),
    };
    page.render().unwrap_or_else(|_| UNRENDERABLE.to_owned())
}

/// HTML alone is for its author to change.
fn edit_form<'a>(proposal: &Proposal<'a>) -> Option<EditForm<'a>> {
    let text = proposal.body.text.as_deref()?;
    let rows = text.lines().map(|line| line.len() / 60 + 1).sum::<usize>();
    Some(EditForm {
        subject: proposal.draft.subject.as_str(),
        text,
        drops_html: proposal.body.html.is_some(),
        rows: rows.clamp(6, 24),
    })
}

fn sibling(draft: &Draft, body: &DraftBody) -> Sibling {
    let text = body.text.clone().or_else(|| body.html.as_deref().map(html_to_text)).unwrap_or_default();
    Sibling {
        subject: line(draft.subject.as_str()),
        submitted_by: line(&draft.submitted_by.name),
        submitted_at: moment(draft.created_at),
        text: cut(&lines(&text), CONVERSATION_CHARS).text,
    }
}

/// Room for `text` on a phone, between six lines and a screen, in rem.
fn frame_rem(text: &str) -> usize {
    const CHARS_A_LINE: usize = 40;
    let lines: usize = text.lines().map(|line| line.len() / CHARS_A_LINE + 1).sum();
    (lines * 3 / 2 + 3).clamp(9, 32)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use actionlayer_channels::PreviousVersion;
    use actionlayer_domain::DraftStatus;

    use super::*;
    use crate::{sample::Sample, tests::FRAME, tests::assert_inert};

    #[test]
    fn nothing_breaks_out() {
        assert_inert(&proposal_page(&Sample::hostile().proposal(), Around::default(), PageUse::Decide));
    }

    #[test]
    fn the_draft_is_shown_whole() {
        let mut sample = Sample::hostile();
        sample.body.text = Some(format!("{}the end", "word ".repeat(100_000)));
        sample.body.html = Some("<p>Other words</p><img src=https://evil.example/x.png>".to_owned());
        let page = proposal_page(&sample.proposal(), Around::default(), PageUse::Decide);
        assert!(page.contains("the end") && page.contains("Other words"));
        assert!(!page.contains("<img"));
    }

    #[test]
    fn a_frame_shows_the_html() {
        let mut sample = Sample::hostile();
        assert_eq!(proposal_page(&sample.proposal(), Around::default(), PageUse::Decide).matches(FRAME).count(), 1);
        sample.body.html =
            Some("<p>a&#x202e;b</p><a href='https://x.example'>here</a>\"><script>x</script>".to_owned());
        let page = proposal_page(&sample.proposal(), Around::default(), PageUse::Decide);
        let (_, frame) = page.split_once(FRAME).unwrap();
        let (frame, _) = frame.split_once('"').unwrap();
        assert!(frame.contains("&#60;p&#62;ab&#60;/p&#62;") && frame.contains("x.example"), "{frame}");
        assert!(!frame.contains("script") && frame.ends_with("&#34;&#38;gt;"), "{frame}");
        sample.body.html = None;
        assert!(!proposal_page(&sample.proposal(), Around::default(), PageUse::Decide).contains("<iframe"));
    }

    #[test]
    fn html_that_says_the_same_is_not_read_twice() {
        let mut sample = Sample::hostile();
        sample.body.text = Some("Hi Ada,\n\nwe open at nine.\n".to_owned());
        sample.body.html = Some("<p>Hi Ada,</p><p>we <b>open</b> at nine.</p>".to_owned());
        let page = proposal_page(&sample.proposal(), Around::default(), PageUse::Decide);
        assert!(page.contains("As it is sent") && page.contains("style=\"height: 9rem\""));
        assert!(!page.contains("as text") && page.matches(FRAME).count() == 1);
        sample.body.html = Some("<p>Hi Ada,</p><p>we <a href=https://evil.example>open</a> at nine.</p>".to_owned());
        let page = proposal_page(&sample.proposal(), Around::default(), PageUse::Decide);
        assert!(page.contains("as text") && page.contains("evil.example"));
    }

    #[test]
    fn what_is_shown_is_signed_and_quotes_as_what_is_sent() {
        let mut sample = Sample::hostile();
        sample.body.html = Some("<p style='color:#0a0'>Yes</p><img src=https://evil.example/iban.png>".to_owned());
        sample.body.sender = Some(actionlayer_domain::draft::Sender {
            name: actionlayer_domain::HeaderText::sanitize("Mia"),
            reply_to: Some("desk@elsewhere.example".parse().unwrap()),
            signature_text: None,
            signature_html: Some("<b>Mia</b><img src='https://x.example/logo.png'>".to_owned()),
        });
        sample.draft.quote_history = true;
        sample.draft.based_on_message_id = Some(sample.message.id);
        let sent = sample.proposal().html().unwrap();
        let page = proposal_page(&sample.proposal(), Around::default(), PageUse::Decide);
        let frame = page.split_once("srcdoc=\"").unwrap().1.split_once('"').unwrap().0;
        let shown = frame.replace("&#34;", "\"").replace("&#60;", "<").replace("&#62;", ">").replace("&#39;", "'");
        let shown = shown.replace("&#38;", "&");
        assert_eq!(shown, format!("{FRAME_HEAD}{sent}"), "to the byte");
        assert!(sent.starts_with("<p style=\"color:#00aa00\">Yes</p>") && sent.contains("blockquote"), "{sent}");
        assert!(!sent.contains("iban.png"));
        for said in ["desk@elsewhere.example", "https://x.example/logo.png", "Mia"] {
            assert!(page.contains(said), "{said}");
        }
    }

    #[test]
    fn return_in_the_reason_cannot_approve() {
        let page = proposal_page(&Sample::hostile().proposal(), Around::default(), PageUse::Decide);
        let forms: Vec<_> = page.split("<form method=\"post\">").skip(1).collect();
        assert_eq!(forms.len(), 3);
        assert!(forms[2].contains("value=\"edit\"") && !forms[2].contains("value=\"approve"));
        assert!(forms[0].contains("value=\"approve\"") && forms[0].contains("value=\"approve_and_send\""));
        assert!(!forms[0].split("</form>").next().unwrap().contains("reason"));
        assert!(forms[1].contains("value=\"reject\"") && forms[1].contains("name=\"reason\""));
        assert!(!forms[1].contains("approve"));
    }

    #[test]
    fn it_can_be_changed_and_shows_what_was() {
        let mut sample = Sample::hostile();
        sample.body.text = Some("We open at ten.".to_owned());
        let old = DraftBody { text: Some("We open at nine.".to_owned()), html: None, ..DraftBody::default() };
        let sibling = (
            sample.draft.clone(),
            DraftBody { text: Some("Another answer".to_owned()), html: None, ..DraftBody::default() },
        );
        let message = (sample.message.clone(), sample.message_body.clone());
        let mut proposal = sample.proposal();
        proposal.previous = Some(PreviousVersion { version: 2, subject: sample.draft.subject.as_str(), body: &old });
        let around = Around { conversation: &[message], siblings: &[sibling] };
        let page = proposal_page(&proposal, around, PageUse::Decide);
        assert_inert(&page);
        for shown in [
            "<del>nine.</del><ins>ten.</ins>",
            "Changed since version 2",
            "Another answer",
            "The conversation so far",
            ">\nWe open at ten.</textarea>",
            "Saving leaves the text alone",
        ] {
            assert!(page.contains(shown), "{shown}\n{page}");
        }
        let page = proposal_page(&proposal, Around::default(), PageUse::Read);
        assert!(!page.contains("<form"), "{page}");
    }

    #[test]
    fn a_stale_draft_can_only_be_rejected() {
        let mut sample = Sample::hostile();
        sample.draft.status = DraftStatus::Stale;
        let page = proposal_page(&sample.proposal(), Around::default(), PageUse::Decide);
        assert!(page.contains("is stale") && page.contains("value=\"reject\""));
        assert!(!page.contains("value=\"approve"));
    }
}
