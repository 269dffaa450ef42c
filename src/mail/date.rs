//! The text of a Date field → a date and time.
//!
//! In: what stands in the field. Out: the date, in the time zone of its writer or in UTC. The grammar, with all that is obsolete
//! in it, is mail-parser's; the writing that nearly all mails have is read here, without a look at each byte for what it may mean.

use mail_parser::DateTime;

/// A date and time as RFC 3339.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Date(DateTime);

impl Date {
    /// Reads an RFC 5322 date; none where it is none, or not in the calendar.
    pub fn parse(text: &str) -> Option<Self> {
        let date = usual(text).or_else(|| DateTime::parse_rfc822(text))?;
        (date.is_valid() && date.year > 0).then_some(Self(date))
    }

    /// Year, month and day as the mail has them, in its own time zone.
    pub fn day(&self) -> (u16, u8, u8) {
        (self.0.year, self.0.month, self.0.day)
    }

    /// In UTC, as RFC 3339: `2026-03-01T10:00:00Z`.
    pub fn to_rfc3339(&self) -> String {
        let is_utc = self.0.tz_hour == 0 && self.0.tz_minute == 0;
        let utc = if is_utc { self.0 } else { DateTime::from_timestamp(self.0.to_timestamp()) };
        let mut text = String::with_capacity("2026-03-01T10:00:00Z".len());
        let mut push = |number: u16, digits: u32, end: char| {
            for place in (0..digits).rev() {
                // One digit.
                text.push(char::from(b'0' + (number / 10_u16.pow(place) % 10) as u8));
            }
            text.push(end);
        };
        push(utc.year, 4, '-');
        push(utc.month.into(), 2, '-');
        push(utc.day.into(), 2, 'T');
        push(utc.hour.into(), 2, ':');
        push(utc.minute.into(), 2, ':');
        push(utc.second.into(), 2, 'Z');
        text
    }
}

/// A date as nearly all are written, `Sun, 1 Mar 2026 12:00:00 +0200`; none where it is in any other way.
fn usual(text: &str) -> Option<DateTime> {
    let rest = match text.as_bytes() {
        [a, b, c, b',', b' ', rest @ ..] if [a, b, c].iter().all(|byte| byte.is_ascii_alphabetic()) => rest,
        rest => rest,
    };
    let (day, rest) = match rest {
        [one, b' ', rest @ ..] => ([b'0', *one], rest),
        [ten, one, b' ', rest @ ..] => ([*ten, *one], rest),
        _ => return None,
    };
    let (date, end) = rest.split_first_chunk()?;
    let [a, b, c, b' ', y1, y2, y3, y4, b' ', h1, h2, b':', m1, m2, b':', s1, s2, b' ', sign, zh1, zh2, zm1, zm2] = *date else {
        return None;
    };
    let is_whole =
        end.is_empty() || matches!(end, [b' ', b'(', comment @ .., b')'] if comment.iter().all(u8::is_ascii_alphabetic));
    let digits = [day[0], day[1], y1, y2, y3, y4, h1, h2, m1, m2, s1, s2, zh1, zh2, zm1, zm2];
    let are_digits = digits.iter().fold(true, |all, byte| all & byte.is_ascii_digit());
    // Years of two digits are of the obsolete grammar.
    if !is_whole || !are_digits || y1 == b'0' || !matches!(sign, b'+' | b'-') {
        return None;
    }
    let month = MONTHS.iter().position(|month| [a, b, c].eq_ignore_ascii_case(*month))?;
    let two = |tens: u8, ones: u8| (tens - b'0') * 10 + (ones - b'0');
    Some(DateTime {
        year: u16::from(two(y1, y2)) * 100 + u16::from(two(y3, y4)),
        month: month as u8 + 1,
        day: two(day[0], day[1]),
        hour: two(h1, h2),
        minute: two(m1, m2),
        second: two(s1, s2),
        tz_before_gmt: sign == b'-',
        tz_hour: two(zh1, zh2) % 24,
        tz_minute: two(zm1, zm2) % 60,
    })
}

/// The months as they are abbreviated (RFC 5322 section 3.3).
const MONTHS: [&[u8; 3]; 12] = [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_usual_writing_is_read_as_the_grammar_says(
            text in "([A-Z][a-z]{2}, )?[0-9]{1,2} (Jan|feb|MAR|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|Abc) [0-3]?[0-9]{3} [0-9]{2}:[0-9]{2}:[0-9]{2} ([+-][0-9]{4}|GMT)( \\([A-Z]{1,4}\\))?"
        ) {
            if let Some(date) = usual(&text) {
                prop_assert_eq!(Some(date), DateTime::parse_rfc822(&text));
            }
        }
    }

    #[test]
    fn what_nearly_all_mails_have_is_the_usual_writing() {
        for text in ["Sun, 1 Mar 2026 12:00:00 +0200", "01 Mar 2026 12:00:00 -0000", "Sun, 1 Mar 2026 12:00:00 +0000 (UTC)"] {
            assert!(usual(text).is_some(), "{text}");
        }
    }

    #[test]
    fn dates_are_given_in_utc() {
        let date = Date::parse("Sun, 1 Mar 2026 12:00:00 +0200").expect("a date");
        assert_eq!(date.to_rfc3339(), "2026-03-01T10:00:00Z");
        assert_eq!(Date::parse("Sun, 41 Mar 2026 12:00:00 +0200"), None);
    }
}
