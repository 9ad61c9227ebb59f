//! Moments in the notations of SES and of mail.

/// `2026-11-22T02:10:50.123Z`, as in SES's events. `ms`: since the Unix epoch.
pub(crate) fn iso8601(ms: i64) -> String {
    moment(ms).strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// `Sun, 22 Nov 2026 02:10:50 +0000` (RFC 5322 §3.3).
pub(crate) fn rfc5322(ms: i64) -> String {
    moment(ms).strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

fn moment(ms: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_millisecond(ms).unwrap_or(jiff::Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    #[test]
    fn both_notations_are_utc() {
        assert_eq!(super::iso8601(1_442_003_553_936), "2015-09-11T20:32:33.936Z");
        assert_eq!(super::rfc5322(1_442_003_553_936), "Fri, 11 Sep 2015 20:32:33 +0000");
    }
}
