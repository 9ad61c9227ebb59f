//! Why a request got no answer, in one of a few words.

use std::{error::Error, io};

use actionlayer_domain::webhook::AttemptError;

use super::resolve::Unreachable;

/// The word for an error: the innermost cause that has one.
pub(super) fn of(error: &reqwest::Error) -> AttemptError {
    if error.is_timeout() {
        return AttemptError::Timeout;
    }
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(word) = word(error) {
            return word;
        }
        // The error inside an I/O error is not among its sources; and one may be inside another.
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        cause = inner.map_or_else(|| error.source(), |inner| Some(inner));
    }
    AttemptError::ConnectionFailed
}

fn word(error: &(dyn Error + 'static)) -> Option<AttemptError> {
    if let Some(Unreachable(word)) = error.downcast_ref() {
        return Some(*word);
    }
    if error.is::<rustls::Error>() {
        return Some(AttemptError::TlsError);
    }
    let unreadable = |error: &hyper::Error| error.is_parse() || error.is_parse_too_large() || error.is_parse_status();
    error.downcast_ref().filter(|error| unreadable(error)).map(|_| AttemptError::InvalidResponse)
}
