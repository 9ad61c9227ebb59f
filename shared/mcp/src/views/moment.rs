//! Times with their weekday: models are bad at working it out.

use actionlayer_domain::Timestamp;
use serde::{Serialize, Serializer};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, schema::Type},
};

/// A point in time, as `2026-04-30T14:22:11.000Z (Thursday)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment(pub(crate) Timestamp);

impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const DAYS: [&str; 7] = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];
        // 1970-01-01 was a Thursday.
        let day = usize::try_from(self.0.unix_seconds().div_euclid(86_400).rem_euclid(7)).unwrap_or(0);
        write!(f, "{} ({})", self.0, DAYS.get(day).unwrap_or(&"Thursday"))
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl PartialSchema for Moment {
    fn schema() -> RefOr<Schema> {
        let pattern = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z \([A-Z][a-z]+day\)$";
        ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern)).into()
    }
}

impl ToSchema for Moment {}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_moment_has_its_weekday() {
        for (at, shown) in [
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z (Thursday)"),
            ("2026-11-26T23:59:59.999Z", "2026-11-26T23:59:59.999Z (Thursday)"),
            ("2026-11-27T00:00:00Z", "2026-11-27T00:00:00.000Z (Friday)"),
            ("2024-02-29T12:00:00Z", "2024-02-29T12:00:00.000Z (Thursday)"),
        ] {
            assert_eq!(Moment(at.parse().unwrap()).to_string(), shown);
        }
    }
}
