use super::*;

mod answers;

#[test]
fn history_of_the_common_clients_goes() {
    for text in [
        "Yes please.\n\nOn Mon, Apr 27, 2026 at 2:30 PM Mia <mia@ai.example.com> wrote:\n\n> Shall I?\n>\n> Mia\n",
        "Yes please.\n\nOn Mon, Apr 27, 2026 at 2:30 PM Mia Miller With A Long Name\n<mia@ai.example.com> wrote:\n> Shall I?",
        "Yes please.\n\n________________________________\nFrom: Mia <mia@x.example>\nSent: Monday, April 27, 2026 2:30 PM\nTo: Ada\nSubject: Re: Order\n\nShall I?",
        "Yes please.\r\n\r\n-----Original Message-----\r\nFrom: Mia\r\nSent: Monday\r\n\r\nShall I?",
        "Yes please.\n\nVon: Mia <mia@x.example>\nGesendet: Montag, 27. April 2026 14:30\nAn: Ada\nBetreff: AW: Bestellung\n\nSoll ich?",
        "Yes please.\n\n*From:* Mia\n*Date:* Monday\n*To:* Ada\n*Subject:* x\n\nShall I?",
        "Yes please.\n\nAm 27.04.26 um 14:30 schrieb Mia:\n> Soll ich?",
        "Yes please.\n\nLe lun. 27 avr. 2026 à 14:30, Mia <mia@x.example> a écrit :\n\n> Dois-je ?",
        "Yes please.\n\nEl lun, 27 abr 2026 a las 14:30, Mia (<mia@x.example>) escribió:\n> ¿Debo?",
        "Yes please.\n\nIl giorno lun 27 apr 2026 alle ore 14:30 Mia ha scritto:\n> Devo?",
        "Yes please.\n\n2026年4月27日(月) 14:30 Mia <mia@x.example>のメール:\n> ?",
        "Yes please.\n\nMia <mia@x.example> 于2026年4月27日周一 14:30写道：\n\n> ?",
        "Yes please.\n\nпн, 27 апр. 2026 г. в 14:30, Mia <mia@x.example>:\nMia написала 27.04:\n> ?",
        "Yes please.\n\n-- \nAda Lovelace\nAnalyst\n\nOn Mon 27 Apr 2026, Mia wrote:\n> Shall I?",
        "Yes please.\n\nSent from my iPhone\n\n> On 27 Apr 2026, at 14:30, Mia <mia@x.example> wrote:\n> \n> Shall I?",
        "Yes please.\n\n--\nAda",
        "On 27 Apr 2026, Mia wrote:\n> Shall I?\n\nYes please.",
        "> Shall I?\n\nYes please.\n",
    ] {
        let found = extracted_text(text);
        assert!(found.starts_with("Yes please."), "{text:?} gave {found:?}");
        assert!(found.len() < 70 && !found.contains("Shall") && !found.contains("Ada"), "{text:?} gave {found:?}");
    }
}

#[test]
fn what_is_new_stays() {
    let interleaved = "On 27 Apr 2026, Mia wrote:\n> One?\n\nFirst.\n\n> Two?\n\nSecond.\n-- \nAda";
    assert_eq!(extracted_text(interleaved), "First.\n\nSecond.");
    let forward = "Please see below.\n\n---------- Forwarded message ---------\nFrom: Bob <b@x>\nDate: Mon\nSubject: Hi\nTo: Ada\n\nThe text.";
    assert_eq!(extracted_text(forward), forward);
    for text in [
        "We agreed on 3 things:\n- one\n- two",
        "On Friday Bob wrote three letters.\nThey were long.",
        "From: the team\nwith love",
        "a\n--\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl",
        "Dear all,\n\nthe price is > 3 €.",
    ] {
        assert_eq!(extracted_text(text), text, "{text:?}");
    }
}

#[test]
fn never_empty_when_the_text_is_not() {
    for text in [
        "> only a quote",
        "-- \nonly a signature",
        "From: a\nSent: b\nTo: c\nSubject: d\n\nforwarded by Outlook",
        "Sent from my iPhone",
    ] {
        assert_eq!(extracted_text(text), text.replace("-- ", "--"), "{text:?}");
    }
    assert_eq!(extracted_text(" \n \r\n"), "");
}

/// What is new in a text mail with these header fields.
fn new_of(headers: &str, text: &str) -> String {
    let raw =
        format!("From: Ada Lovelace <ada@customer.example>\nTo: Mia Miller <mia@ai.example.com>\n{headers}\n\n{text}");
    extract(&crate::parse(raw.as_bytes()))
}

