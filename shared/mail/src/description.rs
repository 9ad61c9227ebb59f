//! Keeps what is said about a mail, its text aside, within what an item of a table can hold.

use actionlayer_domain::message::{Attachment, Mailbox};

use crate::{
    limits::{MAX_ADDRESSES_BYTES, MAX_FILES_BYTES, MAX_IDS_BYTES, MAX_LINE_BYTES},
    parsed_mail::ParsedMail,
};

/// What an entry takes besides its texts: names of attributes, numbers.
const ENTRY_BYTES: usize = 100;

/// Leaves out what is over the limits. Says whether anything was: the raw mail has the rest.
pub(crate) fn bound(mail: &mut ParsedMail) -> bool {
    let mut cut = cut_line(&mut mail.subject);
    if let Some(from) = &mut mail.from {
        cut |= cut_line(&mut from.email) | from.name.as_mut().is_some_and(cut_line);
    }
    let mut ids = Room(MAX_IDS_BYTES);
    cut |= ids.keep(&mut mail.in_reply_to, String::len);
    // Of the references, the newest count most.
    mail.references.reverse();
    cut |= ids.keep(&mut mail.references, String::len);
    mail.references.reverse();
    let mut addresses = Room(MAX_ADDRESSES_BYTES);
    let of_mailbox = |mailbox: &Mailbox| mailbox.email.len() + mailbox.name.as_ref().map_or(0, String::len);
    for list in [&mut mail.reply_to, &mut mail.to, &mut mail.cc] {
        cut |= addresses.keep(list, of_mailbox);
    }
    let of_file = |file: &Attachment| {
        file.filename.len() + file.content_type.len() + file.content_id.as_ref().map_or(0, String::len)
    };
    cut | Room(MAX_FILES_BYTES).keep(&mut mail.attachments, of_file)
}

/// Cuts a text that is over [`MAX_LINE_BYTES`].
fn cut_line(text: &mut String) -> bool {
    let whole = text.len();
    text.truncate(text.floor_char_boundary(MAX_LINE_BYTES));
    text.len() < whole
}

/// Bytes that are left.
struct Room(usize);

impl Room {
    /// Keeps the entries that fit, from the first. Says whether any does not.
    fn keep<T>(&mut self, list: &mut Vec<T>, bytes: impl Fn(&T) -> usize) -> bool {
        let mut fits = |entry: &T| {
            let left = self.0.checked_sub(bytes(entry) + ENTRY_BYTES);
            self.0 = left.unwrap_or(0);
            left.is_some()
        };
        let kept = list.iter().take_while(|entry| fits(entry)).count();
        let cut = kept < list.len();
        list.truncate(kept);
        cut
    }
}

#[cfg(test)]
mod tests {
    use crate::parse;

    #[test]
    fn people_s_mail_is_kept_whole() {
        let to = (0..300).map(|n| format!("Person {n} <person.{n}@example.com>")).collect::<Vec<_>>().join(", ");
        let mail = parse(format!("From: a@b.c\nTo: {to}\nSubject: {}\n\nx", "word ".repeat(150)).as_bytes());
        assert_eq!((mail.to.len(), mail.parse_limited), (300, false));
    }

    #[test]
    fn the_rest_is_left_out_and_said_so() {
        let long = |n: usize| format!("{n}{}@example.com", "x".repeat(800));
        let list = |name: &str| {
            let ids = (0..70).map(|n| format!("<{}>", long(n))).collect::<Vec<_>>().join(", ");
            format!("{name}: {ids}\n")
        };
        let file = |n: usize| format!("--b\nContent-Type: application/x-{}; name={n}\n\nx\n", "y".repeat(2_000));
        let raw = format!(
            "From: {0} <{0}@b.c>\nSubject: {0}\n{1}{2}{3}{4}{5}Content-Type: multipart/mixed; boundary=b\n\n{6}--b--\n",
            "ü".repeat(10_000),
            list("References"),
            list("In-Reply-To"),
            list("To"),
            list("Cc"),
            list("Reply-To"),
            (0..200).map(file).collect::<String>(),
        );
        let mail = parse(raw.as_bytes());
        assert!(mail.parse_limited);
        let mailboxes = [&mail.to, &mail.cc, &mail.reply_to].into_iter().flatten().map(|m| m.email.len());
        let files = mail.attachments.iter().map(|file| file.content_type.len() + file.filename.len());
        let ids = mail.references.iter().chain(&mail.in_reply_to).map(String::len);
        let all: usize = mailboxes.chain(files).chain(ids).sum();
        let author = mail.from.map_or(0, |from| from.email.len() + from.name.unwrap_or_default().len());
        assert!((150_000..200_000).contains(&all), "{all}");
        assert!((8_000..=8_192).contains(&author) && mail.subject.len() == 4_096);
        assert!(mail.attachments.len() > 40);
    }
}
