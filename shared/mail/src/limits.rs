//! How much of a mail is looked at. Everything that walks a stranger's bytes stops at one of these.
//!
//! The MIME tree is walked by a loop with an explicit, bounded stack (`structure.rs`), so no input can use up the
//! call stack, and every pass is linear in the input.

/// The largest raw mail that is parsed, in bytes: what SES receives at most. Of a larger one only the top headers are
/// read.
pub const MAX_RAW_BYTES: usize = 40 * 1024 * 1024;
/// MIME parts read, multiparts included.
pub const MAX_PARTS: usize = 1_000;
/// Multiparts within multiparts. Real mail stays below ten.
pub const MAX_DEPTH: usize = 32;
/// Lines that begin like a delimiter of a multipart and are none; after so many, the rest belongs to the part it is in.
pub const MAX_FALSE_DELIMITERS: usize = 100_000;
/// Bytes of text and HTML read of one mail, as they stand in it. Nobody reads a mail half as long.
pub const MAX_TEXT_BYTES: usize = 2 * 1024 * 1024;
/// Parameters kept of one field, pieces of continued ones (RFC 2231) included.
pub const MAX_PARAMETERS: usize = 200;
/// Addresses kept of one header field.
pub const MAX_ADDRESSES: usize = 1_000;
/// Message-IDs kept of `References`: the first one and the newest.
pub const MAX_REFERENCES: usize = 100;
/// Recipients read of one report.
pub const MAX_REPORTED_RECIPIENTS: usize = 100;
/// Bytes kept of the names and addresses in `To`, `Cc` and `Reply-To` together. With the next two and the text, a mail
/// stays well below the 400 KB of an item; people's mail stays below 20.
pub const MAX_ADDRESSES_BYTES: usize = 64 * 1024;
/// Bytes kept of the ids in `In-Reply-To` and `References` together.
pub const MAX_IDS_BYTES: usize = 32 * 1024;
/// Bytes kept of what is said about the files: names, media types, ids.
pub const MAX_FILES_BYTES: usize = 96 * 1024;
/// The longest subject, author's name or address kept, in bytes. A line of a header has 998 (RFC 5322, section 2.1.1).
pub const MAX_LINE_BYTES: usize = 4 * 1024;
/// The longest address kept of a report, in bytes: a path holds no more (RFC 5321, section 4.5.3.1).
pub const MAX_ADDRESS_BYTES: usize = 320;
/// The longest value kept of a field of a report that is not an address, in bytes.
pub const MAX_REPORT_WORDS_BYTES: usize = 256;
/// The longest Message-ID kept, in bytes: a header line holds no more (RFC 5322, section 2.1.1).
pub const MAX_MESSAGE_ID_BYTES: usize = 900;

/// The bounds of one header block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HeaderLimits {
    /// Fields kept.
    pub(crate) fields: usize,
    /// Bytes kept of one field, folding included.
    pub(crate) field_bytes: usize,
    /// Bytes kept of the whole block.
    pub(crate) block_bytes: usize,
    /// `=?` marks kept in the whole block: no subject or list of names that people write has more.
    pub(crate) encoded_words: usize,
}

/// The headers of the mail itself.
pub(crate) const TOP_HEADERS: HeaderLimits =
    HeaderLimits { fields: 1_000, field_bytes: 64 * 1024, block_bytes: 512 * 1024, encoded_words: 2_000 };

/// The headers of a MIME part.
pub(crate) const PART_HEADERS: HeaderLimits =
    HeaderLimits { fields: 100, field_bytes: 8 * 1024, block_bytes: 32 * 1024, encoded_words: 200 };
