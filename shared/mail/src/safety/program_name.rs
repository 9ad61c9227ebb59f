//! Names of files that run when opened.

/// Extensions that a common system runs, mounts or installs when the file is opened. Macros count: that is what an
/// Office file with them is for.
const EXECUTABLE: [&str; 111] = [
    "ade",
    "adp",
    "apk",
    "app",
    "appimage",
    "application",
    "appref-ms",
    "appx",
    "asd",
    "bash",
    "bat",
    "cab",
    "chm",
    "cmd",
    "com",
    "command",
    "cpl",
    "csh",
    "deb",
    "desktop",
    "diagcab",
    "dll",
    "dmg",
    "docm",
    "dotm",
    "exe",
    "fish",
    "gadget",
    "hlp",
    "hta",
    "img",
    "inf",
    "ins",
    "iqy",
    "iso",
    "isp",
    "jar",
    "jnlp",
    "js",
    "jse",
    "ksh",
    "library-ms",
    "lnk",
    "mde",
    "mht",
    "mhtml",
    "mjs",
    "msc",
    "msh",
    "msi",
    "msix",
    "msp",
    "mst",
    "msu",
    "one",
    "out",
    "pif",
    "pkg",
    "potm",
    "ppa",
    "ppam",
    "ppsm",
    "pptm",
    "ps1",
    "ps1xml",
    "psc1",
    "psm1",
    "py",
    "pyc",
    "pyo",
    "pyw",
    "pyz",
    "pyzw",
    "rdp",
    "reg",
    "rpm",
    "run",
    "scf",
    "scpt",
    "scr",
    "sct",
    "search-ms",
    "settingcontent-ms",
    "sh",
    "shb",
    "shs",
    "slk",
    "sys",
    "theme",
    "url",
    "vb",
    "vbe",
    "vbs",
    "vhd",
    "vhdx",
    "vsto",
    "website",
    "wim",
    "workflow",
    "ws",
    "wsc",
    "wsf",
    "wsh",
    "xbap",
    "xla",
    "xlam",
    "xll",
    "xlsb",
    "xlsm",
    "xltm",
    "zsh",
];

/// Extensions of programs that are also sent as sources: not a danger among other sources.
const SOURCES: [&str; 9] = ["bash", "csh", "fish", "js", "ksh", "mjs", "py", "sh", "zsh"];

/// What stands beside sources in the archive of a site or a program, and not beside a lure.
const BESIDE_SOURCES: [&str; 26] = [
    "c", "cc", "cfg", "cpp", "css", "go", "h", "htm", "html", "ini", "java", "json", "jsx", "less", "map", "md", "php",
    "rs", "scss", "svg", "toml", "ts", "tsx", "xml", "yaml", "yml",
];

/// Documents that a program pretends to be: `invoice.pdf.js`.
const DOCUMENTS: [&str; 15] =
    ["csv", "doc", "docx", "gif", "jpeg", "jpg", "mp4", "pdf", "png", "ppt", "pptx", "rtf", "txt", "xls", "xlsx"];

/// The extension of a name, lower case, without what only says how it is packed.
pub(super) fn extension(name: &str) -> String {
    let Some((stem, last)) = name.trim_end_matches([' ', '.']).rsplit_once('.') else { return String::new() };
    let is_packed = ["gz", "bz2", "xz", "zst"].iter().any(|packed| last.eq_ignore_ascii_case(packed));
    let extension = if is_packed { stem.rsplit_once('.').map_or("", |(_, inner)| inner) } else { last };
    extension.to_ascii_lowercase()
}

/// Whether a file of that name runs when opened.
pub(super) fn is_executable_name(name: &str) -> bool {
    let last = last_piece(name);
    let extension = extension(last);
    // `www.example.com` is a page that was saved.
    let is_host = extension == "com" && last.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("www."));
    (EXECUTABLE.binary_search(&extension.as_str()).is_ok() && !is_host) || last.eq_ignore_ascii_case("vbaproject.bin")
}

/// Whether one of the files of an archive runs when opened. Scripts among other sources do not count: that is a site or a
/// program in source form. Alone, or with the name of a document, they do.
pub(super) fn is_executable_archive(names: &[String]) -> bool {
    let is_source = |name: &str| SOURCES.binary_search(&extension(name).as_str()).is_ok();
    let among_sources =
        names.iter().any(|name| BESIDE_SOURCES.binary_search(&extension(last_piece(name)).as_str()).is_ok());
    names.iter().any(|name| {
        is_executable_name(name)
            && !(among_sources && is_source(last_piece(name)) && !poses_as_document(last_piece(name)))
    })
}

fn poses_as_document(name: &str) -> bool {
    let stem = name.rsplit_once('.').map_or("", |(stem, _)| stem);
    DOCUMENTS.binary_search(&extension(stem).as_str()).is_ok()
}

fn last_piece(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_run() {
        for list in [&EXECUTABLE[..], &SOURCES, &BESIDE_SOURCES, &DOCUMENTS] {
            assert!(list.is_sorted());
        }
        for name in [
            "a.exe",
            "A.EXE",
            "a.exe ",
            "a.pdf.js",
            "x/y/run.ps1",
            "a.exe.gz",
            "word/vbaProject.bin",
            "b.xlsm",
            "b.xlsb",
            "d\\e.lnk",
            "x.rdp",
            "x.py",
            "x.cab",
            "x.mht",
            "invoice.com",
        ] {
            assert!(is_executable_name(name), "{name}");
        }
        for name in ["a.pdf", "exe", "a.exe/readme", "a.tar.gz", "a.docx", "", "www.customer.com"] {
            assert!(!is_executable_name(name), "{name}");
        }
    }

    #[test]
    fn scripts_in_archives() {
        let runs = |names: &[&str]| is_executable_archive(&names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>());
        for names in [
            &["invoice.js"][..],
            &["invoice.js", "readme.txt"],
            &["scan.pdf", "scan.js"],
            &["site/index.html", "site/app.js", "setup.exe"],
            &["index.html", "invoice.pdf.js"],
            &["word/document.xml", "word/vbaProject.bin"],
        ] {
            assert!(runs(names), "{names:?}");
        }
        for names in [
            &["index.html", "js/app.js"][..],
            &["project/README.md", "project/setup.py", "project/run.sh"],
            &["a.pdf", "b.jpg"],
            &[],
        ] {
            assert!(!runs(names), "{names:?}");
        }
    }
}
