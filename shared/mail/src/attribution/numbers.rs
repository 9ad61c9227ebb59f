//! Dates and times, by their numbers.

/// The numbers in a word: how many digits each has, and the character between it and the one before.
#[derive(Default)]
pub(super) struct Numbers {
    digits: [usize; 4],
    marks: [Option<char>; 4],
    pub(super) count: usize,
}

impl Numbers {
    pub(super) fn of(word: &str) -> Self {
        let mut numbers = Self::default();
        let mut between = Some(None);
        for c in word.chars() {
            if c.is_numeric() {
                if let Some(mark) = between.take() {
                    if let (Some(digits), Some(kept)) =
                        (numbers.digits.get_mut(numbers.count), numbers.marks.get_mut(numbers.count))
                    {
                        *digits = 0;
                        *kept = mark;
                    }
                    numbers.count += 1;
                }
                if let Some(digits) = numbers.digits.get_mut(numbers.count.saturating_sub(1)) {
                    *digits += 1;
                }
            } else {
                // More than one character between two numbers is no mark.
                between = Some(if between.is_none() { Some(c) } else { None });
            }
        }
        numbers
    }

    fn all(&self) -> impl Iterator<Item = (usize, Option<char>)> {
        self.digits.iter().copied().zip(self.marks.iter().copied()).take(self.count)
    }

    pub(super) fn is_date(&self) -> bool {
        self.all().any(|(digits, _)| digits == 4)
            || (self.count >= 3 && self.all().take(3).all(|(digits, _)| (1..=4).contains(&digits)))
    }

    /// Whether it can be the day of a month: "7", "7.", "7th".
    pub(super) fn is_day(&self) -> bool {
        self.count == 1 && self.all().all(|(digits, _)| (1..=2).contains(&digits))
    }

    pub(super) fn is_time(&self, word: &str) -> bool {
        // With dots, three numbers are a date, and two with a dot behind them are one without its year.
        let dotted = self.count == 2 && !word.trim_end_matches([',', ':']).ends_with('.');
        self.all().any(|(digits, mark)| {
            digits >= 2
                && mark.is_some_and(|mark| {
                    matches!(mark, ':' | 'h' | '：' | '時' | '点' | '시') || (mark == '.' && dotted)
                })
        })
    }
}
