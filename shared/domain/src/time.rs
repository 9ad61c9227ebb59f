//! Points in time, as the API shows them: RFC 3339 in UTC.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{fmt, str::FromStr, time::Duration};

/// A point in time, in milliseconds since 1970-01-01T00:00:00Z.
///
/// Written as RFC 3339 with exactly three decimals and `Z` (`2026-04-30T14:22:11.000Z`), so that the text sorts as the
/// time does and may stand in a sort key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// The last representable instant, 9999-12-30T22:00:00Z: RFC 3339 has four digits for the year, in every time zone.
const MAX_UNIX_MS: i64 = 253_402_207_200_000;

/// The text is not an RFC 3339 time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an RFC 3339 time such as 2026-04-30T14:22:11Z")]
pub struct InvalidTimestamp;

/// The text is neither a day nor an RFC 3339 time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a day such as 2026-04-30, or an RFC 3339 time such as 2026-04-30T14:22:11Z")]
pub struct InvalidDate;

impl Timestamp {
    /// From milliseconds since the Unix epoch; clamped to the years 1970 to 9999.
    pub const fn from_unix_ms(unix_ms: i64) -> Self {
        if unix_ms < 0 {
            Self(0)
        } else if unix_ms > MAX_UNIX_MS {
            Self(MAX_UNIX_MS)
        } else {
            Self(unix_ms)
        }
    }

    /// The first instant of a day in UTC (`2026-04-30`), or the instant an RFC 3339 time is.
    pub fn first_of(text: &str) -> Result<Self, InvalidDate> {
        Self::of_date(text, "T00:00:00.000Z")
    }

    /// The last instant of a day in UTC, or the instant an RFC 3339 time is.
    pub fn last_of(text: &str) -> Result<Self, InvalidDate> {
        Self::of_date(text, "T23:59:59.999Z")
    }

    fn of_date(text: &str, time: &str) -> Result<Self, InvalidDate> {
        let is_day = text.len() == "2026-04-30".len();
        let instant = if is_day { format!("{text}{time}").parse() } else { text.parse() };
        instant.map_err(|InvalidTimestamp| InvalidDate)
    }

    /// Its day in UTC, as `2026-04-30`.
    pub fn date(self) -> String {
        self.to_string().chars().take("2026-04-30".len()).collect()
    }

    /// Milliseconds since the Unix epoch.
    pub const fn unix_ms(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, as DynamoDB's TTL wants them.
    pub const fn unix_seconds(self) -> i64 {
        self.0 / 1000
    }

    /// This instant plus a duration, clamped to the last representable one.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        let ms = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self::from_unix_ms(self.0.saturating_add(ms))
    }

    /// This instant so many months later, in UTC; the last day of a month that has no such day.
    #[must_use]
    pub fn after_months(self, months: u32) -> Self {
        let instant = jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let later = jiff::Span::new().try_months(months).ok().and_then(|span| {
            let later = jiff::tz::Offset::UTC.to_datetime(instant).checked_add(span).ok()?;
            jiff::tz::Offset::UTC.to_timestamp(later).ok()
        });
        // Past the last year there is, it is clamped as everywhere.
        let later = later.unwrap_or(jiff::Timestamp::MAX);
        Self::from_unix_ms(later.as_millisecond())
    }

    /// How many whole months ago `earlier` was, in UTC; zero when it lies ahead. The inverse of [`Self::after_months`].
    pub fn months_since(self, earlier: Self) -> u32 {
        let month = |at: Self| {
            let text = at.to_string();
            let part = |range| text.get(range).and_then(|digits: &str| digits.parse::<u32>().ok()).unwrap_or_default();
            part(0..4) * 12 + part(5..7)
        };
        let months = month(self).saturating_sub(month(earlier));
        // The month that has begun is whole only once its day and time are there.
        if months > 0 && earlier.after_months(months) > self { months - 1 } else { months }
    }

    /// How long ago `earlier` was; zero when it lies ahead.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // In range by construction, see `from_unix_ms`.
        let instant = jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        write!(f, "{instant:.3}")
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let instant: jiff::Timestamp = text.parse().map_err(|_| InvalidTimestamp)?;
        Ok(Self::from_unix_ms(instant.as_millisecond()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_sorts_as_time_does() {
        let early = Timestamp::from_unix_ms(1_777_559_331_005);
        let late = Timestamp::from_unix_ms(1_777_559_331_100);
        assert_eq!(early.to_string(), "2026-04-30T14:28:51.005Z");
        assert!(early.to_string() < late.to_string());
        assert_eq!(early.to_string().parse(), Ok(early));
    }

    #[test]
    fn a_day_has_a_first_and_a_last_instant() {
        assert_eq!(
            Timestamp::first_of("2026-04-30").map(|at| at.to_string()),
            Ok("2026-04-30T00:00:00.000Z".to_owned())
        );
        assert_eq!(
            Timestamp::last_of("2026-04-30").map(|at| at.to_string()),
            Ok("2026-04-30T23:59:59.999Z".to_owned())
        );
        let noon = "2026-04-30T12:00:00Z".parse().map_err(|InvalidTimestamp| InvalidDate);
        assert_eq!(
            (Timestamp::first_of("2026-04-30T14:00:00+02:00"), Timestamp::last_of("2026-04-30T12:00:00Z")),
            (noon, noon)
        );
        for bad in ["", "2026-04-31", "yesterday", "2026-4-30", "20260430"] {
            assert_eq!(Timestamp::first_of(bad), Err(InvalidDate), "{bad}");
        }
    }

    #[test]
    fn months_end_where_there_is_no_such_day() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap_or(Timestamp::from_unix_ms(0));
        let anchor = at("2026-01-31T12:00:00Z");
        for (months, then) in [
            (0, "2026-01-31T12:00:00Z"),
            (1, "2026-02-28T12:00:00Z"),
            (2, "2026-03-31T12:00:00Z"),
            (25, "2028-02-29T12:00:00Z"),
        ] {
            let then = at(then);
            assert_eq!(anchor.after_months(months), then);
            assert_eq!(then.months_since(anchor), months);
            let before = Timestamp::from_unix_ms(then.unix_ms() - 1);
            assert_eq!(before.months_since(anchor), months.saturating_sub(1), "{before}");
        }
        assert_eq!(anchor.months_since(at("2027-01-01T00:00:00Z")), 0);
        assert_eq!(anchor.after_months(u32::MAX), Timestamp::from_unix_ms(i64::MAX));
    }

    #[test]
    fn out_of_range_is_clamped() {
        assert_eq!(Timestamp::from_unix_ms(-1).to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Timestamp::from_unix_ms(i64::MAX).after(Duration::MAX).to_string(), "9999-12-30T22:00:00.000Z");
    }
}
