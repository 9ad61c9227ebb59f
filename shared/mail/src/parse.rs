//! A raw mail as a value.

use std::{borrow::Cow, collections::HashSet, panic::AssertUnwindSafe};

use actionlayer_domain::message::{Attachment, Mailbox};
use mail_parser::{HeaderValue, parsers::MessageStream};

use crate::{
    address,
    automated::{self, Writer},
    body::{self, Bodies},
    bounce, calendar, cms, description, filename,
    framing::unframed,
    header::{Block, Fields, decode_words, read_block},
    html::shown_ids,
    limits::{MAX_ADDRESSES, MAX_RAW_BYTES, MAX_REFERENCES, TOP_HEADERS},
    message_id,
    parsed_mail::{Defect, ParsedMail},
    report, safety,
    structure::{Disposition, Part, Structure, unwrapped},
    transfer::Encoding,
    uuencode,
};

/// Reads any bytes as a mail. Never fails: what could not be read is said by `defects` and `parse_limited`.
pub fn parse(raw: &[u8]) -> ParsedMail {
    let raw = &*unframed(raw);
    let top = read_block(raw, TOP_HEADERS, |_| false);
    // The decoders below are not ours. Should one of them panic, the mail still arrives with its top headers.
    let read = std::panic::catch_unwind(AssertUnwindSafe(|| {
        let mut mail = ParsedMail::default();
        read_headers(&top, &mut mail);
        if raw.len() > MAX_RAW_BYTES {
            mail.parse_limited = true;
        } else {
            let (raw, structure) = unwrapped(raw, &top);
            read_content(&raw, &top, &structure, &mut mail);
        }
        mail
    }));
    let mut mail = read.unwrap_or_else(|_| ParsedMail {
        from: top.fields.first("from").and_then(|v| address::parse_list(v).into_iter().next()),
        has_several_authors: has_several_authors(&authors(&top.fields), &top.fields),
        subject: top.fields.first("subject").unwrap_or_default().to_owned(),
        message_id: top.fields.first("message-id").and_then(message_id::parse_one),
        defects: vec![Defect::Undecodable],
        parse_limited: true,
        ..ParsedMail::default()
    });
    mail.parse_limited |= top.limited | description::bound(&mut mail);
    mail.defects.sort_unstable();
    mail
}

/// All whom `From` names.
fn authors(fields: &Fields) -> Vec<Mailbox> {
    fields.all("from").flat_map(address::parse_list).collect()
}

/// Whether a mail names more than one author: several fields, several mailboxes in one, or several addresses in angle brackets, of
/// which readers take one or the other. The same address twice is one. `authors`: what [`authors`] gives.
fn has_several_authors(authors: &[Mailbox], fields: &Fields) -> bool {
    let is_first = |inside: &str| {
        address::is_plain(inside) && authors.first().is_some_and(|author| author.email.eq_ignore_ascii_case(inside))
    };
    let others = fields.all("from").flat_map(in_brackets).filter(|inside| !is_first(inside));
    let others: Vec<Mailbox> = others.flat_map(address::parse_list).collect();
    !are_one(authors.iter().chain(&others))
}

/// What stands in each pair of angle brackets.
fn in_brackets(field: &str) -> impl Iterator<Item = &str> {
    let pieces = field.split('<').skip(1).filter_map(|rest| rest.split_once('>'));
    pieces.map(|(inside, _)| inside).take(MAX_ADDRESSES)
}

/// Whether mailboxes have the same address, or there is none.
fn are_one<'a>(mut mailboxes: impl Iterator<Item = &'a Mailbox>) -> bool {
    let first = mailboxes.next();
    mailboxes.all(|other| first.is_some_and(|first| other.email.eq_ignore_ascii_case(&first.email)))
}

/// The decoded content of the attachment `index` of [`ParsedMail::attachments`].
pub fn attachment_bytes(raw: &[u8], index: usize) -> Option<Cow<'_, [u8]>> {
    all_attachment_bytes(raw).nth(index)
}

