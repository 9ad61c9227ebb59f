use super::*;

struct Two;

impl People for Two {
    fn has_name(&self, word: &str) -> bool {
        matches!(word, "rosa" | "klein" | "mia" | "miller")
    }

    fn has_address(&self, address: &str) -> bool {
        matches!(address, "rosa@customer.example" | "mia@example.com")
    }
}

#[test]
fn whose_a_quote_is() {
    for text in [
        "Mia Miller <mia@example.com> wrote:",
        "\"Miller, Mia\" <mia@example.com> writes:",
        "Mia Miller <mia@example.com> schrieb:",
        "mia@example.com schreef:",
        "* Mia Miller <mia@example.com> wrote:",
        "* Mia Miller <mia@example.com> [2026-05-07 09:00]:",
        "- Mia Miller (mia@example.com) a écrit :",
        "Bob Other <bob@other.example> wrote:",
        "Bob Other <bob@other.example> wrote",
        "Mia Miller <mia@example.com>:",
        "Mia wrote:",
        "Mia Miller:",
        "Miller, Mia skrev:",
        "In message <17@example.com> you wrote:",
        "In message <17@example.com>, Mia Miller <mia@example.com> writes:",
        "In article <17@example.com> Mia Miller wrote:",
        "Quoting Mia Miller (2026-05-07 09:00:00)",
        "Quoting Mia Miller",
        "Excerpts from Mia Miller's message of Thu May 07 09:00:00 +0200 2026:",
        "Zitat von Mia Miller",
        "Thursday, May 7, 2026, 9:00:00 AM, you wrote:",
        "You wrote:",
        "Du schriebst am 07.05.2026:",
        "Вы писали 7 мая 2026 г., 9:00:00:",
        "2026-05-07 9:00 GMT+02:00 Mia Miller:",
        "2026/5/7 Mia Miller <mia@example.com>",
        "7 мая 2026 г., 09:00 пользователь Mia Miller <mia@example.com> написал:",
        "On Thu, 7 May 2026 09:00:00 +0200 Mia Miller <mia@example.com> wrote",
        "On Thu, 7 May 2026,\nMia Miller\n<\nmia@example.com>\nwrote:",
        "Am 7. Mai 2026 schrieb\nMia Miller:",
        "le jeudi 7 mai 2026 Mia Miller a écrit",
        "@mia wrote on 7 May 2026:",
        "* Mia Miller",
        "In article <17@example.com>,\n\tbob other <bob@other.example> writes:",
        "Mia Miller said on 7 May:",
        "Mia, 7. Mai:",
        "Yesterday at 15:02, Bob Other wrote:",
        "In your message you said:",
        "In your mail of 7 May 2026 you wrote:",
        "Thus spake Mia Miller (mia@example.com):",
        "[Mia Miller <mia@example.com>, 7 May 2026 09:00]",
        "Mia Miller napisał(a):",
        "Mia Miller napsal(a):",
        "Mia Miller je napisao/la:",
        "<quote who=\"Bob Other\">",
        "Mia Miller <mia at example.com> wrote:",
        "Mia Miller <mia [at] example [dot] com> writes:",
        "Bob Other <bob at other.example>:",
        "On Thu, May 7, 2026 at 9:00 AM Mia Miller",
        "(Mia Miller, 7 May 2026, 09:00)",
        "Mia Miller scribbled:",
        "En réponse à Mia Miller <mia@example.com> :",
        "In response to Mia Miller:",
        "Ihre Nachricht vom 07.05.2026:",
        "Your mail of 7 May 2026:",
    ] {
        let lines: Vec<&str> = text.split('\n').collect();
        assert!(introduction(&lines, &Two).is_some(), "{text:?}");
    }
}

#[test]
fn what_people_write_above_a_quote() {
    for text in [
        "I ran this:",
        "I asked bob@other.example and he wrote:",
        "Look what bob@other.example wrote:",
        "My lawyer Bob wrote on 7 May 2026:",
        "Our Bob <bob@other.example> wrote:",
        "As Bob wrote:",
        "He wrote:",
        "Please answer what Bob <bob@other.example> asked on 7 May 2026 at 09:00:",
        "Then Bob <bob@other.example> wrote on 7 May 2026:",
        "Please see what you wrote to me and to all the others in the team:",
        "The law says:",
        "The error of 7 May 2026 was:",
        "Mia:",
        "Hello Mia,",
        "Thanks, Mia.",
        "See the list of 2026-05-07 09:00 below:",
        "Yes, on Friday.",
        "My answer to your mail:",
        "Yesterday Bob wrote:",
        "The price of 7 May:",
        "In your message somebody said:",
        "[see the list of 7 May 2026]",
        "Mia Miller needs these two things:",
        "Mia Miller ordered:",
        "Thursday 7 May at 9:00, Mia",
        "Mia asks:",
        "I read your mail of 7 May 2026:",
        "What your mail of 7 May 2026 says:",
        "I looked <at the list>:",
    ] {
        let lines: Vec<&str> = text.split('\n').collect();
        assert!(introduction(&lines, &Two).is_none(), "{text:?}");
    }
}

#[test]
fn what_ends_all_that_is_new() {
    for (text, expected) in [
        ("Mia Miller <mia@example.com> wrote:", Introduction::OfAll),
        ("On Thu, 7 May 2026 09:00 Mia Miller <mia@example.com> wrote", Introduction::OfAll),
        ("On 7 May 2026 you wrote:", Introduction::OfAll),
        ("Bob Other <bob@other.example> wrote:", Introduction::OfQuote),
        ("Mia wrote:", Introduction::OfQuote),
        ("Bob Other wrote:", Introduction::ByName),
        ("Bob Other, Montag, 7. Mai 2026 09:00:", Introduction::ByName),
        ("You wrote:", Introduction::OfQuote),
    ] {
        assert_eq!(introduction(&[text], &Two), Some(expected), "{text}");
    }
}