const OUTLOOK: &str = "Pls handle\n\nFrom: Bob <bob@supplier.example>\nSent: Sunday, April 26, 2026 9:00 AM\nTo: Ada\nSubject: \
                       Invoice\n\nPay 88.";

#[test]
fn a_mail_that_answers_none_keeps_what_its_author_put_there() {
    for text in [
        OUTLOOK,
        "See below:\n\n-----Original Message-----\nFrom: Bob\nSent: Monday\n\nPay 88.",
        "Our build prints\n\n> expected u32\n> found i64\n\nWhat is wrong?",
        "On Mon, Apr 27, 2026 at 2:30 PM Bob <bob@supplier.example> wrote:\n> Pay 88.\n\nShall we?",
    ] {
        assert_eq!(new_of("Subject: Invoice", text), text);
        let answer = new_of("Subject: Re: Invoice", text);
        assert!(!answer.contains("Pay 88") && !answer.contains("u32"), "{answer}");
    }
    // A signature goes all the same.
    let signed = "Prints\n> expected u32\nWhy?\n-- \nAda";
    assert_eq!(new_of("Subject: Error", signed), "Prints\n> expected u32\nWhy?");
    // What Mia wrote herself is history.
    assert_eq!(
        new_of("Subject: Invoice", &OUTLOOK.replace("bob@supplier.example", "Mia@ai.example.com")),
        "Pls handle"
    );
}

#[test]
fn a_forward_whose_subject_was_edited() {
    let in_thread = "Subject: Invoice\nIn-Reply-To: <1@x>";
    assert_eq!(new_of(in_thread, OUTLOOK), OUTLOOK);
    for headers in ["Subject: [EXTERNAL] FW: Invoice\nIn-Reply-To: <1@x>", "Subject: External: WG: Invoice"] {
        assert_eq!(new_of(headers, OUTLOOK), OUTLOOK);
    }
    for headers in ["Subject: AW: Invoice", "Subject: Invoice\nCc: bob@supplier.example\nReferences: <1@x>"] {
        assert_eq!(new_of(headers, OUTLOOK), "Pls handle");
    }
}

#[test]
fn what_people_tell_and_list_in_an_answer_stays() {
    for text in [
        "My trip, please book a car:\n\nFrom: Berlin Hbf\nTo: Hamburg Hbf\nDate: 3 May 2026\nSubject: to change\n\nThanks",
        "On 3 May 2026 at 10:00 our lawyer wrote:\n\nDear Sir, we cancel.\n\nWhat shall we answer?",
        "On 3 May 2026 at 10:00 Bob Byron wrote:\n\nDear Sir, we cancel.\n\nWhat shall we answer?",
        "I ran this:\n\n> npm run build\nerror: not found\n\nWhat should I do?",
        "The parcel was:\nsent from Hamburg by Galaxy Logistics",
        "Hello,\n\nSent by registered mail on Friday.",
        "Agenda\n--\n1. Budget\n2. Hiring\n\nPlease prepare slides.",
        "Shopping\n--\nmilk\nbread\neggs",
        "Please buy:\n\n--\nMilk\nBread",
        "Shopping\n\n--\n\nmilk\nbread",
        "The plan.\n\n--\n\nPlease answer by Friday.",
        "# Plan\n\nA.\n\n--\n\nBerlin",
        "One.\n\n--\n\n- first\n- second",
    ] {
        assert_eq!(new_of("Subject: Re: x\nIn-Reply-To: <1@x>", text), text);
    }
}

#[test]
fn signatures_that_lost_their_blank() {
    for signature in [
        "Ada Lovelace\nAnalyst\nCustomer Ltd",
        "Best,\nAda\n+44 20 7946 0000",
        "A. Byron\nwww.customer.example",
        "ada",
        "Augusta Byron",
        "",
    ] {
        let text = format!("Yes please.\n\n--\n{signature}");
        assert_eq!(new_of("Subject: Re: x", &text), "Yes please.", "{signature:?}");
        let page = text.replace('\n', "<br>\n");
        assert_eq!(new_of("Subject: Re: x\nContent-Type: text/html", &page), "Yes please.", "{signature:?}");
    }
    // With it, nothing more is asked; nor in HTML.
    for (headers, text) in [
        ("Subject: Re: x", "Yes please.\n-- \n- milk\n- bread"),
        ("Subject: Re: x\nContent-Type: text/html", "<div>Yes please.</div><div>-- <br>- milk<br>- bread</div>"),
        ("Subject: Re: x\nContent-Type: text/html", "<p>Yes please.<br>--&nbsp;<br>- milk<br>- bread</p>"),
    ] {
        assert_eq!(new_of(headers, text), "Yes please.");
    }
}