/// The decoded content of every attachment of [`ParsedMail::attachments`], in order, decoded one by one as they are
/// asked for; then of those that a limit left out.
pub fn all_attachment_bytes(raw: &[u8]) -> impl Iterator<Item = Cow<'_, [u8]>> {
    let mail = unframed(raw);
    let top = read_block(&mail, TOP_HEADERS, |_| false);
    let (mail, structure) = match mail {
        _ if mail.len() > MAX_RAW_BYTES => (Cow::Borrowed(&[][..]), None),
        Cow::Borrowed(mail) => {
            let (mail, structure) = unwrapped(mail, &top);
            (mail, Some(structure))
        }
        Cow::Owned(mail) => {
            let (mail, structure) = unwrapped(&mail, &top);
            (Cow::Owned(mail.into_owned()), Some(structure))
        }
    };
    let in_texts: Vec<_> = structure.iter().flat_map(|s| body::files_in_texts(&mail, s)).collect();
    let attachments: Vec<usize> = structure.iter().flat_map(body::attachments).collect();
    let mut parts: Vec<Option<Part>> = structure.map(|s| s.parts.into_iter().map(Some).collect()).unwrap_or_default();
    let of_parts = attachments.into_iter().filter_map(move |index| parts.get_mut(index)?.take());
    of_parts
        .map(move |part| match &mail {
            Cow::Borrowed(mail) => part.content(mail),
            Cow::Owned(mail) => Cow::Owned(part.content(mail).into_owned()),
        })
        .chain(in_texts.into_iter().map(|file| Cow::Owned(file.content)))
}

fn read_headers(top: &Block, mail: &mut ParsedMail) {
    let fields = &top.fields;
    if fields.is_empty() {
        mail.defects.push(Defect::NoHeaders);
    } else if top.unterminated {
        mail.defects.push(Defect::NoHeaderEnd);
    }
    let once = ["from", "subject", "date", "message-id", "reply-to", "content-type"];
    if once.iter().any(|name| fields.all(name).nth(1).is_some()) {
        mail.defects.push(Defect::RepeatedField);
    }
    let mut authors = authors(fields);
    mail.has_several_authors = has_several_authors(&authors, fields);
    authors.truncate(MAX_ADDRESSES);
    // The same author once more is no other one.
    if authors.is_empty() || !are_one(authors.iter()) {
        mail.defects.push(Defect::From);
    }
    mail.from = authors.into_iter().next();
    mail.to = mailboxes(fields, "to");
    mail.cc = mailboxes(fields, "cc");
    mail.reply_to = mailboxes(fields, "reply-to");
    mail.subject = fields.first("subject").map(decode_words).unwrap_or_default();
    mail.date_unix_seconds = fields.first("date").and_then(parse_date);
    mail.message_id = fields.first("message-id").and_then(message_id::parse_one);
    mail.in_reply_to = message_ids(fields, "in-reply-to");
    mail.references = message_ids(fields, "references");
    drop_addresses(mail);
    mail.writer = automated::writer(fields, mail.from.as_ref(), &mail.reply_to);
    // An answer goes to the person that a group writes for, unless it says who else takes them.
    if let Some(person) = automated::person_behind(fields, mail.from.as_ref(), &mail.reply_to) {
        mail.reply_to = vec![person];
    }
}

fn mailboxes(fields: &Fields, name: &str) -> Vec<Mailbox> {
    fields.all(name).flat_map(address::parse_list).take(MAX_ADDRESSES).collect()
}

fn message_ids(fields: &Fields, name: &str) -> Vec<String> {
    let mut ids: Vec<String> = fields.all(name).flat_map(message_id::parse_list).collect();
    if ids.len() > MAX_REFERENCES {
        ids.drain(1..=ids.len() - MAX_REFERENCES);
    }
    ids
}

/// Leaves out ids that are addresses of the mail itself: some programs say whom they answer where the id belongs, and
/// mails of strangers to one address would seem to belong together.
fn drop_addresses(mail: &mut ParsedMail) {
    if mail.in_reply_to.is_empty() && mail.references.is_empty() {
        return;
    }
    let mailboxes = || mail.from.iter().chain(&mail.to).chain(&mail.cc).chain(&mail.reply_to);
    // There are never more than a few hundred ids, so that each may be asked about.
    let is_address = |id: &String| mailboxes().any(|mailbox| mailbox.email.eq_ignore_ascii_case(id));
    for ids in [&mut mail.in_reply_to, &mut mail.references] {
        ids.retain(|id| !is_address(id));
    }
}

