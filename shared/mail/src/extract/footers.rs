//! What stands below a mail and nobody wrote for it: the lines of apps, lists and trackers.

use std::sync::LazyLock;

use crate::attribution::{Beginnings, Bytes, Phrases, is_app_footer};

/// Takes away the rule that clients draw above what is not new.
fn drop_divider(kept: &mut Vec<&str>) {
    while let Some(last) = kept.last() {
        let is_rule =
            last.len() >= 2 && last.chars().all(|c| matches!(c, '_' | '-' | '=' | '—' | '*' | '#' | '~' | ' '));
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
        if kept.last().is_some_and(|line| is_app_footer(line) || is_tracker(line) || is_scanner(line)) {
            kept.pop();
        } else if let Some(start) = list_footer(kept) {
            kept.truncate(start);
            kept.truncate(advert_above(kept).unwrap_or(kept.len()));
        } else {
            return;
        }
        drop_divider(kept);
    }
}

/// Where the notice begins that some lists put right above their footer: between two long rules, and with an address in its
/// last line.
fn advert_above(kept: &[&str]) -> Option<usize> {
    const MAX_LINES: usize = 8;
    const MIN_RULE: usize = 60;
    if !kept.last()?.contains("://") {
        return None;
    }
    let first = kept.len().saturating_sub(MAX_LINES);
    let block = kept.get(first..)?.iter().rposition(|line| line.is_empty() || is_rule(line)).map(|at| first + at)?;
    kept.get(block).is_some_and(|line| line.len() >= MIN_RULE && is_rule(line)).then_some(block)
}

