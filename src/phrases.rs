//! Which phrases are in a text: one pass over the text, whatever the number of phrases.
//!
//! In: phrases with their owners, then normalised texts. Out: the owners of the phrases that are in the text. Phrases begin
//! where a word begins, so only those places are looked up, in a sorted list in which every phrase that the text continues
//! with is a prefix of the one found there. The list can be made when the program is built, and thousands of phrases cost no
//! more than hundreds. What a phrase means is its owner's business.

use std::borrow::Cow;

use crate::limits::PHRASE_GAP;

/// A list that is either part of the program or was made at run time.
pub type List<T> = Cow<'static, [T]>;
/// Text that is either part of the program or was made at run time.
pub type Text = Cow<'static, str>;

/// Where a phrase may end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ends {
    /// Where a word ends.
    WithWord,
    /// Anywhere: `undeliver` is in "undeliverable".
    Anywhere,
}

/// One phrase, normalised.
#[derive(Debug, Clone)]
pub(crate) struct Entry<O> {
    /// What stands before the first `...`.
    pub(crate) first: Text,
    /// What stands behind each `...`.
    pub(crate) rest: List<Text>,
    pub(crate) owner: O,
    /// The longest other entry that begins this one's first fragment, if any.
    pub(crate) parent: Option<u32>,
}

/// The entries whose first fragments begin with the same three bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Bucket {
    /// The three bytes; 0 for none.
    pub(crate) beginning: u32,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// Phrases, ready to be searched for.
#[derive(Debug)]
pub(crate) struct PhraseIndex<O: Clone + 'static> {
    /// Sorted by first fragment.
    pub(crate) entries: List<Entry<O>>,
    /// The first eight bytes of each entry as a number, which compares as the bytes do.
    pub(crate) heads: List<u64>,
    /// A hash table over the first three bytes, open addressing; its length is a power of two, at least twice the entries'.
    pub(crate) buckets: List<Bucket>,
    pub(crate) ends: Ends,
}

/// The first three bytes as a number; shorter texts are filled with zeros.
fn beginning(bytes: &[u8]) -> u32 {
    let byte = |at: usize| bytes.get(at).map_or(0, |&byte| u32::from(byte));
    byte(0) << 16 | byte(1) << 8 | byte(2)
}

fn slot(beginning: u32, slots: usize) -> usize {
    (beginning.wrapping_mul(0x9E37_79B1) >> 12) as usize & (slots - 1)
}

/// The first eight bytes as a number that compares as the bytes do; shorter texts are filled with zeros.
fn head(bytes: &[u8]) -> u64 {
    match bytes.first_chunk::<8>() {
        Some(chunk) => u64::from_be_bytes(*chunk),
        None => bytes.iter().fold(0, |head, &byte| head << 8 | u64::from(byte)) << (8 * (8 - bytes.len())).min(63),
    }
}

/// A phrase as the normalised fragments around its `...`.
pub(crate) fn fragments(phrase: &str) -> impl Iterator<Item = String> {
    phrase.split("...").map(|part| normalise(part).into_owned())
}

