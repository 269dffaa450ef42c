//! Text of strangers made fit for a terminal.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The text with everything that a terminal or an eye could be deceived by made visible: control characters (also C1),
/// escape sequences, bidirectional overrides, invisible and zero-width characters.
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

fn deceives(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}'
        )
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
