//! Text of strangers made fit for a terminal.
//!
//! In: any text. Out: the same with everything that could deceive a terminal or an eye written as its code point. Knows nothing
//! of what the text says.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The text with everything that [`deceives`] made visible, as `\\u{202e}`.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(deceives) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if deceives(c) {
            // Writing to a String can't fail.
            let _ = write!(shown, "\\u{{{:04x}}}", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// Whether a terminal or an eye could be deceived by it: control characters (also C1), and so escape sequences; bidirectional
/// overrides; characters that have no width or no ink; what Unicode calls no character.
pub fn deceives(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{AD}'
                | '\u{34F}'
                | '\u{61C}'
                | '\u{115F}'..='\u{1160}'
                | '\u{17B4}'..='\u{17B5}'
                | '\u{180B}'..='\u{180F}'
                | '\u{200B}'..='\u{200F}'
                | '\u{2028}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}'
                | '\u{3164}'
                | '\u{FEFF}'
                | '\u{FFA0}'
                | '\u{FFF0}'..='\u{FFFB}'
                | '\u{1D173}'..='\u{1D17A}'
                | '\u{E0000}'..='\u{E0FFF}'
        )
        || u32::from(c) & 0xFFFE == 0xFFFE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_overrides_are_shown_and_plain_text_is_borrowed() {
        assert_eq!(visible("a\x1B[31mb\u{202E}c\u{9B}d\ne"), "a\\u{001b}[31mb\\u{202e}c\\u{009b}d\\u{000a}e");
        assert!(matches!(visible("Grüße, 日本"), Cow::Borrowed(_)));
    }
}
