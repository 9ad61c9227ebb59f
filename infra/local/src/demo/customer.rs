//! What the customer writes: mails as real clients send them.

/// The customer.
pub(super) const ADDRESS: &str = "joerg@kunde.test";

/// HTML and text, an attachment, a subject and a name beyond ASCII.
pub(super) fn question() -> String {
    "From: =?utf-8?q?J=C3=B6rg_M=C3=BCller?= <joerg@kunde.test>\n\
     To: anna@boehm.test\n\
     Subject: =?utf-8?b?R3LDvMOfZSB1bmQgZWluZSBGcmFnZSDwn4y3?=\n\
     Date: Thu, 30 Apr 2026 16:22:05 +0200\n\
     Message-ID: <frage-1@kunde.test>\n\
     MIME-Version: 1.0\n\
     Content-Type: multipart/mixed; boundary=\"aussen\"\n\
     \n\
     --aussen\n\
     Content-Type: multipart/alternative; boundary=\"innen\"\n\
     \n\
     --innen\n\
     Content-Type: text/plain; charset=utf-8\n\
     Content-Transfer-Encoding: 8bit\n\
     \n\
     Was kostet ein Strauß Tulpen?\n\
     \n\
     --innen\n\
     Content-Type: text/html; charset=utf-8\n\
     Content-Transfer-Encoding: 8bit\n\
     \n\
     <p>Was kostet ein <b>Strauß Tulpen</b>?</p>\n\
     \n\
     --innen--\n\
     --aussen\n\
     Content-Type: application/pdf; name=\"garten.pdf\"\n\
     Content-Disposition: attachment; filename=\"garten.pdf\"\n\
     Content-Transfer-Encoding: base64\n\
     \n\
     JVBERi0xLjQKJSVFT0YK\n\
     --aussen--\n"
        .replace('\n', "\r\n")
}

/// A short reply that cites one Message-ID, with nothing else to know the thread by.
pub(super) fn reply(message_id: &str, cited: &str, text: &str) -> String {
    format!(
        "From: =?utf-8?q?J=C3=B6rg_M=C3=BCller?= <joerg@kunde.test>\n\
         To: anna@boehm.test\n\
         Subject: Nochmal\n\
         Date: Thu, 30 Apr 2026 17:00:00 +0200\n\
         Message-ID: {message_id}\n\
         In-Reply-To: <{cited}>\n\
         MIME-Version: 1.0\n\
         Content-Type: text/plain; charset=utf-8\n\
         Content-Transfer-Encoding: 8bit\n\
         \n\
         {text}\n"
    )
    .replace('\n', "\r\n")
}
