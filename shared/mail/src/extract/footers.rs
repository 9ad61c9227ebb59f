//! What stands below a mail and nobody wrote for it: the lines of apps, lists and trackers.

use crate::attribution::is_app_footer;

/// Takes away the rule that clients draw above what is not new.
fn drop_divider(kept: &mut Vec<&str>) {
    while let Some(last) = kept.last() {
        let is_rule = last.len() >= 2 && last.chars().all(|c| matches!(c, '_' | '-' | '=' | '—' | '*' | ' '));
        if last.is_empty() || is_rule {
            kept.pop();
        } else {
            break;
        }
    }
}

/// Takes away the footers that end what is new.
pub(super) fn drop_footers(kept: &mut Vec<&str>) {
    drop_divider(kept);
    loop {
        if kept.last().is_some_and(|line| is_app_footer(line) || is_tracker(line)) {
            kept.pop();
        } else if let Some(start) = list_footer(kept) {
            kept.truncate(start);
        } else {
            return;
        }
        drop_divider(kept);
    }
}

/// A line of marks by which trackers know that a mail was theirs (`\u{1427}`, of Streak), or of nothing that is seen.
fn is_tracker(line: &str) -> bool {
    line.chars().all(|c| matches!(c, '\u{1427}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | ' '))
}

/// Where the footer of a mailing list begins that ends `kept`: below a rule, or with the words all of them begin with.
fn list_footer(kept: &[&str]) -> Option<usize> {
    /// The longest footer, in lines.
    const MAX_LINES: usize = 12;
    let mut texts = 0;
    let (mut says_list, mut has_address) = (false, false);
    for (at, line) in kept.iter().enumerate().rev().take(MAX_LINES) {
        if line.is_empty() {
            continue;
        }
        let lower = line.to_lowercase();
        if is_rule(line) {
            return (texts > 0 && says_list && has_address).then_some(at);
        }
        let is_said = LIST_WORDS.iter().any(|word| lower.contains(word));
        let is_address = lower.contains("://") || lower.contains('@') || lower.contains("www.");
        says_list |= is_said;
        has_address |= is_address || lower.contains("unsubscribe");
        if LIST_BEGINS.iter().any(|begin| lower.starts_with(begin)) {
            let above = at.checked_sub(1).and_then(|above| kept.get(above));
            // Some draw a short rule.
            let is_short_rule = above.is_some_and(|line| matches!(line.trim(), "-" | "--" | "---"));
            if above.is_none_or(|line| line.is_empty()) || is_short_rule {
                return Some(at - usize::from(is_short_rule));
            }
        }
        if !(is_said || is_address || line.len() < MAX_NAME_BYTES && !line.ends_with(['.', '?', '!', ','])) {
            return None;
        }
        texts += 1;
    }
    None
}

/// The longest line of a footer that says nothing of the list: its name.
const MAX_NAME_BYTES: usize = 60;

fn is_rule(line: &str) -> bool {
    line.len() >= 10 && line.bytes().all(|byte| matches!(byte, b'_' | b'-' | b'=' | b'*' | b'~' | b'#'))
}

#[rustfmt::skip]
const LIST_WORDS: &[&str] = &[
    "mailing list", "mailinglist", "listinfo", "unsubscribe", "mailman", "googlegroups.com", "groups.io", "subscribed to", "mailingliste", "abmelden",
    "abbestellen", "liste de diffusion", "désabonner", "désinscri", "lista de correo", "darse de baja", "lista di distribuzione", "annullare l'iscrizione",
    "lista de discussão", "descadastrar", "afmelden", "e-postlista", "lista dyskusyjna", "wypisać", "отписаться", "рассылк", "メーリングリスト", "邮件列表",
];

#[rustfmt::skip]
const LIST_BEGINS: &[&str] = &[
    "you received this message because you are subscribed", "you are receiving this because", "you're receiving this because", "to unsubscribe from this",
    "to unsubscribe from the", "to unsubscribe, ", "to unsubscribe send", "to unsubscribe or", "sie haben diese nachricht erhalten, weil sie", "sie erhalten diese nachricht, weil sie",
    "vous recevez ce message, car vous", "vous recevez ce message car vous", "has recibido este mensaje porque", "hai ricevuto questo messaggio perché",
    "você recebeu essa mensagem porque", "você está recebendo esta mensagem porque",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn left(text: &str) -> String {
        let mut kept: Vec<&str> = text.lines().collect();
        drop_footers(&mut kept);
        kept.join("\n")
    }

    #[test]
    fn what_lists_and_trackers_add() {
        for footer in [
            "_______________________________________________\nwood mailing list -- wood@lists.example\nTo unsubscribe send an email to wood-leave@lists.example",
            "_______________________________________________\nwood mailing list\nwood@lists.example\nhttps://lists.example/mailman/listinfo/wood",
            "-----------------------------\nwood@lists.example\nabmelden: https://lists.example/wood",
            "-- \nYou received this message because you are subscribed to the Google Groups \"wood\" group.\nTo unsubscribe from this group and stop receiving emails from it, send an email to wood+unsubscribe@googlegroups.com.",
            "You received this message because you are subscribed to the Google Groups \"wood\" group.\nFor more options, visit https://groups.google.com/d/optout.",
            "--\nTo unsubscribe from this list: send the line \"unsubscribe wood\" in\nthe body of a message to majordomo@lists.example\nMore info at  http://lists.example/info.html",
            "ᐧ",
            "\u{200b}ᐧ\nSent from my iPhone",
        ] {
            assert_eq!(left(&format!("Two chairs.\n\n{footer}")), "Two chairs.", "{footer}");
        }
    }

    #[test]
    fn what_people_write_last() {
        for text in [
            "Two chairs.\n\n------------------\nPlease add me to the mailing list",
            "Two chairs.\n\n------------------\nThe list is at https://lists.example, and there are more chairs, as far as I know.",
            "How do I unsubscribe? I tried https://lists.example.",
            "Two chairs.\n\n___________________\nRosa Klein\nrosa@customer.example",
        ] {
            assert_eq!(left(text), text);
        }
    }
}
