//! Files that run when opened.

use crate::archive;

/// Whether a file runs when opened: by its name, its media type, its first bytes, or what is in it.
pub fn is_executable(filename: &str, media_type: &str, content: &[u8]) -> bool {
    let by_type = matches!(
        media_type,
        "application/x-msdownload"
            | "application/x-dosexec"
            | "application/x-msdos-program"
            | "application/x-executable"
            | "application/x-mach-binary"
            | "application/hta"
            | "application/java-archive"
            | "application/vnd.android.package-archive"
            | "application/x-ms-shortcut"
    );
    let magic: [&[u8]; 7] =
        [b"MZ\x90\0", b"MZP\0", b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"L\0\0\0\x01\x14\x02\0", b"#!/"];
    let runs = |name: &str| archive::is_executable_name(name);
    runs(filename)
        || by_type
        || magic.iter().any(|m| content.starts_with(m))
        || archive::names(content).iter().any(|name| runs(name))
        || is_active_page(filename, media_type, content)
}

/// A page or a drawing that brings a program: opened from a mail, it runs in the browser.
fn is_active_page(filename: &str, media_type: &str, content: &[u8]) -> bool {
    const MAX_BYTES: usize = 1024 * 1024;
    let extension = archive::extension(filename);
    let is_page = matches!(media_type, "text/html" | "application/xhtml+xml" | "image/svg+xml")
        || matches!(extension.as_str(), "html" | "htm" | "xhtml" | "shtml" | "svg");
    let start = content.get(..content.len().min(MAX_BYTES)).unwrap_or_default().to_ascii_lowercase();
    is_page && [&b"<script"[..], b"javascript:", b"onload="].iter().any(|m| memchr::memmem::find(&start, m).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_run() {
        for (name, content) in [("invoice.pdf.exe", ""), ("a.LNK", ""), ("x.iso", ""), ("photo.jpg", "MZ\u{90}")] {
            let content: Vec<u8> =
                content.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(0)).chain([0]).collect();
            assert!(is_executable(name, "application/octet-stream", &content), "{name}");
        }
        assert!(!is_executable("report.pdf", "application/pdf", b"%PDF-1.7"));
        assert!(is_executable("page.html", "text/html", b"<p>hi<SCRIPT src=x>"));
        assert!(is_executable("x.svg", "image/svg+xml", b"<svg onload=alert(1)>"));
        assert!(!is_executable("page.html", "text/html", b"<p>hi"));
        assert!(!is_executable("notes.txt", "text/plain", b"<script>"));
    }
}
