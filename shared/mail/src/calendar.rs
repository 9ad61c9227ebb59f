//! What a calendar object (RFC 5545) says of itself: what it asks, and what a person would read in it.

use std::{borrow::Cow, fmt::Write as _};

use crate::{
    charset,
    structure::{Part, is_calendar_method},
};

/// Bytes looked at: an invitation with many guests has 20 KB.
const MAX_BYTES: usize = 64 * 1024;

/// Whether a part is a calendar object.
pub(crate) fn is_calendar(media_type: &str) -> bool {
    matches!(media_type, "text/calendar" | "application/ics")
}

/// What it asks (`METHOD`, RFC 5546), lower case: as its media type says, else as it stands in the content.
pub(crate) fn method(part: &Part, raw: &[u8]) -> Option<String> {
    if !is_calendar(&part.info.media_type) {
        return None;
    }
    part.info.calendar_method.clone().or_else(|| method_in(&content(part, raw)))
}

/// What a calendar object asks, lower case.
pub(crate) fn method_of(object: &[u8]) -> Option<String> {
    method_in(&String::from_utf8_lossy(object.get(..MAX_BYTES).unwrap_or(object)))
}

fn method_in(calendar: &str) -> Option<String> {
    let value = properties(calendar).find(|property| property.name.eq_ignore_ascii_case("METHOD"))?.value;
    let method = value.trim().to_ascii_lowercase();
    is_calendar_method(&method).then_some(method)
}

/// The first event in words: its title, start and place, then what is written about it. Empty when it has none of these.
pub(crate) fn text(part: &Part, raw: &[u8]) -> String {
    let calendar = content(part, raw);
    let mut inside = 0_usize;
    let [mut title, mut start, mut place, mut words] = [const { String::new() }; 4];
    for property in properties(&calendar) {
        let is = |name: &str| property.name.eq_ignore_ascii_case(name);
        let is_event = ["VEVENT", "VTODO", "VJOURNAL"].iter().any(|kind| property.value.eq_ignore_ascii_case(kind));
        match inside {
            0 => inside = usize::from(is("BEGIN") && is_event),
            1 if is("END") && is_event => break,
            // An alarm within the event has words of its own.
            _ if is("BEGIN") => inside += 1,
            _ if is("END") => inside -= 1,
            1 if is("SUMMARY") => title = unescaped(&property.value),
            1 if is("LOCATION") => place = unescaped(&property.value),
            1 if is("DESCRIPTION") => words = unescaped(&property.value),
            1 if is("DTSTART") => start = moment(&property),
            _ => {}
        }
    }
    let head: Vec<&str> =
        [&title, &start, &place].into_iter().map(|line| line.trim()).filter(|l| !l.is_empty()).collect();
    let parts = [head.join("\n"), words.trim().to_owned()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
}

fn content(part: &Part, raw: &[u8]) -> String {
    let encoded = raw.get(part.body.clone()).unwrap_or_default();
    let decoded = part.info.encoding.decode(encoded.get(..2 * MAX_BYTES).unwrap_or(encoded));
    // Without a charset it is UTF-8 (section 3.1.4).
    charset::decode(decoded.get(..MAX_BYTES).unwrap_or(&decoded), part.info.charset.as_deref().or(Some("utf-8")))
}

/// One line, unfolded.
struct Property<'a> {
    name: &'a str,
    parameters: &'a str,
    value: Cow<'a, str>,
}

fn properties(calendar: &str) -> impl Iterator<Item = Property<'_>> {
    let mut lines = calendar.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).peekable();
    std::iter::from_fn(move || {
        let line = lines.next()?;
        let mut rest = Cow::Borrowed("");
        let mut folded = |rest: &mut Cow<'_, str>| {
            while let Some(more) = lines.peek().and_then(|line| line.strip_prefix([' ', '\t'])) {
                rest.to_mut().push_str(more);
                lines.next();
            }
        };
        let head = line.trim_start_matches('\u{feff}');
        let end = value_start(head);
        let (head, value) = head.split_at(end);
        if !value.is_empty() {
            rest = Cow::Borrowed(&value[1..]);
        }
        folded(&mut rest);
        let (name, parameters) = head.split_once(';').unwrap_or((head, ""));
        Some(Property { name: name.trim(), parameters, value: rest })
    })
}

