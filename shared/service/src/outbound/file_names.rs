//! Names and media types of files that are to be sent.

use actionlayer_domain::HeaderText;
use actionlayer_mail::{is_content_type, safe_filename};

use crate::fields::Fields;

/// A name that every mail program saves a file under as it stands.
pub(crate) fn check_filename(field: &str, name: &str, fields: &mut Fields) -> Option<HeaderText> {
    match safe_filename(name) {
        Some(safe) if safe == name => HeaderText::parse(safe).ok(),
        Some(safe) => {
            fields.refuse(field, format!("must be a plain file name of at most 200 bytes; `{safe}` would do"));
            None
        }
        None => {
            fields.refuse(field, "must be a plain file name such as `report.pdf`");
            None
        }
    }
}

pub(crate) fn check_content_type(field: &str, content_type: &str, fields: &mut Fields) {
    if !is_content_type(content_type) {
        fields.refuse(
            field,
            "must be a media type such as `application/pdf`, with no parameters but `charset` and `method`, as in \
             `text/calendar; method=REQUEST`",
        );
    }
}