#[test]
fn what_the_author_quotes_stays() {
    let headers = "Subject: Re: x\nIn-Reply-To: <1@x>\nContent-Type: text/html";
    for quote in [
        "<blockquote style='border-left:3px solid #ccc'>All contracts end.</blockquote>",
        "<blockquote class=wp-block-quote><p>All contracts end.</blockquote>",
        "<blockquote>All contracts end.</blockquote>",
    ] {
        let found = new_of(headers, &format!("<p>The law says:</p>{quote}<p>And you?</p>"));
        assert_eq!(found, "The law says:\n\n> All contracts end.\n\nAnd you?", "{quote}");
    }
    for quote in [
        "<p>On Mon, Apr 27, 2026 at 2:30 PM, Mia &lt;mia@ai.example.com&gt; wrote:</p><blockquote style='border-left:1px'>x",
        "<p>Mia &lt;mia@ai.example.com&gt; imeandika 27.04.2026 14:30:</p><blockquote style='border-left:1px'>x</blockquote>",
        "<p>27.04.2026 Mia &lt;mia@ai.example.com&gt;</p><blockquote style='border-left:1px solid'>x</blockquote>",
        "<div class=front-signature>Ada</div><blockquote type=cite class=front-blockquote>x</blockquote>",
        "<div class=missive_quote><div>On April 27, Mia wrote:</div><blockquote class=missive_quote>x</blockquote></div>",
    ] {
        assert_eq!(new_of(headers, &format!("<p>Yes.</p>{quote}")), "Yes.", "{quote}");
    }
}

#[test]
fn web_mail_and_its_words() {
    for history in [
        "Quoting Mia <mia@ai.example.com>:\n\n> Friday?",
        "Zitat von Mia <mia@ai.example.com>:\n\n> Friday?",
        "Mia schrieb am 2026-04-27 14:30:\n> Friday?",
        "Mia schrieb am 2026-04-27 14:30:\n\nFriday?",
        "-------- Original-Nachricht --------\nBetreff: x\nVon: Mia\n\nFriday?",
    ] {
        assert_eq!(new_of("Subject: Re: x", &format!("Yes.\n\n{history}")), "Yes.", "{history:?}");
    }
}

#[test]
fn an_attribution_in_the_line_of_the_answer() {
    for (text, new) in [
        ("Fine.\nSee you. On Wed, 4 Apr 2012 at 15:59, bob@example.com wrote:\n> Hi\n\nBye", "Fine.\nSee you.\n\nBye"),
        ("a - b--- On Wed, Apr 4, 2012 at 3:59 PM, me@domain.com wrote:\n\n> Hi", "a - b---"),
        ("Ja! Am 04.05.2026 um 10:11 schrieb Ada <ada@example.com>:\n> Und?", "Ja!"),
        // Without quoted lines below, or without a date, it is a sentence.
        ("I know. On 4 Apr 2012 bob@example.com wrote:\nHi", "I know. On 4 Apr 2012 bob@example.com wrote:\nHi"),
        ("Look what on Monday bob@example.com wrote:\n> Hi\nNice", "Look what on Monday bob@example.com wrote:\nNice"),
    ] {
        assert_eq!(extracted_text(text), new, "{text}");
    }
}

#[test]
fn decoration_is_no_quote() {
    let text = "Visit us\n>>> >>> www.example.com <<<\nor call";
    assert_eq!(extracted_text(text), text);
}

#[test]
fn what_is_new_on_both_sides_of_a_marked_quote_stays() {
    let text = "The plan is good.\n\nMia Miller <mia@ai.example.com> wrote:\n\n> One chair?\n\nBoth, please.";
    assert_eq!(new_of("Subject: Re: x", text), "The plan is good.\n\nBoth, please.");
}

