//! The mail that says that a workspace is to be deleted.

use actionlayer_domain::{HeaderText, erasure::Erasure};
use askama::Template;

use crate::{
    legible::{cut, line, moment},
    named,
};

/// So many characters of a workspace's name are shown.
const MAX_NAME_CHARS: usize = 80;

#[derive(Template)]
#[template(path = "deletion_mail.txt")]
struct Deletion<'a> {
    name: &'a str,
    by: &'a str,
    requested: &'a str,
    due: &'a str,
    public_url: &'a str,
}

/// Subject and text of the mail about a deletion that can still be taken back. `public_url` is where the dashboard and the API
/// are reached, without a trailing slash.
pub fn deletion_mail(erasure: &Erasure, workspace_name: &HeaderText, public_url: &str) -> (HeaderText, String) {
    let name = cut(&line(workspace_name.as_str()), MAX_NAME_CHARS).text;
    let by = named(&erasure.requested_by);
    let text = Deletion {
        name: &name,
        by: &first_upper(&by),
        requested: &moment(erasure.requested_at),
        due: &moment(erasure.due_at),
        public_url,
    };
    let subject = HeaderText::sanitize(&format!("The workspace “{name}” will be deleted"));
    // Into a text nothing is written that could fail.
    (subject, text.render().unwrap_or_default())
}

/// With a capital letter, for the beginning of a sentence.
fn first_upper(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use actionlayer_domain::{
        Timestamp, WorkspaceId,
        draft::{Actor, ActorKind},
    };

    use super::*;

    #[test]
    fn it_says_who_when_what_and_how_to_stop_it() {
        let by = Actor { kind: ActorKind::ApiKey, id: String::new(), name: "ops\u{202e}".to_owned() };
        let erasure = Erasure::schedule(WorkspaceId::from_bytes([1; 16]), by, Timestamp::from_unix_ms(0));
        let (subject, text) = deletion_mail(&erasure, &HeaderText::sanitize("Novacore"), "https://mail.example");
        assert_eq!(subject.as_str(), "The workspace “Novacore” will be deleted");
        for part in [
            "will be deleted on 1970-01-08 00:00 UTC. The API key “ops\u{fffd}” asked for it on 1970-01-01 00:00 UTC.",
            "https://mail.example/settings/delete",
            "DELETE https://mail.example/v1/workspace/deletion",
            "Conversations, drafts",
            "https://mail.example/settings/export",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
