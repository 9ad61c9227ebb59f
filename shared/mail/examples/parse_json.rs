//! Prints how each mail named on standard input (a path a line) is read, as a line of JSON: for comparing with other
//! parsers. See `tests/mail-parsers`.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use actionlayer_mail::{extract, parse};
use serde_json::json;

fn main() {
    for path in std::io::stdin().lines() {
        let path = path.unwrap();
        let mail = parse(&std::fs::read(&path).unwrap());
        let from = mail.from.as_ref();
        let files: Vec<_> =
            mail.attachments.iter().map(|a| json!({"name": a.filename, "bytes": a.size_bytes})).collect();
        let line = json!({
            "path": path,
            "from": from.map(|from| &from.email),
            "from_name": from.and_then(|from| from.name.as_ref()),
            "to": mail.to.iter().map(|to| &to.email).collect::<Vec<_>>(),
            "subject": mail.subject,
            "message_id": mail.message_id,
            "references": mail.references,
            "text": mail.text,
            "html": mail.html,
            "files": files,
            "new": extract(&mail),
            "limited": mail.parse_limited,
            "automated": mail.is_automated(None),
            "report": mail.report,
        });
        println!("{line}");
    }
}
