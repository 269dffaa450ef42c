//! Which of many words a text begins with: a trie over them, in one array.
//!
//! In: sorted words, then texts. Out: the place of the longest word that a text begins with. Each step is one look-up,
//! whatever the number of words: the node that byte `b` leads to from a node stands at the node's `base + b`, if its `parent`
//! is that node (a double array, after Aoe 1989). Where one word alone is left, the trie ends and the rest is compared.

use std::ops::Range;

use super::List;

/// No node or no word.
const NONE: u32 = u32::MAX;

/// One place of the array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Node {
    /// The node before it; none where the place is free.
    pub(crate) parent: u32,
    /// Where the nodes behind it stand; none where one word alone is left.
    pub(crate) base: u32,
    /// The word that ends here, or the one that is left.
    pub(crate) word: u32,
}

impl Node {
    const FREE: Self = Self { parent: NONE, base: 0, word: NONE };
}

/// Words, ready to be looked for. The first place is the root.
#[derive(Debug)]
pub(crate) struct Trie(pub(crate) List<Node>);

impl Trie {
    /// Builds it over sorted words, none of them empty; of equal ones the last is meant.
    pub(super) fn build(words: &[&[u8]]) -> Self {
        // The root stands alone in front, so that no base is negative.
        let mut nodes = vec![Node::FREE; 256];
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
            while !children.iter().all(|(byte, _)| is_free(base + usize::from(*byte))) {
                base += 1;
            }
            nodes[node].base = base as u32;
            for (byte, range) in children {
                let place = base + usize::from(byte);
                if place >= nodes.len() {
                    nodes.resize(place + 1, Node::FREE);
                }
                let (first, last) = (range.start, range.end - 1);
                nodes[place] = Node { parent: node as u32, base: NONE, word: NONE };
                if words[first] == words[last] {
                    nodes[place].word = last as u32;
                    continue;
                }
                let ends = words[range.clone()].iter().take_while(|word| word.len() == depth + 1).count();
                if ends > 0 {
                    nodes[place].word = (first + ends - 1) as u32;
                }
                open.push((place, depth + 1, first + ends..range.end));
            }
            while nodes.get(free).is_some_and(|node| *node != Node::FREE) {
                free += 1;
            }
        }
        Self(nodes.into())
    }

    /// The longest word that `text` begins with; `word` gives the word of a place.
    pub(super) fn longest<'w>(&self, text: &[u8], word: impl Fn(u32) -> &'w [u8]) -> Option<u32> {
        let mut longest = None;
        let (mut at, mut base) = (0, self.0.first()?.base);
        for &byte in text {
            let place = base + u32::from(byte);
            let Some(node) = self.0.get(place as usize).filter(|node| node.parent == at) else { break };
            if node.base == NONE {
                return Some(node.word).filter(|&left| text.starts_with(word(left))).or(longest);
            }
            if node.word != NONE {
                longest = Some(node.word);
            }
            (at, base) = (place, node.base);
        }
        longest
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
            let found = Trie::build(&words).longest(text.as_bytes(), |place| words[place as usize]);
            prop_assert_eq!(found, plain.map(|place| place as u32));
        }
    }
}
