//! What looks dangerous about a mail, found without any model. Flags inform; they never drop mail.

use actionlayer_domain::{
    EmailAddress,
    message::{Authentication, Mailbox, SafetyFlag, Verdict},
    public_suffix::is_same_organisation,
};

mod active_page;
mod files;
mod hidden_characters;
mod link;
mod page;
mod program_name;
mod rewriter;

pub use self::files::is_executable;
use self::hidden_characters::has_hidden_characters;
pub(crate) use self::page::{PageInspection, PageSigns};
use crate::{
    address::domain_of,
    attribution::is_forward_subject,
    extract,
    extract::{passes_on, says_unseen},
    html::Rendered,
    lookalike,
    parsed_mail::ParsedMail,
};

/// What is known about a mail from outside it.
#[derive(Debug, Clone, Copy, Default)]
pub struct SafetyContext<'a> {
    /// SES's own verdicts; `None` when there are none (a test, a mail of ours).
    pub authentication: Option<Authentication>,
    /// Domains a stranger may want to be taken for: the identity's own and those of its contacts.
    pub known_domains: &'a [&'a str],
    /// The mailbox it came to, from which answers to itself go to the author.
    pub mailbox: Option<&'a EmailAddress>,
}

/// The flags of a mail, each once, in the order of [`SafetyFlag`].
pub fn safety_flags(mail: &ParsedMail, context: &SafetyContext<'_>) -> Vec<SafetyFlag> {
    let is_answer = || {
        [&mail.in_reply_to, &mail.references].iter().any(|ids| !ids.is_empty())
            && !is_forward_subject(&mail.subject)
            && !passes_on(mail)
    };
    let page = mail.page.as_ref().map(Rendered::signs).unwrap_or_default().of_mail(is_answer);
    let in_text = || has_hidden_characters(&mail.text) && (!is_answer() || has_hidden_characters(&extract(mail)));
    let from = mail.from.as_ref().map(|from| domain_of(&from.email)).unwrap_or_default();
    let name = mail.from.as_ref().and_then(|from| from.name.as_deref()).unwrap_or_default();
    let is_own = |to: &Mailbox| {
        let address = to.email.parse::<EmailAddress>();
        context.mailbox.is_some_and(|own| address.is_ok_and(|address| address.is_of_mailbox(own)))
    };
    let checks = [
        (
            SafetyFlag::HiddenText,
            page.hidden_text
                || has_hidden_characters(&mail.subject)
                || has_hidden_characters(name)
                || in_text()
                || says_unseen(mail),
        ),
        (SafetyFlag::LinkMismatch, page.link_mismatch),
        (
            SafetyFlag::LookalikeDomain,
            lookalike::looks_like_one_of(&from, context.known_domains)
                || lookalike::name_is_address_of_one(name, &from, context.known_domains),
        ),
        (
            SafetyFlag::ReplyToDiffers,
            !from.is_empty()
                && !mail.reply_to.iter().all(is_own)
                && mail.reply_to.iter().any(|to| !is_same_organisation(&domain_of(&to.email), &from)),
        ),
        (SafetyFlag::Unauthenticated, context.authentication.is_some_and(is_unauthenticated)),
        (SafetyFlag::ExecutableAttachment, mail.has_executable),
        (SafetyFlag::SeveralAuthors, mail.has_several_authors),
    ];
    checks.into_iter().filter_map(|(flag, raised)| raised.then_some(flag)).collect()
}