/// A line of marks by which trackers know that a mail was theirs (`\u{1427}`, of Streak), or of nothing that is seen; or their link.
fn is_tracker(line: &str) -> bool {
    line.contains('<') && line.contains("<https://mailtrack.io")
        || line.chars().all(|c| matches!(c, '\u{1427}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | ' '))
}

/// What a virus scanner says of a mail, or where it is to be had.
fn is_scanner(line: &str) -> bool {
    const MAX_BYTES: usize = 200;
    let line = line.trim();
    if line.len() > MAX_BYTES || !line.contains(['v', 'V', 'ウ', 'в']) {
        return false;
    }
    let is_link = || {
        let lower = line.to_lowercase();
        let bare = lower.trim_start_matches("https://").trim_start_matches("http://").trim_end_matches(['>', '/']);
        matches!(bare, "www.avast.com" | "www.avast.com/antivirus" | "www.avg.com")
    };
    let names_scanner = || {
        let lower = line.to_lowercase();
        SCANNERS.iter().any(|name| lower.contains(name))
    };
    !line.contains(' ') && is_link() || BEGINS_SCANNED.begin_any_case(line) && names_scanner()
}

/// Where the footer of a mailing list begins that ends `kept`: below a rule, or with the words all of them begin with.
fn list_footer(kept: &[&str]) -> Option<usize> {
    /// The longest footer, in lines.
    const MAX_LINES: usize = 12;
    let mut texts = 0;
    let (mut says_list, mut has_address) = (false, false);
    let mut block = Block::default();
    for (at, line) in kept.iter().enumerate().rev().take(MAX_LINES) {
        if line.is_empty() {
            if block.is_footer() {
                return Some(at + 1);
            }
            block = Block::default();
            continue;
        }
        let lower = line.to_lowercase();
        if is_rule(line) {
            return (texts > 0 && says_list && has_address).then_some(at);
        }
        let bytes = Bytes::of(&lower);
        let is_said = WORDS_OF_LISTS.possible_in(bytes).any(|word| lower.contains(word));
        let is_address = lower.contains('@')
            || (lower.contains(':') && lower.contains("://"))
            || (lower.contains('.') && lower.contains("www."));
        let is_provider = is_address && HOSTS_OF_PROVIDERS.possible_in(bytes).any(|host| lower.contains(host))
            || BEGINS_SENT_THROUGH.begin(&lower);
        says_list |= is_said || is_provider;
        block.add(line, &lower, is_address);
        has_address = has_address || is_address || lower.contains("unsubscribe");
        let begins = BEGINS_LIST.begin(&lower);
        if begins {
            let above = at.checked_sub(1).and_then(|above| kept.get(above));
            // Some draw a short rule.
            let is_short_rule = above.is_some_and(|line| matches!(line.trim(), "-" | "--" | "---" | "—"));
            if above.is_none_or(|line| line.is_empty()) || is_short_rule {
                return Some(at - usize::from(is_short_rule));
            }
        }
        if !(begins || is_said || is_address || line.len() < MAX_NAME_BYTES && !line.ends_with(['.', '?', '!', ','])) {
            return None;
        }
        texts += 1;
    }
    None
}

/// A paragraph that lists the addresses of a list, with a label each.
#[derive(Default)]
struct Block {
    lines: usize,
    labelled: usize,
    addresses: usize,
    says_unsubscribe: bool,
}

impl Block {
    /// The longest label, in bytes.
    const MAX_LABEL: usize = 30;

    fn add(&mut self, line: &str, lower: &str, is_address: bool) {
        self.lines += 1;
        self.addresses += usize::from(is_address);
        self.labelled += usize::from(line.find(':').is_some_and(|at| at <= Self::MAX_LABEL));
        self.says_unsubscribe |= lower.starts_with("unsubscribe") || lower.starts_with("to unsubscribe");
    }

    /// Nobody writes so to somebody: labels and addresses alone, how to leave among them.
    const fn is_footer(&self) -> bool {
        self.says_unsubscribe
            && self.addresses > 2
            && self.labelled + 1 >= self.lines
            && self.addresses + 3 > self.lines
    }
}

/// The longest line of a footer that says nothing of the list: its name.
const MAX_NAME_BYTES: usize = 60;

fn is_rule(line: &str) -> bool {
    line.len() >= 10 && line.bytes().all(|byte| matches!(byte, b'_' | b'-' | b'=' | b'*' | b'~' | b'#'))
}

#[rustfmt::skip]
const LIST_WORDS: &[&str] = &[
    "mailing list", "mailinglist", "listinfo", "unsubscribe", "mailman", "googlegroups.com", "groups.io", "subscribed to", "mailingliste", "abmelden",
    "abbestellen", "liste de diffusion", "désabonner", "désabonnement", "désinscri", "lista de correo", "darse de baja", "lista di distribuzione", "annullare l'iscrizione",
    "lista de discussão", "descadastrar", "afmelden", "e-postlista", "lista dyskusyjna", "wypisać", "отписаться", "рассылк", "メーリングリスト", "邮件列表",
];

static BEGINS_LIST: LazyLock<Beginnings> = LazyLock::new(|| Beginnings::of(LIST_BEGINS));
static BEGINS_SENT_THROUGH: LazyLock<Beginnings> = LazyLock::new(|| Beginnings::of(SENT_THROUGH));
static BEGINS_SCANNED: LazyLock<Beginnings> = LazyLock::new(|| Beginnings::of(SCANNED));
static WORDS_OF_LISTS: LazyLock<Phrases> = LazyLock::new(|| Phrases::of(LIST_WORDS.iter().copied()));
static HOSTS_OF_PROVIDERS: LazyLock<Phrases> = LazyLock::new(|| Phrases::of(PROVIDERS.iter().copied()));

/// Those who put a line of their own below the mails of others.
#[rustfmt::skip]
const PROVIDERS: &[&str] = &[
    "hotmail.com", "msn.com", "yahoo.", "windowslive", "live.com", "gmx.", "web.de", "iname.com", "libero.it", "laposte.net", "voila.fr", "aol.com", "juno.com",
    "wanadoo", "lycos", "freemail", "tiscali", "virgilio",
];

/// How web mail of the old kind begins its line.
const SENT_THROUGH: &[&str] =
    &["this mail sent through", "this mail was sent through", "this message was sent using", "this message sent using"];

/// What scanners say; one of their names must follow.
#[rustfmt::skip]
const SCANNED: &[&str] = &[
    "virus-free", "virenfrei", "sans virus", "garanti sans virus", "libre de virus", "privo di virus", "vrij van virussen", "livre de vírus", "wolny od wirusów", "без вирусов",
    "this email has been checked for viruses", "this e-mail has been checked for viruses", "this email was scanned", "no virus found in this", "checked by avg",
    "diese e-mail wurde von avast", "cet e-mail a été vérifié", "l'absence de virus dans ce courrier", "le logiciel antivirus", "este correo electrónico ha sido comprobado",
    "el software de antivirus", "questa e-mail è stata controllata", "este e-mail foi verificado", "o software de antivírus", "dit e-mailbericht is gecontroleerd",
    "denna e-post har kontrollerats", "ta wiadomość e-mail została sprawdzona", "это письмо проверено", "проверено на вирусы", "この電子メールは",
];

const SCANNERS: &[&str] =
    &["avast", "avg", "eset", "kaspersky", "norton", "mcafee", "avira", "bitdefender", "f-secure", "sophos"];

#[rustfmt::skip]
const LIST_BEGINS: &[&str] = &[
    "your use of yahoo! groups is subject to", "do you yahoo!?", "you are currently subscribed to", "you're currently subscribed to", "um die liste abzubestellen",
    "pour vous désabonner de", "para cancelar la suscripción", "per cancellarsi dalla lista", "reply to this email directly", "you received this message because you are subscribed", "you are receiving this because", "you're receiving this because", "to unsubscribe from this",
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
            "[image: Mailtrack] <https://mailtrack.io?utm_source=x> Sender notified by\nMailtrack <https://mailtrack.io?utm_source=x>",
            "—\nReply to this email directly, view it on https://code.example/wood/17, or unsubscribe.\nYou are receiving this because you were mentioned.",
            "----------\nListe bois : bois@listes.example\nDésabonnement : https://listes.example/signoff/bois",
            "\u{200b}ᐧ\nSent from my iPhone",
            "--------------------------------------------------------------------------\nThe fair of wood: see all that is new.\nhttp://fair.example/wood\n_______________________________________________\nwood mailing list\nwood@lists.example\nhttps://lists.example/listinfo/wood",
            "Virus-free. www.avast.com",
            "Virenfrei.www.avast.com",
            "This email has been checked for viruses by Avast antivirus software.\nwww.avast.com",
            "#############################\n\nTo unsubscribe from the WOOD list:\nwrite to: mailto:WOOD-SIGNOFF@LISTS.EXAMPLE",
            "---\nYou are currently subscribed to wood as: rosa@customer.example.\nTo unsubscribe send a blank email to leave-wood-17@lists.example",
            "Wood addresses:\nPost message: wood@lists.example\nSubscribe:    wood-subscribe@lists.example\nUnsubscribe:  wood-unsubscribe@lists.example\nList owner:   wood-owner@lists.example\n\nYour use of Yahoo! Groups is subject to http://docs.lists.example/terms/",
            "_______________________________________________________\nGet your free e-mail at http://www.hotmail.com",
            "-------------------------------------------------\nThis mail sent through IMP: http://horde.example/imp/",
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
            "We are virus-free again, says the doctor.",
            "Our lists:\nWood: wood@lists.example\nStone: stone@lists.example\nPaper: paper@lists.example",
            "Two chairs.\n\n-----------------\nRosa Klein\nrosa@hotmail.example",
            "Two chairs.\n\n___________________\nRosa Klein\nrosa@customer.example",
        ] {
            assert_eq!(left(text), text);
        }
    }
}
