//! How words begin: a set of their first bytes, and where in the trie each of these leads.
//!
//! In: words in their trie, then texts. Out: none, or the node from which the walk goes on. Of the words of a text three in four
//! begin no phrase. To know it without a branch costs a tenth of a walk through the phrases that ends soon, because no processor
//! foresees where it ends; and a walk that does not begin at the root is much shorter.

use std::borrow::Cow;

use super::trie::Trie;
use super::{Block, List};
use crate::bits::BLOCK;

/// So many bytes are taken at once to look at a beginning.
pub(super) const BEGINNING: usize = 8;

/// So many bytes of a word are looked at.
const LONG: usize = 7;
/// So many of a word that has no more; no word is shorter.
const SHORT: usize = 3;

/// A set with a bit for each hash of a beginning, held by so many numbers, a power of two: few of the bits are set, so that few
/// texts are mistaken, and they stay in the nearest cache still.
#[derive(Debug)]
pub(crate) struct Beginnings<const NUMBERS: usize> {
    pub(crate) bits: Cow<'static, [u64; NUMBERS]>,
    /// For each number, how many bits are set in those before it.
    pub(crate) ranks: Cow<'static, [u32; NUMBERS]>,
    /// What each bit that is set stands for.
    pub(crate) starts: List<Start>,
}

/// Where the walk begins for texts that begin alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Start {
    /// How they begin; 0 if several beginnings share the bit and the walk begins at the root.
    pub(crate) beginning: u64,
    /// The base of the node that this leads to.
    pub(crate) base: u32,
    /// The longest word on the way there.
    pub(crate) word: u32,
}

impl Start {
    /// How many bytes the walk has behind it: as many as the beginning has.
    pub(super) fn depth(self) -> usize {
        8 - self.beginning.leading_zeros() as usize / 8
    }
}

impl<const NUMBERS: usize> Beginnings<NUMBERS> {
    /// The beginnings of words, each of which has three bytes at least.
    pub(super) fn of(words: &[&[u8]], trie: &Trie) -> Self {
        let mut starts: Vec<_> = words
            .iter()
            .map(|word| {
                let start = trie.start(&word[..if word.len() < LONG { SHORT } else { LONG }]);
                (Self::place(start.beginning), start)
            })
            .collect();
        starts.sort_unstable_by_key(|(place, start)| (*place, start.beginning));
        starts.dedup();
        starts.dedup_by(|(place, _), (first, start)| {
            let is_shared = place == first;
            if is_shared {
                *start = trie.root();
            }
            is_shared
        });
        let mut bits = [0; NUMBERS];
        for ((place, bit), _) in &starts {
            bits[*place] |= 1 << bit;
        }
        let mut all = 0;
        let ranks = bits.map(|bits: u64| {
            all += bits.count_ones();
            all - bits.count_ones()
        });
        // One more, so that there is one for every rank.
        let starts = starts.into_iter().map(|(_, start)| start).chain([trie.root()]).collect();
        Self { bits: Cow::Owned(bits), ranks: Cow::Owned(ranks), starts }
    }

    /// 1 if some word may begin as the text at a place of a block does, 0 if none does.
    pub(super) fn have(&self, block: &Block, at: usize) -> u64 {
        let beginning = beginning(block, at);
        let bit = |length| {
            let (place, bit) = Self::place(first(beginning, length));
            self.bits[place] >> bit & 1
        };
        bit(LONG) | bit(SHORT)
    }

    /// The place among the starts of the text at a place of a block, if there is one.
    pub(super) fn start(&self, block: &Block, at: usize) -> (usize, bool) {
        let beginning = beginning(block, at);
        let (long, short) = (first(beginning, LONG), first(beginning, SHORT));
        let start = |beginning| {
            let (place, bit) = Self::place(beginning);
            let rank = (self.ranks[place] + (self.bits[place] & ((1 << bit) - 1)).count_ones()) as usize;
            let known = self.starts[rank].beginning;
            (rank, (known == beginning) | (known == 0))
        };
        let (place, bit) = Self::place(long);
        let is_long = self.bits[place] >> bit & 1 == 1;
        let found = start(if is_long { long } else { short });
        // Another beginning may have the same bit.
        if is_long && !found.1 { start(short) } else { found }
    }

    /// Where the bit of a beginning stands: in which number, and where in it.
    fn place(beginning: u64) -> (usize, u32) {
        // The highest bits of the product are those that every byte has a part in.
        let hash = beginning.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - 6 - NUMBERS.ilog2());
        ((hash >> 6) as usize, hash as u32 & 63)
    }
}

/// How the text at a place of a block begins, the first byte lowest.
fn beginning(block: &Block, at: usize) -> u64 {
    block[at % BLOCK..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// The first `length` bytes of a beginning.
fn first(beginning: u64, length: usize) -> u64 {
    beginning & (u64::MAX >> (64 - 8 * length))
}
