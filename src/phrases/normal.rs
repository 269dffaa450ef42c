//! Text as phrases are matched against it.
//!
//! In: any text. Out: lower case, white space run together, typographic quotes and dashes made plain, invisible characters
//! left out.

/// So many bytes are made plain together.
const PIECE: usize = 16;

/// The text as phrases are matched against it.
pub(crate) fn normalise(text: &str) -> String {
    // It can't fail: what was ASCII is ASCII still.
    String::from_utf8(normal_bytes(text)).unwrap_or_default()
}

/// The bytes of a [`normalise`]d text.
pub(crate) fn normal_bytes(text: &str) -> Vec<u8> {
    if !text.is_ascii() {
        return normalise_any(text).into_bytes();
    }
    // Whole pieces of some bytes each, so that the compiler makes the bytes of a piece plain at once.
    let length = text.len().next_multiple_of(PIECE);
    let mut normal = Vec::with_capacity(length + 1);
    normal.extend_from_slice(text.as_bytes());
    normal.resize(length + 1, b'-');
    for piece in normal.as_chunks_mut::<PIECE>().0 {
        piece.iter_mut().for_each(|byte| *byte = plain(*byte));
    }
    // Most texts have no such place, and looking for one costs a fraction of moving bytes.
    let behind = &normal[1..];
    let has_gaps = normal.iter().zip(behind).fold(false, |has, (a, b)| has | ((*a == b' ') & (*b == b' ')));
    normal.truncate(text.len());
    if has_gaps {
        normal.dedup_by(|b, a| *a == b' ' && *b == b' ');
    }
    if normal.last() == Some(&b' ') {
        normal.pop();
    }
    if normal.first() == Some(&b' ') {
        normal.remove(0);
    }
    normal
}

/// An ASCII character as it is matched.
fn plain(byte: u8) -> u8 {
    // Without branches, so that the compiler makes many bytes plain at once.
    let lower = byte | u8::from(byte.wrapping_sub(b'A') < 26) << 5;
    let straight = if lower == b'`' { b'\'' } else { lower };
    if (straight <= b' ') | (straight == b'\x7F') { b' ' } else { straight }
}

/// [`normalise`] of a text in any script.
fn normalise_any(text: &str) -> String {
    let mut normal = String::with_capacity(text.len());
    let mut gap = false;
    let mut put = |c: char, gap_before: &mut bool| {
        if *gap_before && !normal.is_empty() {
            normal.push(' ');
        }
        *gap_before = false;
        normal.push(c);
    };
    for c in text.chars() {
        match c {
            '\0'..=' ' | '\x7F' => gap = true,
            '\0'..='\x7F' => put(char::from(plain(c as u8)), &mut gap),
            '\u{2018}' | '\u{2019}' | '\u{201B}' | '\u{2032}' | '\u{FF07}' | '\u{B4}' => put('\'', &mut gap),
            '\u{201C}' | '\u{201D}' | '\u{201E}' | '\u{2033}' | '\u{FF02}' => put('"', &mut gap),
            '\u{2010}'..='\u{2015}' | '\u{2212}' => put('-', &mut gap),
            // Zero-width and soft-hyphen characters only serve to hide words.
            '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}' => {}
            c if c.is_whitespace() || c.is_control() => gap = true,
            c => c.to_lowercase().for_each(|c| put(c, &mut gap)),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn case_space_and_typography_do_not_matter() {
        assert_eq!(normalise(" Doesn’t\r\n\texist "), "doesn't exist");
        assert_eq!(normalise(" Doesn`t\r\n\texist "), "doesn't exist");
        assert_eq!(normalise("un\u{AD}known"), "unknown");
        assert_eq!(normalise(" \n "), "");
    }

    proptest! {
        #[test]
        fn ascii_is_made_plain_as_any_text_is(text in "[ -~\\x00-\\x20\\x7F]{0,80}") {
            prop_assert_eq!(normalise(&text), normalise_any(&text));
        }
    }
}
