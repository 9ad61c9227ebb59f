//! More answers of Rosa's to Mia, as programs of all kinds write them: each with both line breaks, as text and as HTML.

use super::*;

#[test]
fn introductions_that_say_little_or_in_their_own_way() {
    for introduction in [
        "Mia Miller napisał(a):",
        "Mia Miller napsal(a):",
        "Mia Miller je napisao/la:",
        "<quote who=\"Mia Miller\">",
        "Mia Miller <mia at ai.example.com> wrote:",
        "Mia Miller <mia [at] ai [dot] example [dot] com> writes:",
        "On Thu, May 7, 2026 at 9:00 AM Mia Miller",
        "(Mia Miller, 7 May 2026, 09:00)",
        "Mia Miller scribbled:",
        "From: Mia Miller <mia@ai.example.com>",
        "En réponse à Mia Miller <mia@ai.example.com> :",
        "In Antwort auf Mia Miller:",
    ] {
        new_in_every_form(&format!("Both, please.\n\n{introduction}\n> One chair?\n> Or two?\n"), "Both, please.");
        new_in_every_form(&format!("{introduction}\n\n> One chair?\n\nBoth, please.\n"), "Both, please.");
    }
}

#[test]
fn what_the_author_shows_with_a_date_stays() {
    for announcement in [
        "I got this on 7 May 2026:",
        "We found these 2 lines:",
        "Das hier kam am 7.5.:",
        "Ich sah am 7. Mai 2026 dies:",
    ] {
        let text = format!("{announcement}\n> disk full\n> nothing written\n\nWhat now?\n");
        let headers = "From: Rosa Klein <rosa@customer.example>\nTo: mia@ai.example.com\nSubject: Re: Disk";
        for text in [text.clone(), text.replace('\n', "\r\n")] {
            let found = new_of(headers, &text);
            if announcement.starts_with("Das") {
                // "Das" begins sentences and names alike: it may be a client's.
                assert!(found.contains("What now?"), "{found:?}");
            } else {
                assert!(found.contains("disk full") && found.contains("nothing written"), "{found:?}");
            }
        }
    }
}

#[test]
fn a_session_that_the_author_shows_stays_whole() {
    let text = "I ran this:\n>>> print(1)\n1\n>>> print(2)\n2\n\nWhy?\n";
    let headers = "From: Rosa Klein <rosa@customer.example>\nTo: mia@ai.example.com\nSubject: Re: Disk";
    for text in [text.to_owned(), text.replace('\n', "\r\n")] {
        assert_eq!(new_of(headers, &text), "I ran this:\n>>> print(1)\n1\n>>> print(2)\n2\n\nWhy?");
    }
}

#[test]
fn what_help_desks_write_under_goes() {
    for line in [
        "##- Please type your reply above this line -##",
        "-- Please reply above this line --",
        "=== Bitte antworten Sie oberhalb dieser Linie ===",
        "## Répondez au-dessus de cette ligne ##",
    ] {
        let text = format!("Both, please.\n\n{line}\n\nMia (Chairs)\n\nMay 7, 2026, 9:00\n\nOne chair, or two?\n");
        for (form, raw) in in_every_form(&text).into_iter().take(3) {
            assert_eq!(extract(&crate::parse(raw.as_bytes())), "Both, please.", "{form} of {text:?}");
        }
        // Where nothing stands above it, the mail is the help desk's, and stands below.
        let text = format!("{line}\n\nOne chair, or two?\n");
        for (form, raw) in in_every_form(&text).into_iter().take(3) {
            assert!(extract(&crate::parse(raw.as_bytes())).contains("One chair, or two?"), "{form} of {text:?}");
        }
    }
    new_in_every_form(
        "It says\n\n--- sign above this line ---\n\nand I did.\n",
        "It says\n--- sign above this line ---\nand I did.",
    );
    new_in_every_form(
        "Please write above this line.\n\nThere is more room.\n",
        "Please write above this line.\nThere is more room.",
    );
}

#[test]
fn titles_between_other_dashes_open_history() {
    for title in ["‐‐‐‐‐‐‐ Original Message ‐‐‐‐‐‐‐", "––––– Ursprüngliche Nachricht –––––", "---- 回复的原邮件 ----"]
    {
        new_in_every_form(&format!("Both, please.\n\n{title}\nMia, 7 May\n\nOne chair, or two?\n"), "Both, please.");
    }
}

#[test]
fn signatures_below_dashes_of_other_kinds() {
    let quote = "On 7 May 2026 at 09:00 Mia Miller <mia@ai.example.com> wrote:\n> One chair?";
    for signature in ["--\nCordialement,\n\nRosa Klein", "--\nUn saludo,\nRosa", "\n—\nRosa Klein\nCustomer Ltd"] {
        new_in_every_form(&format!("Both, please.\n\n{quote}\n{signature}\n"), "Both, please.");
    }
    new_in_every_form("Both, please.\n--\nRosa\n", "Both, please.");
    // A page draws a rule so.
    let text = format!("Both, please.\n\n{quote}\n---\nRosa Klein\nrosa@customer.example\n");
    for (form, raw) in in_every_form(&text).into_iter().take(2) {
        assert_eq!(extract(&crate::parse(raw.as_bytes())), "Both, please.", "{form}");
    }
    for text in [
        "Two options:\n---\nRosa pays\nMia pays",
        "One.\n\n---\n\nTwo, and it is Rosa who says so.",
        "One.\n—\nTwo\nThree",
        "Here it is.\n---\nName: Rosa Klein\nPhone: 030 123456\nPlease call me.",
        "Send it to\n—\nRosa Klein\n2 Low Road\nand please ring twice.",
        "We have two.\n--\nRosa said that they are blue, and I believe her.",
    ] {
        new_in_every_form(text, text);
    }
}