impl<O: Copy + 'static> PhraseIndex<O> {
    /// Indexes phrases, each of which has a first fragment.
    pub(crate) fn build<'p>(phrases: impl Iterator<Item = (&'p str, O)>, ends: Ends) -> Self {
        let mut entries: Vec<Entry<O>> = phrases
            .map(|(phrase, owner)| {
                let mut fragments = fragments(phrase).map(Text::Owned);
                let first = fragments.next().unwrap_or_default();
                Entry { first, rest: fragments.collect(), owner, parent: None }
            })
            .collect();
        // A stable sort: equal phrases keep the order of their rules.
        entries.sort_by(|a, b| a.first.cmp(&b.first));
        let mut open: Vec<usize> = Vec::new();
        for at in 0..entries.len() {
            while open.last().is_some_and(|&parent| !entries[at].first.starts_with(entries[parent].first.as_ref())) {
                open.pop();
            }
            entries[at].parent = open.last().map(|&parent| parent as u32);
            open.push(at);
        }
        let heads = entries.iter().map(|entry| head(entry.first.as_bytes())).collect();
        Self { heads, buckets: buckets(&entries).into(), entries: entries.into(), ends }
    }

    /// The entries that begin as `bytes` do.
    fn bucket(&self, bytes: &[u8]) -> Option<Bucket> {
        let wanted = beginning(bytes);
        let mut at = slot(wanted, self.buckets.len());
        loop {
            // Half of the slots at least are free, so that a free one is met.
            let bucket = self.buckets[at];
            if bucket.beginning == wanted {
                return Some(bucket);
            }
            if bucket.beginning == 0 {
                return None;
            }
            at = (at + 1) & (self.buckets.len() - 1);
        }
    }

    /// The last entry of a bucket that sorts no later than `rest`.
    fn last_before(&self, bucket: Bucket, rest: &[u8]) -> Option<u32> {
        let wanted = head(rest);
        let (start, end) = (bucket.start as usize, bucket.end as usize);
        let below = self.heads[start..end].partition_point(|&head| head < wanted);
        let mut after = start + below;
        while after < end && self.heads[after] == wanted && self.entries[after].first.as_bytes() <= rest {
            after += 1;
        }
        (after > start).then(|| after as u32 - 1)
    }

    /// Gives `found` the owner of each phrase that is in `text`, which must be [`normalise`]d, until it says that this is
    /// enough; says whether it did.
    pub(crate) fn search(&self, text: &str, mut found: impl FnMut(O) -> bool) -> bool {
        let bytes = text.as_bytes();
        let mut in_word = false;
        for at in 0..bytes.len().saturating_sub(2) {
            let byte = bytes[at];
            let word_byte = is_word(byte);
            let begins = !(in_word && word_byte) && byte != b' ';
            in_word = word_byte;
            if !begins {
                continue;
            }
            let rest = &bytes[at..];
            let Some(bucket) = self.bucket(rest) else { continue };
            let mut candidate = self.last_before(bucket, rest);
            while let Some(entry) = candidate.map(|at| &self.entries[at as usize]) {
                let first = entry.first.as_bytes();
                if rest.starts_with(first)
                    && (self.ends == Ends::Anywhere || ends_word(bytes, at + first.len()))
                    && continues(text, at + first.len(), &entry.rest)
                    && !found(entry.owner)
                {
                    return true;
                }
                candidate = entry.parent;
            }
        }
        false
    }
}

/// The hash table over the beginnings of sorted entries.
fn buckets<O>(entries: &[Entry<O>]) -> Vec<Bucket> {
    let mut buckets = vec![Bucket::default(); (2 * entries.len()).next_power_of_two().max(2)];
    let mut start = 0;
    while start < entries.len() {
        let beginning = beginning(entries[start].first.as_bytes());
        let length = entries[start..].iter().take_while(|entry| self::beginning(entry.first.as_bytes()) == beginning).count();
        let mut at = slot(beginning, buckets.len());
        while buckets[at].beginning != 0 {
            at = (at + 1) & (buckets.len() - 1);
        }
        buckets[at] = Bucket { beginning, start: start as u32, end: (start + length) as u32 };
        start += length;
    }
    buckets
}

/// Letters and digits, and `@`, so that no phrase is found in the local part of an address.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'@'
}

/// Whether no word goes on over `end`.
fn ends_word(bytes: &[u8], end: usize) -> bool {
    match (bytes.get(end - 1), bytes.get(end)) {
        (Some(&last), Some(&next)) => !(is_word(last) && is_word(next)),
        _ => true,
    }
}

/// Whether the further fragments of a phrase follow, each at most [`PHRASE_GAP`] bytes behind the one before.
fn continues(text: &str, mut at: usize, fragments: &[Text]) -> bool {
    let bytes = text.as_bytes();
    'fragments: for fragment in fragments {
        let mut from = at;
        let last = (at + PHRASE_GAP + fragment.len()).min(bytes.len());
        while let Some(found) = memchr::memmem::find(&bytes[from..last], fragment.as_bytes()) {
            let start = from + found;
            let end = start + fragment.len();
            let begins = start == 0 || !(is_word(bytes[start - 1]) && is_word(bytes[start]));
            if begins && ends_word(bytes, end) {
                at = end;
                continue 'fragments;
            }
            from = start + 1;
        }
        return false;
    }
    true
}

