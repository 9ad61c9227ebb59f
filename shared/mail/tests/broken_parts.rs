//! Parts whose fields say too little, or the wrong thing: each read with both line breaks.

#![allow(clippy::unwrap_used)]

use actionlayer_mail::{ParsedMail, all_attachment_bytes, extract, parse};

/// What is seen of a mail: its text, and its files with their content.
fn seen(raw: &[u8]) -> (String, Vec<(String, Vec<u8>)>) {
    let mail: ParsedMail = parse(raw);
    let names = mail.attachments.iter().map(|file| file.filename.clone());
    let files = names.zip(all_attachment_bytes(raw).map(std::borrow::Cow::into_owned)).collect();
    (mail.text.trim().to_owned(), files)
}

fn check(raw: &str, text: &str, files: &[(&str, &[u8])]) {
    let files: Vec<(String, Vec<u8>)> =
        files.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())).collect();
    for raw in [raw.to_owned(), raw.replace('\n', "\r\n")] {
        assert_eq!(seen(raw.as_bytes()), (text.to_owned(), files.clone()), "{raw}");
    }
}

#[test]
fn an_encoding_around_a_multipart_that_names_no_boundary() {
    // "--w", a text, "--w", the file.
    let inside = "LS13CkNvbnRlbnQtVHlwZTogdGV4dC9wbGFpbjsgY2hhcnNldD11dGYtOAoK\nWndlaSBTdMO8aGxlLgotLXcKQ29udGVudC1UeXBlOiBhcHBsaWNhdGlvbi9w\nZGY7IG5hbWU9b2ZmZXIucGRmCgolUERGCi0tdy0tCg==";
    let raw = format!("Content-Type: multipart/mixed\nContent-Transfer-Encoding: base64\n\n{inside}\n");
    check(&raw, "Zwei Stühle.", &[("offer.pdf", b"%PDF")]);
}

#[test]
fn names_of_files_under_the_other_parameter() {
    for fields in [
        "Content-Type: application/pdf\nContent-Disposition: attachment; name=\"offer.pdf\"",
        "Content-Type: application/pdf; filename=\"offer.pdf\"\nContent-Disposition: attachment",
        "Content-Type: application/pdf; name=\"offer.pdf\"; filename=\"x.pdf\"\nContent-Disposition: attachment; filename=\"\"",
    ] {
        let raw =
            format!("Content-Type: multipart/mixed; boundary=b\n\n--b\n\nSee it.\n--b\n{fields}\n\n%PDF\n--b--\n");
        check(&raw, "See it.", &[("offer.pdf", b"%PDF")]);
    }
}

#[test]
fn the_fields_of_a_form_are_text() {
    let raw = "Content-Type: multipart/form-data; boundary=b\n\n--b\nContent-Disposition: form-data; \
               name=\"wish\"\n\nTwo chairs.\n--b\nContent-Disposition: form-data; name=\"plan\"; filename=\"plan.txt\"\n\nBlue.\n--b--\n";
    check(raw, "Two chairs.", &[("plan.txt", b"Blue.")]);
}

#[test]
fn the_name_of_a_file_that_stands_in_its_content() {
    let raw = "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nSee it.\n--b\nContent-Type: \
               application/octet-stream\nContent-Transfer-Encoding: x-uu\n\nbegin 644 cat.exe\n#0V%T\n`\nend\n--b--\n";
    check(raw, "See it.", &[("cat.exe", b"Cat")]);
}

#[test]
fn what_a_list_puts_below_base64_is_no_part_of_what_is_new() {
    let encoded = "R3LDvMOfZSBhdXMgS8O2bG4sIGJpdHRlIHJ1ZmVuIFNpZSBtaWNoIG1vcmdl\nbiB1bSB6ZWhuIGFuLgoKUm9zYQ==";
    let words = "Grüße aus Köln, bitte rufen Sie mich morgen um zehn an.\n\nRosa";
    for footer in [
        "_______________________________________________\nwood mailing list\nwood@lists.example\nhttps://lists.example/listinfo/wood",
        "\n-- \nYou received this message because you are subscribed to the Google Groups \"wood\" group.\nTo unsubscribe \
         from this group and stop receiving emails from it, send an email to wood+unsubscribe@googlegroups.com.",
    ] {
        let raw = format!(
            "From: rosa@customer.example\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n{encoded}\n{footer}\n"
        );
        for raw in [raw.clone(), raw.replace('\n', "\r\n")] {
            assert_eq!(extract(&parse(raw.as_bytes())), words, "{raw}");
        }
    }
}
