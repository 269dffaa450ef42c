//! An index → the Rust expression that puts it into the program. Used by the build script alone.

use std::fmt::Write as _;

use super::{Beginnings, Entry, Node, PhraseIndex, Start, Trie};

impl<O: Clone, const SIZE: usize> PhraseIndex<O, SIZE> {
    /// The index as a constant expression; `owner` gives that of an owner.
    pub(crate) fn source(&self, owner: impl Fn(&O) -> String) -> String {
        let Self { texts, entries, trie: Trie(nodes), beginnings: Beginnings { bits, ranks, starts }, ends } = self;
        let entry = |Entry { at, first, length, parent, owner: of }: &Entry<O>| {
            format!(
                "crate::phrases::Entry {{ at: {at}, first: {first}, length: {length}, parent: {parent}, owner: {} }}",
                owner(of)
            )
        };
        let node = |Node { base, label }: &Node| format!("crate::phrases::Node {{ base: {base}, label: {label} }}");
        let start = |Start { beginning, base, word }: &Start| {
            format!("crate::phrases::Start {{ beginning: {beginning}, base: {base}, word: {word} }}")
        };
        let borrowed = |text: &str| format!("::std::borrow::Cow::Borrowed({text})");
        let mut out = String::from("crate::phrases::PhraseIndex {\n");
        for (name, value) in [
            ("texts", borrowed(&format!("{texts:?}"))),
            ("entries", borrowed(&list(entries, entry))),
            ("trie", format!("crate::phrases::Trie({})", borrowed(&list(nodes, node)))),
            (
                "beginnings",
                format!(
                    "crate::phrases::Beginnings {{ bits: {}, ranks: {}, starts: {} }}",
                    borrowed(&format!("&{bits:?}")),
                    borrowed(&format!("&{ranks:?}")),
                    borrowed(&list(starts, start))
                ),
            ),
            ("ends", format!("crate::phrases::Ends::{ends:?}")),
        ] {
            // Writing to a String can't fail.
            let _ = writeln!(out, "{name}: {value},");
        }
        out.push('}');
        out
    }
}

fn list<T>(all: &[T], one: impl Fn(&T) -> String) -> String {
    format!("&[{}]", all.iter().map(one).collect::<Vec<_>>().join(",\n"))
}