/// The text as phrases are matched against it: lower case, white space run together, typographic quotes and dashes made plain.
pub(crate) fn normalise(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let is_plain = bytes.iter().all(|byte| matches!(byte, b' '..=b'~') && !byte.is_ascii_uppercase() && *byte != b'`');
    if is_plain && !bytes.windows(2).any(|pair| pair == b"  ") {
        return Cow::Borrowed(text.trim_matches(' '));
    }
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
            '!'..='@' | '['..='_' | 'a'..='~' => put(c, &mut gap),
            'A'..='Z' => put(c.to_ascii_lowercase(), &mut gap),
            '`' => put('\'', &mut gap),
            '\0'..=' ' | '\x7F' => gap = true,
            '\u{2018}' | '\u{2019}' | '\u{201B}' | '\u{2032}' | '\u{FF07}' | '\u{B4}' => put('\'', &mut gap),
            '\u{201C}' | '\u{201D}' | '\u{201E}' | '\u{2033}' | '\u{FF02}' => put('"', &mut gap),
            '\u{2010}'..='\u{2015}' | '\u{2212}' => put('-', &mut gap),
            // Zero-width and soft-hyphen characters only serve to hide words.
            '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}' => {}
            c if c.is_whitespace() || c.is_control() => gap = true,
            c => c.to_lowercase().for_each(|c| put(c, &mut gap)),
        }
    }
    Cow::Owned(normal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(phrases: &[&str], text: &str) -> Vec<usize> {
        let index = PhraseIndex::build(phrases.iter().copied().zip(0..), Ends::WithWord);
        let mut hits = Vec::new();
        index.search(&normalise(text), |owner| {
            hits.push(owner);
            true
        });
        hits.sort_unstable();
        hits.dedup();
        hits
    }

    #[test]
    fn every_phrase_in_the_text_is_found_also_where_one_begins_another() {
        let phrases = ["user", "user unknown", "unknown", "user unknown here", "user una"];
        assert_eq!(found(&phrases, "550 User  Unknown"), [0, 1, 2]);
        assert_eq!(found(&phrases, "user unknown\nhere"), [0, 1, 2, 3]);
        assert_eq!(found(&phrases, "nothing"), [0; 0]);
    }

    #[test]
    fn phrases_are_whole_words_and_no_part_of_an_address() {
        let phrases = ["spam", "(#5.1.1)"];
        assert_eq!(found(&phrases, "spamhaus, spam@example.com, nospam"), [0; 0]);
        assert_eq!(found(&phrases, "is spam."), [0]);
        assert_eq!(found(&phrases, "no mailbox (#5.1.1)"), [1]);
    }

    #[test]
    fn stems_may_end_anywhere() {
        let index = PhraseIndex::build([("undeliver", ())].into_iter(), Ends::Anywhere);
        let mut hits = 0;
        index.search("undeliverable: undelivered, notundelivered", |()| {
            hits += 1;
            true
        });
        assert_eq!(hits, 2);
    }

    #[test]
    fn dots_stand_for_words_in_between_but_not_for_pages() {
        let phrases = ["blocked ... using"];
        assert_eq!(found(&phrases, "blocked for good, using a list"), [0]);
        assert_eq!(found(&phrases, &format!("blocked {} using", "x ".repeat(PHRASE_GAP))), [0; 0]);
        assert_eq!(found(&phrases, "using what is blocked"), [0; 0]);
    }

    #[test]
    fn languages_without_word_borders_are_found_anywhere() {
        assert_eq!(found(&["存在しません"], "ユーザは存在しません。"), [0]);
        assert_eq!(found(&["не найден"], "Пользователь НЕ НАЙДЕН"), [0]);
    }

    #[test]
    fn normal_text_is_borrowed() {
        assert!(matches!(normalise("user unknown"), Cow::Borrowed("user unknown")));
        assert_eq!(normalise(" Doesn’t\r\n\texist "), "doesn't exist");
    }
}