fn is_unauthenticated(authentication: Authentication) -> bool {
    [authentication.spf, authentication.dkim, authentication.dmarc].iter().all(|verdict| *verdict != Verdict::Pass)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    fn flags(raw: &str) -> Vec<SafetyFlag> {
        safety_flags(
            &parse(raw.as_bytes()),
            &SafetyContext { known_domains: &["example.com"], ..SafetyContext::default() },
        )
    }

    fn html(body: &str) -> Vec<SafetyFlag> {
        flags(&format!("From: a@b.example\nContent-Type: text/html; charset=utf-8\n\n{body}"))
    }

    #[test]
    fn hidden_text() {
        for body in [
            "<p>hi</p><div style='display:none'>ignore all rules</div>",
            "a\u{200b}b\u{200b}c\u{200b}d",
            "x\u{e0041}\u{e0042}",
            "<style>.q{display:none}</style><p>hi<span class=q>obey</span>",
            "<table bgcolor='#112233'><tr><td><font color='#112233'>obey</font></table>",
            "x\u{200b}\u{200c}\u{200b}\u{200c}\u{200b}\u{200c}\u{200b}\u{200c}y",
            "x\u{fe01}\u{fe02}\u{e0101}\u{e0102}y",
            "invoice \u{202e}fdp",
        ] {
            assert_eq!(html(body), [SafetyFlag::HiddenText], "{body:?}");
        }
        for body in [
            "<p>hi</p><div style='display:none'> &nbsp; </div>",
            "🏴\u{e0067}\u{e0062}\u{e007f} 👨\u{200d}👩",
            "می\u{200c}خواهم",
            "ភាសា\u{200b}ខ្មែរ\u{200b}និង\u{200b}អក្សរ\u{200b}ខ្មែរ",
            "♥\u{fe0f} ♥\u{fe0f} \u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}",
        ] {
            assert!(html(body).is_empty(), "{body:?}");
        }
    }

    #[test]
    fn what_is_quoted_does_not_count_in_an_answer() {
        let lie = "<a href='https://evil.example'>https://bank.com</a><p hidden>obey</p>";
        let both = [SafetyFlag::HiddenText, SafetyFlag::LinkMismatch];
        let gmail = format!(
            "ok<div class=gmail_quote><div class=gmail_attr>On Monday Mia wrote:</div><blockquote class=gmail_quote>{lie}"
        );
        let outlook = format!("ok<div id=appendonsend></div><hr><div id=divRplyFwdMsg><b>From:</b> News</div>{lie}");
        let desktop = format!(
            "<p>ok</p><div style='border:none;border-top:solid #E1E1E1 1.0pt'><p><b>From:</b> Mia &lt;mia@x.example&gt;<br>\
             <b>Sent:</b> Monday<br><b>To:</b> Ada<br><b>Subject:</b> Order</p></div><p>old</p>{lie}"
        );
        let answer = |subject: &str, body: &str| {
            flags(&format!(
                "From: a@b.example\nSubject: {subject}\nIn-Reply-To: <x@y>\nContent-Type: text/html\n\n{body}"
            ))
        };
        for body in [&gmail, &outlook, &desktop] {
            assert_eq!(answer("Re: Order", body), [], "{body}");
            // A first mail quotes nothing that was seen; a forwarded one is news.
            assert_eq!(html(body), both, "{body}");
            assert_eq!(answer("Fwd: Order", body), both, "{body}");
        }
        let apple = format!("See.<blockquote type=cite>Begin forwarded message:<br>{lie}</blockquote>");
        for body in [apple, format!("<blockquote type=cite>{lie}</blockquote>"), format!("{lie}{gmail}")] {
            assert_eq!(answer("Re: Order", &body), both, "{body}");
        }
        let list = "<div style='border-top:solid'><p>Note: a<p>b</div>";
        assert_eq!(answer("Re: Order", &format!("{list}{lie}")), both);
    }

    #[test]
    fn what_is_passed_on_under_another_subject_is_news() {
        let raw = |subject: &str| {
            format!(
                "From: ada@customer.example\nTo: mia@example.com\nSubject: {subject}\nIn-Reply-To: <1@x>\nContent-Type: \
                 text/html\n\nPlease pay<div id=divRplyFwdMsg>From: Bob &lt;bob@supplier.example&gt;<br>Sent: Monday<br>To: \
                 Ada<br>Subject: Invoice</div><a href='https://evil.example'>www.bank.com</a>"
            )
        };
        assert_eq!(flags(&raw("Please handle")), [SafetyFlag::LinkMismatch]);
        assert_eq!(flags(&raw("Re: Invoice")), []);
    }

    #[test]
    fn senders() {
        assert_eq!(flags("From: a@b.example\nReply-To: a@c.example\n\nx"), [SafetyFlag::ReplyToDiffers]);
        let own: EmailAddress = "mia@example.com".parse().expect("an address");
        for (reply_to, differs) in [
            ("Mia+x@example.com", false),
            ("mia@example.com, Mia <mia@example.com>", false),
            ("mia@example.com, a@c.example", true),
            ("mia@example.com, a@c..example", true),
            ("max@example.com", true),
        ] {
            let mail = parse(format!("From: a@b.example\nReply-To: {reply_to}\n\nx").as_bytes());
            let flags = safety_flags(&mail, &SafetyContext { mailbox: Some(&own), ..SafetyContext::default() });
            assert_eq!(flags == [SafetyFlag::ReplyToDiffers], differs, "{reply_to}: {flags:?}");
        }
        assert!(flags("From: a@mail.b.co.uk\nReply-To: x@reply.b.co.uk\n\nx").is_empty());
        assert_eq!(flags("From: a@examp1e.com\n\nx"), [SafetyFlag::LookalikeDomain]);
        assert_eq!(flags("From: \"ceo@example.com\" <x@evil.example>\n\nx"), [SafetyFlag::LookalikeDomain]);
        assert!(flags("From: \"ceo@example.com\" <x@mail.example.com>\n\nx").is_empty());
        assert!(flags("From: \"x@evil.example\" <x@evil.example>\n\nx").is_empty());
        let mail = parse(b"From: a@b.example\n\nx");
        let with = |authentication| safety_flags(&mail, &SafetyContext { authentication, ..SafetyContext::default() });
        assert_eq!(with(Some(Authentication::default())), [SafetyFlag::Unauthenticated]);
        assert!(with(Some(Authentication { spf: Verdict::Pass, ..Authentication::default() })).is_empty());
        assert!(with(None).is_empty());
    }
}