/// A mail of Rosa's to Mia in each form it may come in: with both line breaks, as text, as a page of lines, and as one whose
/// quotes are elements.
fn in_every_form(text: &str) -> Vec<(&'static str, String)> {
    let headers = "From: Rosa Klein <rosa@customer.example>\nTo: Mia Miller <mia@ai.example.com>\nSubject: Re: \
                   Chairs\nIn-Reply-To: <1@x>\nMIME-Version: 1.0\n";
    let escaped = |line: &str| line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let of_line = |line: &str| match line.trim() {
        "" => "<div><br></div>\n".to_owned(),
        _ => format!("<div>{}</div>\n", escaped(line).replace("  ", " &nbsp;")),
    };
    let page: String = text.lines().map(of_line).collect();
    let is_quote = |line: &str| line.starts_with("> ");
    let mut marked = String::new();
    let mut within = false;
    for line in text.lines() {
        if is_quote(line) != within {
            marked.push_str(if within { "</blockquote>" } else { "<blockquote type=cite>" });
            within = !within;
        }
        marked.push_str(&of_line(line.strip_prefix("> ").unwrap_or(line)));
    }
    let plain = format!("{headers}Content-Type: text/plain; charset=utf-8\n\n{text}");
    let html =
        |page: &str| format!("{headers}Content-Type: text/html; charset=utf-8\n\n<html><body>{page}</body></html>");
    vec![("CRLF", plain.replace('\n', "\r\n")), ("LF", plain), ("a page", html(&page)), ("elements", html(&marked))]
}

fn new_in_every_form(text: &str, expected: &str) {
    for (form, raw) in in_every_form(text) {
        let found = extract(&crate::parse(raw.as_bytes()));
        let lines = |text: &str| text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(lines(&found), lines(expected), "{form} of {text:?}");
    }
}

#[test]
fn introductions_of_every_shape_go_with_their_quote() {
    for introduction in [
        "Mia Miller <mia@ai.example.com> wrote:",
        "\"Miller, Mia\" <mia@ai.example.com> writes:",
        "Mia Miller <mia@ai.example.com> schrieb:",
        "Mia Miller <mia@ai.example.com> a écrit :",
        "* Mia Miller <mia@ai.example.com> wrote:",
        "In message <17@ai.example.com> you wrote:",
        "In article <17@ai.example.com>, Mia Miller wrote:",
        "Excerpts from Mia Miller's message of Thu May 07 09:00:00 +0200 2026:",
        "Quoting Mia Miller (2026-05-07 09:00:00)",
        "Zitat von Mia Miller <mia@ai.example.com>",
        "On Thu, 7 May 2026 09:00:00 +0200 Mia Miller <mia@ai.example.com> wrote",
        "Thursday, May 7, 2026, 9:00:00 AM, you wrote:",
        "2026-05-07 9:00 GMT+02:00 Mia Miller:",
        "2026/5/7 Mia Miller <mia@ai.example.com>",
        "Mia Miller:",
        "Mia wrote:",
        "You wrote:",
        "On Thu, 7 May 2026\nMia Miller\n<mia@ai.example.com>\nwrote:",
        "From: Mia Miller <mia@ai.example.com>\nDate: Thu, 7 May 2026 09:00:00 +0200",
        "Am 7. Mai 2026 schrieb\nMia Miller:",
        "Twas brillig at 14:00:54 07.05.2026 UTC-05 when mia@ai.example.com did gyre and gimble:",
    ] {
        new_in_every_form(&format!("Both, please.\n\n{introduction}\n> One chair?\n> Or two?\n"), "Both, please.");
        new_in_every_form(&format!("{introduction}\n\n> One chair?\n\nBoth, please.\n"), "Both, please.");
        let around =
            format!("The plan is good.\n\n{introduction}\n\n> One chair?\n\nBoth, please.\n\n> When?\n\nSoon.\n");
        new_in_every_form(&around, "The plan is good.\nBoth, please.\nSoon.");
    }
}

#[test]
fn sentences_above_a_quote_stay() {
    for sentence in [
        "I asked bob@other.example and he wrote:",
        "Our Bob <bob@other.example> wrote:",
        "The shop says:",
        "Rosa,",
        "See:",
    ] {
        let text = format!("Hello Mia\n\n{sentence}\n\n> One chair?\n\nIs that so?\n");
        for (form, raw) in in_every_form(&text) {
            let found = extract(&crate::parse(raw.as_bytes()));
            assert!(found.contains(sentence) && found.contains("Is that so?"), "{form} of {text:?}: {found:?}");
        }
    }
}

