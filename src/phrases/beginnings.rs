//! Whether a text may begin as one of many words does: a set of their first bytes.
//!
//! In: words, then texts. Out: no, or perhaps. Of the words of a text three in four begin no phrase. To know it without a
//! branch costs a tenth of a walk through the phrases that ends soon, because no processor foresees where it ends.

use super::List;

/// So many bytes of a word are looked at.
const LONG: usize = 6;
/// So many of a word that has no more; no word is shorter.
const SHORT: usize = 3;

/// So many numbers hold the bits of a few words.
const LEAST: usize = 64;

/// A bit for each hash of a beginning; their number is a power of two.
#[derive(Debug)]
pub(crate) struct Beginnings(pub(crate) List<u64>);

impl Beginnings {
    /// The beginnings of words, each of which has three bytes at least.
    pub(super) fn of(words: &[&[u8]]) -> Self {
        // Few of the bits are set, so that few texts are mistaken; those of a thousand rules stay in the nearest cache still.
        let mut set = Self(vec![0; (words.len() / 8).next_power_of_two().max(LEAST)].into());
        for word in words {
            let length = if word.len() < LONG { SHORT } else { LONG };
            let (place, bit) = set.place(beginning(word), length);
            set.0.to_mut()[place] |= 1 << bit;
        }
        set
    }

    /// 1 if some word may begin as `text` does, 0 if none does.
    pub(super) fn have(&self, text: &[u8]) -> u64 {
        let beginning = beginning(text);
        let bit = |length| {
            let (place, bit) = self.place(beginning, length);
            self.0[place] >> bit & 1
        };
        bit(LONG) | bit(SHORT)
    }

    /// Where the bit of the first `length` bytes stands: in which number, and where in it.
    fn place(&self, beginning: u64, length: usize) -> (usize, u32) {
        // The highest bits of the product are those that every byte has a part in.
        let product = (beginning & (u64::MAX >> (64 - 8 * length))).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let hash = product >> (64 - 6 - self.0.len().trailing_zeros());
        ((hash >> 6) as usize, hash as u32 & 63)
    }
}

/// The first eight bytes, the first one lowest; a shorter text is filled with zeros.
fn beginning(text: &[u8]) -> u64 {
    match text.first_chunk() {
        Some(bytes) => u64::from_le_bytes(*bytes),
        None => text.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_that_begins_as_a_word_does_is_missed() {
        let words: [&[u8]; 5] = [b"spf", b"user", b"user unknown", b"no such user", b"relay "];
        let set = Beginnings::of(&words);
        for word in words {
            assert_eq!(set.have(word), 1);
            assert_eq!(set.have(&[word, b" and more"].concat()), 1);
        }
        assert_eq!([&b"something"[..], b"us", b"", b"no sun today"].map(|text| set.have(text)), [0; 4]);
    }
}
