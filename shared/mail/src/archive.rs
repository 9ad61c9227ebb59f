//! What is in an archive, by the names it lists. Nothing is unpacked.

/// What a compound file begins with (Microsoft's CFB, the container of Office before 2007).
const COMPOUND_FILE: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// Entries read of one archive.
const MAX_ENTRIES: usize = 2_000;
/// Where the end of a zip's directory is looked for: its record and the longest comment.
const MAX_ZIP_TAIL: usize = 22 + 65_535;

/// The names of the entries of a zip (and of everything built on it) or a tar; none for anything else.
pub(crate) fn names(content: &[u8]) -> Vec<String> {
    let is_zip =
        content.starts_with(b"PK\x03\x04") || content.starts_with(b"PK\x05\x06") || content.starts_with(b"PK\x07\x08");
    if is_zip {
        let listed = zip_directory(content).unwrap_or_default();
        // Without a directory, some programs still read the entries themselves.
        return if listed.is_empty() { zip_entries(content) } else { listed };
    }
    if content.get(257..262) == Some(b"ustar") {
        return tar_entries(content);
    }
    if content.starts_with(b"\x1f\x8b\x08") {
        return gzip_name(content).into_iter().collect();
    }
    // What stands before a zip does not keep programs from reading it.
    zip_directory(content).unwrap_or_default()
}

/// Whether it is a document of Office before 2007 that brings macros: its directory names their storage, in UTF-16.
pub(crate) fn has_old_macros(content: &[u8]) -> bool {
    let has_name = || {
        let name: Vec<u8> = b"_VBA_PROJECT".iter().flat_map(|b| [*b, 0]).collect();
        memchr::memmem::find(content, &name).is_some()
    };
    content.starts_with(COMPOUND_FILE) && has_name()
}

/// The name that a file had before it was packed (RFC 1952, section 2.3).
fn gzip_name(content: &[u8]) -> Option<String> {
    const EXTRA: u8 = 4;
    const NAME: u8 = 8;
    const MAX_NAME_BYTES: usize = 1_024;
    let flags = *content.get(3)?;
    let extra = if flags & EXTRA == 0 { 0 } else { 2 + usize::from(u16_at(content, 10)?) };
    let rest = content.get(10 + extra..).filter(|_| flags & NAME != 0)?;
    let rest = rest.get(..rest.len().min(MAX_NAME_BYTES))?;
    rest.split(|b| *b == 0).next().map(text)
}

/// APPNOTE.TXT of PKWARE, sections 4.3.16 and 4.3.12.
fn zip_directory(content: &[u8]) -> Option<Vec<String>> {
    let tail = content.len().saturating_sub(MAX_ZIP_TAIL);
    // No text has the third byte of the mark.
    let third = memchr::memrchr_iter(0x05, content.get(tail..)?).map(|at| tail + at);
    let end = third.filter_map(|at| at.checked_sub(2)).find(|at| content.get(*at..at + 4) == Some(b"PK\x05\x06"))?;
    let size = usize::try_from(u32_at(content, end + 12)?).ok()?;
    // Counted back from its end: what stands before the archive shifts the offsets it states.
    let mut at = end.checked_sub(size)?;
    let mut names = Vec::new();
    while names.len() < MAX_ENTRIES && content.get(at..at + 4) == Some(b"PK\x01\x02") {
        let length = |offset: usize| u16_at(content, at + offset).map(usize::from);
        let (name, extra, comment) = (length(28)?, length(30)?, length(32)?);
        names.push(text(content.get(at + 46..at + 46 + name)?));
        at += 46 + name + extra + comment;
    }
    Some(names)
}

/// Section 4.3.7: the headers before each entry's content.
fn zip_entries(content: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    for at in memchr::memmem::find_iter(content, b"PK\x03\x04").take(MAX_ENTRIES) {
        let length = u16_at(content, at + 26).map(usize::from).unwrap_or_default();
        if let Some(name) = content.get(at + 30..at + 30 + length) {
            names.push(text(name));
        }
    }
    names
}

