//! Numbers and lengths of CSS.

/// The number at the start of a value and its unit.
pub(super) fn number_and_unit(value: &str) -> Option<(f32, &str)> {
    if let Some(sum) = value.strip_prefix("calc(") {
        return calculated(sum.trim_end_matches(')'));
    }
    plain_number_and_unit(value)
}

fn plain_number_and_unit(value: &str) -> Option<(f32, &str)> {
    let end = value.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))).unwrap_or(value.len());
    let (number, unit) = value.split_at(end);
    let unit = unit.split(|c: char| !(c.is_ascii_alphabetic() || c == '%')).next().unwrap_or_default();
    Some((number.parse().ok()?, unit))
}

/// What `calc(…)` comes to, from left to right: a single value as it stands, sums and products of lengths in pixels.
fn calculated(sum: &str) -> Option<(f32, &str)> {
    let mut terms = sum.split_whitespace();
    let first = terms.next()?.trim_start_matches('(');
    let Some(mut operator) = terms.next() else { return plain_number_and_unit(first) };
    // What is left of a width that is not known is not known either.
    let is_known = |unit: &str| !matches!(unit, "%" | "vw" | "vh");
    let px = |term| plain_number_and_unit(term).filter(|(_, unit)| is_known(unit)).map(|(n, unit)| to_px(n, unit));
    let mut total = px(first)?;
    loop {
        let term = px(terms.next()?)?;
        total = match operator {
            "+" => total + term,
            "-" => total - term,
            "*" => total * term,
            _ => return None,
        };
        match terms.next() {
            Some(next) => operator = next,
            None => return Some((total, "px")),
        }
    }
}

/// A length in CSS pixels, for a text of 16 pixels; percentages as they stand.
pub(super) fn length_px(value: &str) -> Option<f32> {
    let (number, unit) = number_and_unit(value.trim())?;
    Some(to_px(number, unit))
}

/// A number of some unit in CSS pixels.
pub(super) fn to_px(number: f32, unit: &str) -> f32 {
    number
        * match unit {
            "em" | "rem" => 16.0,
            "ex" | "ch" => 8.0,
            "pt" => 4.0 / 3.0,
            "cm" => 38.0,
            "mm" => 3.8,
            "in" => 96.0,
            "vw" | "vh" => 10.0,
            _ => 1.0,
        }
}
