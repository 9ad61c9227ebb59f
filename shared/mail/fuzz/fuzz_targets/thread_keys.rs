//! The ids that any headers cite: bounded, each once, fit for a key and for a header.

#![no_main]

use std::collections::HashSet;

use actionlayer_mail::{limits::MAX_MESSAGE_ID_BYTES, parse, received_for, thread_keys};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // Half of the inputs are header values only, so that the fuzzer need not find the names of the fields.
    let raw = match bytes.split_first() {
        Some((b'r', value)) => [b"Message-ID: <own@x>\nReferences: ", value, b"\n\n"].concat(),
        Some((b'i', value)) => [b"Message-ID: <own@x>\nIn-Reply-To: ", value, b"\n\n"].concat(),
        _ => bytes.to_vec(),
    };
    let mail = parse(&raw);
    let _ = received_for(&raw);
    let keys = thread_keys(&mail);
    assert!(keys.len() <= 32);
    assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len());
    for key in keys {
        assert!(!key.is_empty() && key.len() <= MAX_MESSAGE_ID_BYTES);
        assert!(!key.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>')));
        assert_ne!(Some(key), mail.message_id.as_deref());
    }
});
