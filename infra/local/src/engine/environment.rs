//! What each function knows, written down for whoever runs one by hand beside the engine.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::Path,
};

use crate::private_file::for_its_owner_alone;

/// Writes a function's variables to `environment/<function>.env` in the data folder, as `cargo lambda watch --env-file` reads
/// them: everything that template.yaml gives it, and where this engine's services are. For its owner alone, since parameters
/// may be secrets.
pub(super) fn write(data: &Path, function: &str, variables: &BTreeMap<String, String>) -> io::Result<()> {
    let folder = data.join("environment");
    fs::create_dir_all(&folder)?;
    let path = folder.join(format!("{function}.env"));
    // Made anew: what is there may be readable by others.
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    for_its_owner_alone(&mut options);
    options.open(&path)?.write_all(text(variables).as_bytes())
}

/// A line for each variable, its value in double quotes, in which a backslash escapes.
fn text(variables: &BTreeMap<String, String>) -> String {
    let mut text = String::new();
    for (name, value) in variables {
        text.extend([name.as_str(), "=\""]);
        for character in value.chars() {
            match character {
                '\\' | '"' | '$' => text.extend(['\\', character]),
                '\n' => text.push_str("\\n"),
                _ => text.push(character),
            }
        }
        text.push_str("\"\n");
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::private_file::is_open_to_others;

    #[test]
    fn a_file_holds_each_variable_and_is_its_owners() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("environment/threads.env");
        let pairs = [("PUBLIC_URL", "http://127.0.0.1:8787"), ("ODD", "a \"b\" $c \\d\ne"), ("EMPTY", "")];
        let variables = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        fs::create_dir(folder.path().join("environment")).unwrap();
        fs::write(&path, "an earlier start's, and anybody's").unwrap();
        write(folder.path(), "threads", &variables).unwrap();
        let written = fs::read_to_string(&path).unwrap();
        let expected = "EMPTY=\"\"\nODD=\"a \\\"b\\\" \\$c \\\\d\\ne\"\nPUBLIC_URL=\"http://127.0.0.1:8787\"\n";
        assert_eq!(written, expected);
        assert!(!is_open_to_others(&fs::File::open(&path).unwrap()).unwrap());
    }
}