fn parse_date(value: &str) -> Option<i64> {
    match MessageStream::new([value, "\n"].concat().as_bytes()).parse_date() {
        HeaderValue::DateTime(date) if date.is_valid() => Some(date.to_timestamp()),
        _ => None,
    }
}

fn read_content(raw: &[u8], top: &Block, structure: &Structure, mail: &mut ParsedMail) {
    let mut bodies = body::read_bodies(raw, structure);
    if bodies.html.is_none() && bodies.text.trim().is_empty() {
        (bodies, mail.has_executable) = cms::signed_bodies(raw, structure).unwrap_or((bodies, false));
    }
    let Bodies { text, html, page, limited, has_files } = bodies;
    mail.text = text;
    mail.html = html;
    mail.page = page;
    mail.parse_limited |= limited;
    let mut attachments = body::attachments(structure).peekable();
    let page = mail.html.as_deref().filter(|_| attachments.peek().is_some());
    let shown = page.map(shown_ids).unwrap_or_default();
    for index in attachments {
        let Some(part) = structure.parts.get(index) else { continue };
        let content = part.content(raw);
        let mut attachment = describe(part, mail.attachments.len(), content.len(), structure, &shown);
        if part.info.filename.is_none() && part.info.encoding == Encoding::Uuencode {
            // It stands in the content.
            let name = uuencode::first_name(raw.get(part.body.clone()).unwrap_or_default());
            attachment.filename = name.and_then(|name| filename::sanitize(&name)).unwrap_or(attachment.filename);
        }
        mail.has_executable |= safety::is_executable(&attachment.filename, &attachment.content_type, &content);
        mail.attachments.push(attachment);
    }
    let in_texts = if has_files { body::files_in_texts(raw, structure).collect() } else { Vec::new() };
    for file in in_texts {
        let number = mail.attachments.len();
        let attachment = Attachment {
            id: number.to_string(),
            filename: filename::sanitize(&file.name).unwrap_or_else(|| format!("attachment-{}.bin", number + 1)),
            content_type: "application/octet-stream".to_owned(),
            size_bytes: u64::try_from(file.content.len()).unwrap_or(u64::MAX),
            content_id: None,
            inline: false,
            sha256_hex: None,
        };
        mail.has_executable |= safety::is_executable(&attachment.filename, &attachment.content_type, &file.content);
        mail.attachments.push(attachment);
    }
    mail.parse_limited |= structure.limited;
    mail.report = report::read(raw, structure)
        .or_else(|| bounce::read(&top.fields, mail, || report::id_of_original(raw, structure)));
    if structure.is_report || mail.report.is_some() {
        mail.writer = Writer::Machine;
    }
    mail.calendar_method = structure.parts.iter().find_map(|part| calendar::method(part, raw));
    if mail.text.trim().is_empty() && mail.html.is_none() {
        // An invitation says everything in its calendar object when it has no text beside it.
        let invitation = structure.parts.iter().find(|part| calendar::is_calendar(&part.info.media_type));
        mail.text = invitation.map(|part| calendar::text(part, raw)).unwrap_or_default();
    }
    if structure.unterminated {
        mail.defects.push(Defect::UnclosedMultipart);
    }
}

fn describe(part: &Part, number: usize, size: usize, structure: &Structure, shown: &HashSet<String>) -> Attachment {
    let info = &part.info;
    let in_related = part
        .parent
        .and_then(|(parent, _)| structure.parts.get(parent))
        .is_some_and(|parent| parent.info.media_type == "multipart/related");
    let is_picture = info.media_type.starts_with("image/") && info.disposition != Disposition::Attachment;
    let filename = info.filename.as_deref().and_then(filename::sanitize).unwrap_or_else(|| {
        if info.media_type == "application/ms-tnef" {
            "winmail.dat".to_owned()
        } else {
            format!("attachment-{}.{}", number + 1, filename::extension_of(&info.media_type))
        }
    });
    Attachment {
        id: number.to_string(),
        filename,
        content_type: info.media_type.clone(),
        size_bytes: u64::try_from(size).unwrap_or(u64::MAX),
        content_id: info.content_id.clone(),
        // The disposition says little: Apple Mail calls every PDF inline, others attach the pictures they show.
        inline: (is_picture && in_related)
            || info.content_id.as_ref().is_some_and(|id| shown.contains(&id.to_ascii_lowercase())),
        sha256_hex: None,
    }
}