#[test]
fn quotes_by_other_marks() {
    let date = "Thursday, May 7, 2026, 9:00:00 AM, you wrote:";
    for (quote, introduction) in [
        ("MM> One chair?\nMM> Or two?", date),
        ("M> One chair?", date),
        (" MM> One chair?\n MM> Or two?", "Mia Miller <mia@ai.example.com> writes:"),
        ("МК> One chair?", "Вы писали 7 мая 2026 г., 9:00:00:"),
        ("| One chair?\n| Or two?\n|", "2026/5/7 Mia Miller <mia@ai.example.com>"),
        (" > One chair?\n > Or two?", "On 7 May 2026 Mia Miller wrote:"),
        ("   > One chair?\n   > Or two?", "Mia Miller <mia@ai.example.com> wrote:"),
        ("Mia> One chair?\nMia> Or two?", "Mia Miller <mia@ai.example.com> writes:"),
        ("      Mia> One chair?\n      Mia> Or two?", ">>>>> \"Mia\" == Mia Miller <mia@ai.example.com> writes:"),
        ("│ One chair?\n│ Or two?", "* Mia Miller"),
        ("&gt; One chair?\n&gt; Or two?", "On 7 May 2026 Mia Miller wrote:"),
    ] {
        let text = format!("{introduction}\n\n{quote}\n\nBoth, please.\n\n{quote}\n\nAnd soon.\n");
        new_in_every_form(&text, "Both, please.\nAnd soon.");
    }
    for sign in ["»", "› ", ": ", "% ", "}"] {
        let text = format!(
            "Mia Miller wrote:\n\n{sign}One chair?\n{sign}Or two?\n\nBoth, please.\n\n{sign} oak\n{sign} ash\n"
        );
        new_in_every_form(&text, &format!("Both, please.\n\n{sign} oak\n{sign} ash"));
    }
    // What people mark so themselves.
    for text in [
        "Router> show all\nRouter> reload",
        "»Oak« is it\n»Ash« is not",
        "| chair | 40 |\n| table | 90 |",
        "| a frame",
        "A> B means that A is more",
        "Wood:\n\n| oak\n| ash",
    ] {
        new_in_every_form(&format!("Hello\n\n{text}\n\nBye\n"), &format!("Hello\n\n{text}\n\nBye"));
    }
    let alone = "The price is\n > 40 euros";
    assert_eq!(new_of("Subject: Re: x", alone), alone);
}

#[test]
fn a_mark_that_went_to_the_end_of_the_line_above() {
    let text = "On 7 May 2026 Mia <mia@ai.example.com> wrote:\n> - the chair comes with a cushion in oak > \nand ash\n> \nOak.\n";
    assert_eq!(new_of("Subject: Re: x", text), "Oak.");
}

#[test]
fn header_blocks_whose_mail_has_no_marks() {
    let block = "> message du 07/05/26 09:00\n> De : \"Mia\" <mia@ai.example.com>\n> A : \"Rosa\" <rosa@customer.example>\n> Objet : Chairs\n> ";
    assert_eq!(new_of("Subject: Re: x", &format!("Both, please.\n\n{block}\nOne chair?\nMia\n")), "Both, please.");
    new_in_every_form("Both, please.\n\nFrom: Mia Miller\n> One chair?\n", "Both, please.");
    for intro in [
        ">>> Mia Miller <mia@ai.example.com> schrieb am Donnerstag, 7. Mai 2026 um 09:00 in Nachricht\n<17@ai.example.com>:",
        ">>> On 5/7/2026 at 9:00 AM, in message <17@ai.example.com>, \"Mia Miller\"\n<mia@ai.example.com> wrote:",
        ">>> On 5/7/2026 at 9:00 AM, Mia Miller wrote:",
    ] {
        new_in_every_form(&format!("Both, please.\n\n{intro}\nOne chair?\nMia\n"), "Both, please.");
    }
    let session = "It says:\n\n>>> if when == '2026-05-07 09:00':\n\nWhat now?";
    assert!(new_of("Subject: Re: x", session).ends_with("What now?"));
}

#[test]
fn history_without_marks_that_ends_with_what_it_answers() {
    let nested = "On 19 July 2026 08:35, Rosa Klein <rosa@customer.example> wrote:\n\n> Is it oak?\n>\n> Rosa";
    let history = format!("mia <mia@ai.example.com> wrote:\n\nIt is.\n\nMia\n\n{nested}");
    assert_eq!(new_of("Subject: Re: x", &format!("Both, please.\n\n{history}\n")), "Both, please.");
    let text = format!("Both, please.\n\n{history}\n\nAnd soon.\n");
    assert!(new_of("Subject: Re: x", &text).ends_with("And soon."));
}

