//! Files of messages.

use actionlayer_api::ApiError;
use actionlayer_domain::{MessageId, message::Attachment};
use actionlayer_service::threads::messages::{FileContent, read_attachment};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::Call;
use crate::{
    answer::{MAX_RESULT_BYTES, NOTICE, size, value},
    input::read,
    pdf::{PdfFacts, facts},
    untrusted::piece,
    views::{AttachmentView, Moment},
};

/// Files over this are only linked to, in bytes.
const MAX_READ_BYTES: u64 = 2 * 1024 * 1024;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GetAttachment {
    /// The message.
    message_id: MessageId,
    /// `attachment_id` of one of its attachments.
    attachment_id: String,
    /// Where in the text of the file to begin: `next_from_character` of the answer before.
    #[schema(minimum = 0)]
    from_character: Option<usize>,
}

/// A file of a message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FileView {
    notice: &'static str,
    message_id: MessageId,
    /// Of a PDF.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pdf: Option<PdfFacts>,
    /// How many characters the text has altogether; `null` when the file is no text, or longer than 2 MB.
    characters: Option<usize>,
    next_from_character: Option<usize>,
    download_until: Moment,
    untrusted_content: FileText,
}

#[derive(Debug, Serialize, ToSchema)]
struct FileText {
    attachment: AttachmentView,
    /// Where a person can download it, until `download_until`. The sender's name of the file stands in it.
    download_url: String,
    text: Option<String>,
}

pub(crate) async fn get_attachment(call: Call) -> Result<Value, ApiError> {
    let input: GetAttachment = read(call.arguments.clone())?;
    let wanted = |file: &Attachment| (is_text(file) || is_pdf(file)) && file.size_bytes <= MAX_READ_BYTES;
    let FileContent { attachment, url, bytes } =
        read_attachment(&call.app, &call.caller, input.message_id, &input.attachment_id, wanted).await?;
    let text = bytes.as_deref().filter(|_| is_text(&attachment)).map(decode);
    let mut characters = MAX_RESULT_BYTES;
    loop {
        let part = text.as_deref().map(|text| piece(text, input.from_character.unwrap_or(0), characters));
        let view = FileView {
            notice: NOTICE,
            message_id: input.message_id,
            pdf: bytes.as_deref().filter(|_| is_pdf(&attachment)).and_then(facts),
            characters: part.as_ref().map(|part| part.characters),
            next_from_character: part.as_ref().and_then(|part| part.next_from_character),
            download_until: Moment(url.expires_at),
            untrusted_content: FileText {
                attachment: AttachmentView::of(&attachment),
                download_url: url.url.clone(),
                text: part.map(|part| part.text),
            },
        };
        if size(&view) <= MAX_RESULT_BYTES || characters < 100 {
            return value(&view);
        }
        characters /= 2;
    }
}

fn is_pdf(file: &Attachment) -> bool {
    file.content_type.eq_ignore_ascii_case("application/pdf") || extension(file).eq_ignore_ascii_case("pdf")
}

fn is_text(file: &Attachment) -> bool {
    const TYPES: [&str; 5] =
        ["application/json", "application/xml", "application/x-yaml", "application/yaml", "application/csv"];
    const EXTENSIONS: [&str; 10] = ["txt", "csv", "tsv", "json", "xml", "md", "log", "ics", "yaml", "yml"];
    let kind = file.content_type.to_ascii_lowercase();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.starts_with("text/")
        || TYPES.contains(&kind)
        || EXTENSIONS.contains(&extension(file).to_ascii_lowercase().as_str())
}

fn extension(file: &Attachment) -> &str {
    file.filename.rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// A text file, as UTF-16 where it says so and as UTF-8 otherwise; what is neither is shown as far as it can be.
fn decode(bytes: &[u8]) -> String {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.chunks_exact(2).filter_map(|pair| pair.try_into().ok().map(unit)).collect();
        String::from_utf16_lossy(&units)
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_say_how_a_text_is_written() {
        for bytes in [&b"\xff\xfeh\0i\0"[..], b"\xfe\xff\0h\0i", b"\xef\xbb\xbfhi", b"hi"] {
            assert_eq!(decode(bytes), "hi");
        }
        assert_eq!(decode(b"h\xffi"), "h\u{fffd}i");
    }
}