/// Where the `:` before the value stands; between quotes it belongs to a parameter.
fn value_start(line: &str) -> usize {
    let mut quoted = false;
    let colon = line.bytes().position(|byte| {
        quoted ^= byte == b'"';
        byte == b':' && !quoted
    });
    colon.unwrap_or(line.len())
}

/// Text as it was meant (section 3.3.11).
fn unescaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n' | 'N') => out.push('\n'),
                Some(escaped) => out.push(escaped),
                None => out.push('\\'),
            },
            '\r' | '\0' => {}
            c => out.push(c),
        }
    }
    out.retain(|c| c == '\n' || c == '\t' || !c.is_control());
    out
}

/// `20260501T080000Z` as `2026-05-01 08:00 UTC`; with a name of a time zone, that; a day alone as a day.
fn moment(property: &Property<'_>) -> String {
    let value = property.value.trim();
    let digits = |range: std::ops::Range<usize>| value.get(range).filter(|d| d.bytes().all(|b| b.is_ascii_digit()));
    let (Some(year), Some(month), Some(day)) = (digits(0..4), digits(4..6), digits(6..8)) else {
        return unescaped(value);
    };
    let mut out = format!("{year}-{month}-{day}");
    if let (Some("T"), Some(hour), Some(minute)) = (value.get(8..9), digits(9..11), digits(11..13)) {
        let _ = write!(out, " {hour}:{minute}");
        let zone = property.parameters.split(';').find_map(|parameter| {
            let (name, zone) = parameter.split_once('=')?;
            name.trim().eq_ignore_ascii_case("TZID").then(|| unescaped(zone.trim_matches('"')))
        });
        let zone = if value.ends_with(['Z', 'z']) { Some("UTC".to_owned()) } else { zone };
        if let Some(zone) = zone {
            let _ = write!(out, " {zone}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use crate::parse;

    fn read(head: &str, calendar: &str) -> (Option<String>, String) {
        let mail = parse(format!("From: a@b.c\nContent-Type: {head}\n\n{calendar}").as_bytes());
        assert!(!mail.text.contains('\r'));
        (mail.calendar_method, mail.text)
    }

    #[test]
    fn the_method_from_the_type_or_the_content() {
        for (head, calendar, expected) in [
            ("text/calendar; method=REQUEST", "", Some("request")),
            ("application/ics; method=REQUEST", "", Some("request")),
            ("text/calendar", "BEGIN:VCALENDAR\r\nmethod:Cancel\r\n", Some("cancel")),
            ("text/calendar", "BEGIN:VCALENDAR\nMETH\n OD:REQUEST\nMETHOD;X=\"a:b\":REP\n LY\n", Some("reply")),
            ("application/ics", "\u{feff}METHOD:PUBLISH", Some("publish")),
            ("text/calendar", "BEGIN:VCALENDAR\nX-METHOD:REQUEST\nMETHOD:\n", None),
            ("text/plain", "METHOD:REQUEST", None),
        ] {
            assert_eq!(read(head, calendar).0.as_deref(), expected, "{head} {calendar:?}");
        }
    }

    #[test]
    fn an_invitation_without_words_of_its_own_is_read() {
        let (_, text) = read(
            "text/calendar; charset=utf-8",
            "BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n\
             BEGIN:VEVENT\r\nDTSTART;TZID=\"Europe/Berlin\":20260501T080000\r\nSUMMARY;LANGUAGE=de:Grö\r\n ße\\, Farbe\\; Preis\r\n\
             LOCATION:Raum 5\r\nDESCRIPTION:Hallo\\nWelt \\\\o/\r\nBEGIN:VALARM\r\nDESCRIPTION:REMINDER\r\nEND:VALARM\r\nEND:VEVENT\r\n\
             BEGIN:VEVENT\r\nSUMMARY:Other\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        );
        assert_eq!(text, "Größe, Farbe; Preis\n2026-05-01 08:00 Europe/Berlin\nRaum 5\n\nHallo\nWelt \\o/");
        for (start, expected) in [
            ("DTSTART:20260501T080000Z", "2026-05-01 08:00 UTC"),
            ("DTSTART;VALUE=DATE:20260501", "2026-05-01"),
            ("DTSTART:soon", "soon"),
            ("X:y", ""),
        ] {
            assert_eq!(read("text/calendar", &format!("BEGIN:VEVENT\n{start}\nEND:VEVENT\n")).1, expected);
        }
    }
}