/// POSIX.1-2001 ustar: blocks of 512 bytes, a header before each file.
fn tar_entries(content: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    let mut at = 0;
    while names.len() < MAX_ENTRIES
        && let Some(header) = content.get(at..at + 512)
        && header.get(257..262) == Some(b"ustar")
    {
        let name = header.get(..100).unwrap_or_default();
        names.push(text(name.split(|b| *b == 0).next().unwrap_or_default()));
        let digits = header.get(124..136).unwrap_or_default();
        let size = digits
            .iter()
            .skip_while(|b| **b == b' ')
            .take_while(|b| (b'0'..=b'7').contains(*b))
            .fold(0_usize, |size, b| size.saturating_mul(8).saturating_add(usize::from(b - b'0')));
        at = at.saturating_add(512).saturating_add(size.div_ceil(512).saturating_mul(512));
    }
    names
}

fn text(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

fn u16_at(content: &[u8], at: usize) -> Option<u16> {
    content.get(at..at + 2).and_then(|b| b.try_into().ok()).map(u16::from_le_bytes)
}

fn u32_at(content: &[u8], at: usize) -> Option<u32> {
    content.get(at..at + 4).and_then(|b| b.try_into().ok()).map(u32::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zip(names: &[&str]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut directory = Vec::new();
        for name in names {
            let length = u16::try_from(name.len()).expect("short").to_le_bytes();
            out.extend_from_slice(b"PK\x03\x04");
            out.extend_from_slice(&[0; 22]);
            out.extend_from_slice(&length);
            out.extend_from_slice(&[0; 2]);
            out.extend_from_slice(name.as_bytes());
            directory.extend_from_slice(b"PK\x01\x02");
            directory.extend_from_slice(&[0; 24]);
            directory.extend_from_slice(&length);
            directory.extend_from_slice(&[0; 16]);
            directory.extend_from_slice(name.as_bytes());
        }
        let size = u32::try_from(directory.len()).expect("short").to_le_bytes();
        out.extend(directory);
        out.extend_from_slice(b"PK\x05\x06");
        out.extend_from_slice(&[0; 8]);
        out.extend_from_slice(&size);
        out.extend_from_slice(&[0; 6]);
        out
    }

    #[test]
    fn entries_are_listed() {
        let archive = zip(&["readme.txt", "dir/invoice.pdf.exe"]);
        assert_eq!(names(&archive), ["readme.txt", "dir/invoice.pdf.exe"]);
        // Cut before its directory.
        let cut = memchr::memmem::find(&archive, b"PK\x01\x02").expect("a directory");
        assert_eq!(names(&archive[..cut]), ["readme.txt", "dir/invoice.pdf.exe"]);
        for end in 0..archive.len() {
            let _ = names(&archive[..end]);
        }
        let mut tar = vec![0; 1536];
        tar[..5].copy_from_slice(b"a.txt");
        tar[124..135].copy_from_slice(b"00000000001");
        tar[257..262].copy_from_slice(b"ustar");
        let mut second = tar[..512].to_vec();
        second[..5].copy_from_slice(b"b.lnk");
        tar.splice(1024.., second);
        assert_eq!(names(&tar), ["a.txt", "b.lnk"]);
        assert!(names(b"%PDF-1.7").is_empty());
    }

    #[test]
    fn what_stands_before_a_zip_hides_nothing() {
        let archive = [b"GIF89a and more".to_vec(), zip(&["a.exe"])].concat();
        assert_eq!(names(&archive), ["a.exe"]);
        assert!(names(b"PK\x05\x06 is the end of a zip").is_empty());
    }

    #[test]
    fn the_name_in_a_gzip() {
        assert_eq!(names(b"\x1f\x8b\x08\x08\0\0\0\0\0\x03run.exe\0x"), ["run.exe"]);
        assert_eq!(names(b"\x1f\x8b\x08\x0c\0\0\0\0\0\x03\x02\0abrun.exe\0x"), ["run.exe"]);
        assert!(names(b"\x1f\x8b\x08\0\0\0\0\0\0\x03run.exe\0x").is_empty());
        assert!(names(b"\x1f\x8b\x08\x0c\0\0").is_empty());
    }

    #[test]
    fn macros_of_old_documents() {
        let mut document = COMPOUND_FILE.to_vec();
        document.extend([0; 600]);
        assert!(!has_old_macros(&document));
        document.extend(b"_VBA_PROJECT_CUR".iter().flat_map(|b| [*b, 0]));
        assert!(has_old_macros(&document));
        assert!(!has_old_macros(&document[1..]));
    }
}
