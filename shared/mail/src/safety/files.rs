//! Files that run when opened.

use super::{
    active_page::is_active_page,
    program_name::{extension, is_executable_archive, is_executable_name},
};
use crate::{archive, body, header::read_block, limits::TOP_HEADERS, structure::unwrapped};

/// Whether a file runs when opened: by its name, its media type, its first bytes, or what is in it. Of an attached
/// message, its files are asked.
pub fn is_executable(filename: &str, media_type: &str, content: &[u8]) -> bool {
    runs(filename, media_type, content)
        || ((matches!(media_type, "message/rfc822" | "message/global") || extension(filename) == "eml")
            && has_file_that_runs(content))
}

/// Whether a file of a mail runs. What is attached to it as a message is not opened.
fn has_file_that_runs(raw: &[u8]) -> bool {
    let top = read_block(raw, TOP_HEADERS, |_| false);
    let (raw, structure) = unwrapped(raw, &top);
    body::attachments(&structure)
        .filter_map(|index| structure.parts.get(index))
        .any(|part| runs(part.info.filename.as_deref().unwrap_or_default(), &part.info.media_type, &part.content(&raw)))
        || body::files_in_texts(&raw, &structure)
            .any(|file| runs(&file.name, "application/octet-stream", &file.content))
}

fn runs(filename: &str, media_type: &str, content: &[u8]) -> bool {
    let is_named_program = is_executable_name(filename)
        && !(extension(filename) == "com" && !is_program_type(media_type) && is_document(media_type, content));
    is_named_program
        || (is_program_type(media_type) && media_type != "application/octet-stream")
        || begins_as_program(content)
        || is_executable_archive(&archive::names(content))
        || archive::has_old_macros(content)
        || is_active_page(filename, media_type, content)
}

/// Media types of programs; the last one says nothing, so that a name is believed.
fn is_program_type(media_type: &str) -> bool {
    matches!(
        media_type,
        "application/x-msdownload"
            | "application/x-dosexec"
            | "application/x-msdos-program"
            | "application/vnd.microsoft.portable-executable"
            | "application/x-executable"
            | "application/x-mach-binary"
            | "application/x-msi"
            | "application/x-bat"
            | "application/hta"
            | "application/java-archive"
            | "application/vnd.android.package-archive"
            | "application/x-ms-shortcut"
            | "application/octet-stream"
    ) || media_type.ends_with(".macroenabled.12")
}

fn begins_as_program(content: &[u8]) -> bool {
    let magic: [&[u8]; 10] = [
        b"MZ\x90\0",
        b"MZP\0",
        b"\x7fELF",
        // Mach-O, of 32 and 64 bits, in both orders of bytes; several in one, which Java has, too.
        b"\xfe\xed\xfa\xce",
        b"\xce\xfa\xed\xfe",
        b"\xfe\xed\xfa\xcf",
        b"\xcf\xfa\xed\xfe",
        b"\xca\xfe\xba\xbe",
        b"L\0\0\0\x01\x14\x02\0",
        b"#!/",
    ];
    magic.iter().any(|m| content.starts_with(m)) || is_portable_executable(content)
}

/// `MZ`, and at the offset it gives, `PE`.
fn is_portable_executable(content: &[u8]) -> bool {
    let offset = content.get(0x3c..0x40).and_then(|b| b.try_into().ok()).map(u32::from_le_bytes);
    let header = offset.and_then(|at| usize::try_from(at).ok()).and_then(|at| content.get(at..)?.get(..4));
    content.starts_with(b"MZ") && header == Some(b"PE\0\0")
}

/// Whether it is a text, a page or another document, and no program of DOS.
fn is_document(media_type: &str, content: &[u8]) -> bool {
    if content.is_empty() {
        return media_type.starts_with("text/") || media_type.starts_with("image/") || media_type == "application/pdf";
    }
    let known: [&[u8]; 5] = [b"%PDF-", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"PK\x03\x04"];
    let start = content.get(..content.len().min(512)).unwrap_or_default();
    known.iter().any(|mark| content.starts_with(mark))
        || (media_type.starts_with("text/") && !start.iter().any(|b| *b < 9))
        || start.trim_ascii_start().starts_with(b"<")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_run() {
        for (name, content) in [
            ("invoice.pdf.exe", &b""[..]),
            ("a.LNK", b""),
            ("x.iso", b""),
            ("photo.jpg", b"MZ\x90\0"),
            ("x.bin", b"\xfe\xed\xfa\xcf"),
            ("x.bin", b"\xcf\xfa\xed\xfe"),
            ("x.gz", b"\x1f\x8b\x08\x08\0\0\0\0\0\x03run.exe\0x"),
            ("invoice.com", b"\xb4\x09"),
            ("invoice.com", b"text"),
        ] {
            assert!(is_executable(name, "application/octet-stream", content), "{name}");
        }
        let mut program = vec![0; 0x80];
        program[..2].copy_from_slice(b"MZ");
        program[0x3c] = 0x70;
        assert!(!is_executable("x.bin", "a/b", &program));
        program[0x70..0x72].copy_from_slice(b"PE");
        assert!(is_executable("x.bin", "a/b", &program));
        assert!(is_executable("x", "application/vnd.ms-excel.sheet.macroenabled.12", b""));
        assert!(is_executable("customer.com", "application/x-msdownload", b"<html>"));
        for (name, media_type, content) in [
            ("report.pdf", "application/pdf", &b"%PDF-1.7"[..]),
            ("www.customer.com", "application/octet-stream", b"text"),
            ("customer.com", "text/html", b"<!doctype html>"),
            ("customer.com", "text/plain", b"some words"),
            ("customer.com", "text/html", b""),
            ("notes.txt", "text/plain", b"<script>"),
            ("mz.txt", "text/plain", b"MZ is a mark"),
        ] {
            assert!(!is_executable(name, media_type, content), "{name}");
        }
    }

    #[test]
    fn files_of_attached_messages() {
        let message = |file: &str| {
            format!("Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nhi\n--b\n{file}\n--b--\n")
        };
        let program = message("Content-Type: application/octet-stream; name=run.exe\n\nMZ");
        for raw in [program.as_str(), "Content-Type: application/x-msdownload; name=run.exe\n\nMZ"] {
            assert!(is_executable("in.eml", "message/rfc822", raw.as_bytes()), "{raw}");
            assert!(is_executable("in.eml", "application/octet-stream", raw.as_bytes()), "{raw}");
            assert!(!is_executable("in.txt", "text/plain", raw.as_bytes()), "{raw}");
        }
        let deeper = message(&format!(
            "Content-Type: message/rfc822\n\n{}",
            program.replace("=b\n", "=c\n").replace("--b", "--c")
        ));
        for raw in [deeper.as_str(), "Subject: x\n\nrun.exe", "", &message("Content-Type: image/png; name=a.png\n\nx")]
        {
            assert!(!is_executable("in.eml", "message/rfc822", raw.as_bytes()), "{raw}");
        }
    }
}
