//! Lists as callers ask for them.

use actionlayer_store::{InvalidCursor, Page, StoreError};

use crate::ServiceError;

/// A cursor that is not of this list is the caller's mistake.
pub(crate) fn page<T>(answer: Result<Result<Page<T>, InvalidCursor>, StoreError>) -> Result<Page<T>, ServiceError> {
    answer?.map_err(|invalid| ServiceError::invalid("cursor", invalid))
}
