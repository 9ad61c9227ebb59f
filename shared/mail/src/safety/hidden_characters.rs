//! Characters that carry text past a reader.

/// Characters that carry text past a reader: bidirectional overrides, tag characters outside a flag, zero-width ones
/// within words or in long mixed runs, runs of variation selectors. What scripts and emoji need of them is left alone.
pub(super) fn has_hidden_characters(text: &str) -> bool {
    // All that is looked for below begins with one of these bytes, and most of what people write does not.
    if memchr::memchr3(0xe2, 0xef, 0xf3, text.as_bytes()).is_none() {
        return false;
    }
    let mut words_cut = 0;
    let mut run: Vec<char> = Vec::new();
    let mut selectors = 0;
    let mut in_flag = false;
    let mut before = ' ';
    for c in text.chars() {
        match c {
            '\u{202d}' | '\u{202e}' => return true,
            // 🏴 followed by tags is the flag of England, Scotland or Wales.
            '\u{e0020}'..='\u{e007f}' if in_flag => continue,
            '\u{e0000}'..='\u{e007f}' => return true,
            '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}' | '\u{feff}' => {
                if run.len() < MAX_ZERO_WIDTH_RUN {
                    run.push(c);
                }
                if run.len() == MAX_ZERO_WIDTH_RUN && run.iter().any(|other| *other != c) {
                    return true;
                }
                continue;
            }
            '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => selectors += 1,
            _ => selectors = 0,
        }
        words_cut += usize::from(!run.is_empty() && before.is_ascii_alphanumeric() && c.is_ascii_alphanumeric());
        if words_cut >= MAX_WORDS_CUT || selectors >= MAX_SELECTOR_RUN {
            return true;
        }
        run.clear();
        before = c;
        in_flag = c == '\u{1f3f4}';
    }
    false
}

/// Latin words with something invisible in them. One or two are an accident of copying.
const MAX_WORDS_CUT: usize = 3;
/// Zero-width characters of several kinds in a row: a message in bits.
const MAX_ZERO_WIDTH_RUN: usize = 8;
/// Variation selectors in a row; an emoji has one.
const MAX_SELECTOR_RUN: usize = 4;
