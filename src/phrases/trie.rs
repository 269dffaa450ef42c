//! Which of many words a text begins with: a trie over them, in one array.
//!
//! In: sorted words, then texts. Out: the place of the longest word that a text begins with. Each step is one look-up,
//! whatever the number of words: the node that byte `b` leads to from a node stands at the node's `base + b`, if `b` leads
//! there (a double array, after Aoe 1989). Where one word alone is left, the trie ends and the rest is compared.

use std::ops::Range;

use super::List;
use super::beginnings::Start;

/// No word.
const NONE: u32 = u32::MAX >> 8;
/// What a base is, more than the word, where one word alone is left.
const ALONE: u32 = 1 << 31;

/// One place of the array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Node {
    /// Where the nodes behind it stand, no other node's behind the same; or [`ALONE`] and the word that is left.
    pub(crate) base: u32,
    /// The word that ends here, and in the lowest eight bits the byte that leads here.
    pub(crate) label: u32,
}

impl Node {
    /// No text in UTF-8 has the byte of a free place.
    const FREE: Self = Self::new(0, NONE, u8::MAX);

    const fn new(base: u32, word: u32, byte: u8) -> Self {
        Self { base, label: word << 8 | byte as u32 }
    }
}

/// Words, ready to be looked for. The first place is the root.
#[derive(Debug)]
pub(crate) struct Trie(pub(crate) List<Node>);

impl Trie {
    /// Builds it over sorted words, none of them empty, fewer than [`NONE`], as [`crate::limits::RULE_BYTES`] of rules have; of
    /// equal ones the last is meant.
    pub(super) fn build(words: &[&[u8]]) -> Self {
        // The root stands alone in front, so that no base is negative.
        let mut nodes = vec![Node::FREE; 256];
        let mut bases = std::collections::HashSet::new();
        // All places before this one are taken.
        let mut free = nodes.len();
        // Nodes whose words are known but not what stands behind them. The last one first, so that a walk finds one node beside
        // the other in memory.
        let mut open = vec![(0, 0, 0..words.len())];
        while let Some((node, depth, range)) = open.pop() {
            let children = children(words, depth, range);
            let Some(&(least, _)) = children.first() else { continue };
            let is_free = |place: usize| nodes.get(place).is_none_or(|node| *node == Node::FREE);
            let mut base = free - usize::from(least);
            while bases.contains(&base) || !children.iter().all(|(byte, _)| is_free(base + usize::from(*byte))) {
                base += 1;
            }
            bases.insert(base);
            nodes[node].base = base as u32;
            for (byte, range) in children {
                let place = base + usize::from(byte);
                if place >= nodes.len() {
                    nodes.resize(place + 1, Node::FREE);
                }
                let (first, last) = (range.start, range.end - 1);
                if words[first] == words[last] {
                    nodes[place] = Node::new(ALONE | last as u32, NONE, byte);
                    continue;
                }
                let ends = words[range.clone()].iter().take_while(|word| word.len() == depth + 1).count();
                let word = if ends > 0 { (first + ends - 1) as u32 } else { NONE };
                nodes[place] = Node::new(0, word, byte);
                open.push((place, depth + 1, first + ends..range.end));
            }
            while nodes.get(free).is_some_and(|node| *node != Node::FREE) {
                free += 1;
            }
        }
        Self(nodes.into())
    }

    /// Where the walk begins that knows nothing of a text yet.
    pub(super) fn root(&self) -> Start {
        Start { beginning: 0, base: self.0[0].base, word: NONE }
    }

    /// Where the walk begins for texts that begin as some word does.
    pub(super) fn start(&self, beginning: &[u8]) -> Start {
        let mut start = self.root();
        self.walk(beginning, &mut start);
        Start { beginning: beginning.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)), ..start }
    }

    /// Goes as far as the text and the trie do; says whether the trie was the longer one.
    fn walk(&self, text: &[u8], from: &mut Start) -> bool {
        for &byte in text {
            if from.base >= ALONE {
                break;
            }
            let next = self.0.get(from.base as usize + usize::from(byte)).filter(|node| node.label as u8 == byte);
            let Some(node) = next else { return false };
            if node.label >> 8 != NONE {
                from.word = node.label >> 8;
            }
            from.base = node.base;
        }
        true
    }

    /// The longest word that `text` begins with, of which the first `depth` bytes led to `start`; `word` gives the word of a
    /// place.
    pub(super) fn longest<'w>(&self, text: &[u8], depth: usize, mut start: Start, word: impl Fn(u32) -> &'w [u8]) -> Option<u32> {
        let is_whole = self.walk(text.get(depth..).unwrap_or_default(), &mut start);
        if is_whole && start.base >= ALONE && begins(text, word(start.base ^ ALONE)) {
            return Some(start.base ^ ALONE);
        }
        (start.word != NONE).then_some(start.word)
    }
}

/// Whether a text begins with a word, of which the first bytes are known to be alike: so the last ones are looked at first.
fn begins(text: &[u8], word: &[u8]) -> bool {
    let Some(text) = text.get(..word.len()) else { return false };
    match (text.last_chunk::<8>(), word.last_chunk::<8>()) {
        (Some(a), Some(b)) => {
            let (texts, words) = (text.as_chunks::<8>().0, word.as_chunks::<8>().0);
            a == b && texts.iter().zip(words).all(|(a, b)| a == b)
        }
        _ => text == word,
    }
}

/// The words of a range by the byte that stands at `depth`.
fn children(words: &[&[u8]], depth: usize, range: Range<usize>) -> Vec<(u8, Range<usize>)> {
    let mut children: Vec<(u8, Range<usize>)> = Vec::new();
    for place in range {
        let byte = words[place][depth];
        match children.last_mut() {
            Some((last, range)) if *last == byte => range.end = place + 1,
            _ => children.push((byte, place..place + 1)),
        }
    }
    children
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_longest_word_is_the_one_that_a_plain_look_finds(
            mut words in vec("[abc]{1,6}", 0..60),
            text in "[abcd]{0,9}",
        ) {
            words.sort();
            let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
            let plain = words.iter().rposition(|word| text.as_bytes().starts_with(word));
            let trie = Trie::build(&words);
            let found = trie.longest(text.as_bytes(), 0, trie.root(), |place| words[place as usize]);
            prop_assert_eq!(found, plain.map(|place| place as u32));
        }
    }
}