#[test]
fn names_of_others_above_quotes() {
    // By way of a list, who is answered is not in the mail.
    for intro in ["Bob Marsh wrote:", "Bob Marsh, Donnerstag, 7. Mai 2026 09:00:"] {
        let headers = "Subject: Re: x";
        assert_eq!(new_of(headers, &format!("{intro}\n> One chair?\n\nBoth.")), "Both.");
        let page = format!("<p>Look.</p><p>{intro}</p><blockquote>One chair?</blockquote><p>And you?</p>");
        let found = new_of("Subject: Re: x\nContent-Type: text/html", &page);
        assert!(found.contains("One chair?") && found.contains(intro), "{found}");
    }
}

#[test]
fn pieces_of_quoted_lines() {
    let long = "> We have the chair in oak and in ash, and both of them can be had with or";
    let text = format!(
        "On 7 May 2026 Mia Miller <mia@ai.example.com> wrote:\n{long}\nwithout arms\n> as you like it.\n\nOak.\n"
    );
    assert_eq!(new_of("Subject: Re: x", &text), "Oak.");
    // A program that breaks two lines breaks others: also where a new sentence follows.
    let heads = "> To: the people of the shop; Mia Miller; Rosa Klein; Bob Marsh; all\nothers\n> Subject: Chairs";
    let text = format!(
        "Oak.\n\n> -----Original Message-----\n{heads}\n{long}\nwithout arms\n> as you like it.\n{long}\nof stone\n> if need be.\n"
    );
    assert_eq!(new_of("Subject: Re: x", &text), "Oak.");
    let text = format!("On 7 May 2026 Mia <mia@ai.example.com> wrote:\n{long} more\nNo arms\n> How many?\nTwo.\n");
    assert_eq!(new_of("Subject: Re: x", &text), "No arms\nTwo.");
    for answer in ["Oak, please.", "oak."] {
        let text =
            format!("On 7 May 2026 Mia <mia@ai.example.com> wrote:\n> Which wood?\n{answer}\n> How many?\nTwo.\n");
        assert_eq!(new_of("Subject: Re: x", &text), format!("{answer}\nTwo."));
    }
}

#[test]
fn history_without_marks_below_what_names_its_author() {
    for introduction in [
        "Mia Miller <mia@ai.example.com> wrote:",
        "On Thu, 7 May 2026 09:00:00 +0200 Mia Miller <mia@ai.example.com> wrote",
        "On 7 May 2026 you wrote:",
        ">>> Mia Miller <mia@ai.example.com> 07.05.2026 9:00 >>>",
        "====\n\nMessage du : 07/05/2026 09:00\nDe : \"Mia Miller\" <mia@ai.example.com>\nA : rosa@customer.example\nCopie à :\nSujet : Chairs",
    ] {
        let text = format!("Both, please.\n\n{introduction}\n\nOne chair, or two?\n");
        for (form, raw) in in_every_form(&text).into_iter().take(3) {
            assert_eq!(extract(&crate::parse(raw.as_bytes())), "Both, please.", "{form} of {text:?}");
        }
    }
    // Where nothing stands above, what stands below may be answered there; and of others it is no history.
    for text in [
        "Hello Mia,\n\nOn 7 May 2026 you wrote:\n\nwe deliver on Friday\n\nNothing came.",
        "See this.\n\nBob Other <bob@other.example> wrote:\n\nNo chairs.\n\nWhat now?",
        "Here is my form:\n\n-------------------\nName: Rosa Klein\nBorn: 03.05.1980\nE-mail: rosa@customer.example\n-------------------\n\nCall me.",
        "Here is my form:\n\n-------------------\nName: Rosa Klein\nStreet: 2 Low Road\nE-mail: rosa@customer.example\n\nCall me.",
    ] {
        new_in_every_form(text, text);
    }
}

#[test]
fn signatures_and_footers_below_a_quote() {
    let quote = "On 7 May 2026 at 09:00 Mia Miller <mia@ai.example.com> wrote:\n> One chair?";
    for below in [
        "--\nKind regards\n\nRosa",
        "\n-- \nRosa Klein\nCarpenter",
        "\n_______________________________________________\nwood mailing list\nwood@lists.example\nhttps://lists.example/mailman/listinfo/wood",
        "\n(Sent from my iPhone)",
        "\nSent from my Gigaset GS5 Pro",
        "\nGet [Outlook for iOS](https://aka.ms/x)",
        "\nᐧ",
    ] {
        new_in_every_form(&format!("Both, please.\n\n{quote}\n{below}\n"), "Both, please.");
    }
}
