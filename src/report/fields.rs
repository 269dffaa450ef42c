//! Groups of `name: value` fields in a machine-readable part (RFC 3464 section 2.1.1, RFC 5965 section 2, RFC 8098 section 3).
//!
//! In: the lines of the part. Out: groups of unfolded fields. Badly folded lines, stray blank lines and quoted-printable
//! leftovers are survived; which names are fields is told by the caller, so that a line of a reply with a colon is none.

use std::borrow::Cow;

use super::text::{trim_end, trim_start};
use super::words::ends_with_ignore_case;
use crate::limits::{DIAGNOSTIC_BYTES, cut};

/// One unfolded field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field<'t> {
    pub(super) name: &'t str,
    pub(super) value: Cow<'t, str>,
}

impl Field<'_> {
    /// Whether the value is free text, which may go on at the margin where its folds were lost.
    fn is_text(&self) -> bool {
        !["Recipient", "MTA", "Action", "Status", "Date"].iter().any(|end| ends_with_ignore_case(self.name, end))
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// Most bytes of a value that are kept: a diagnostic with its type before it, and a little more, so that it shows.
const VALUE: usize = DIAGNOSTIC_BYTES + 64;

/// Room for the further lines of most values.
const LINES: usize = 256;

/// Groups of fields, which blank lines separate. `is_name` tells real field names.
pub(super) fn groups<'t>(lines: impl Iterator<Item = &'t str>, is_name: impl Fn(&str) -> bool) -> Vec<Vec<Field<'t>>> {
    let mut groups: Vec<Vec<Field<'t>>> = Vec::new();
    let mut group: Vec<Field<'t>> = Vec::with_capacity(8);
    // The whole part may be indented.
    let mut indent = 0;
    for line in lines {
        let trimmed = trim_end(line);
        if trimmed.is_empty() {
            if !group.is_empty() {
                groups.push(std::mem::replace(&mut group, Vec::with_capacity(8)));
            }
            continue;
        }
        let content = trim_start(trimmed);
        let own_indent = trimmed.len() - content.len();
        if group.is_empty() {
            indent = own_indent;
        }
        let folded = own_indent > indent;
        let field = split_field(content).filter(|(name, _)| is_name(name) && (!folded || group.is_empty()));
        match (field, group.last_mut()) {
            (Some((name, value)), _) => {
                group.push(Field { name, value: Cow::Borrowed(cut(trim_start(value), VALUE)) });
            }
            // A stray line is no part of an address, a code or a host.
            (None, Some(open)) if open.value.len() < VALUE && (folded || open.value.is_empty() || open.is_text()) => {
                if let Cow::Borrowed(line) = open.value {
                    let mut value = String::with_capacity(line.len() + LINES);
                    value.push_str(line);
                    open.value = Cow::Owned(value);
                }
                let value = open.value.to_mut();
                if !value.is_empty() {
                    value.push(' ');
                }
                value.push_str(cut(content, VALUE - value.len().min(VALUE)));
            }
            _ => {}
        }
    }
    if !group.is_empty() {
        groups.push(group);
    }
    groups
}

/// A line at its first colon, the name without white space behind it.
pub(super) fn split_field(line: &str) -> Option<(&str, &str)> {
    let colon = memchr::memchr(b':', line.as_bytes())?;
    Some((trim_end(&line[..colon]), &line[colon + 1..]))
}

/// The first value of a name in a group, where it is not empty.
pub(super) fn value<'g>(group: &'g [Field<'_>], name: &str) -> Option<&'g str> {
    group.iter().find(|field| field.is(name)).map(|field| &*field.value).filter(|value| !value.is_empty())
}

/// The host of a `dns; mx.example.com (192.0.2.1)` value; types, brackets and comments left out.
pub(super) fn host(value: &str) -> Option<String> {
    let value = memchr::memchr(b';', value.as_bytes()).map_or(value, |end| &value[end + 1..]);
    let word = value.trim().split([' ', '\t', '(', ',', ';']).find(|word| !word.is_empty())?;
    let word = word.trim_matches(|c: char| matches!(c, '[' | ']' | '<' | '>' | '"' | '\'' | '.'));
    (!word.is_empty() && word.len() <= 255).then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_grouped_and_unfolded() {
        let text = "A: 1\n\nB: 2\n  more\nand more\nhttps://example.com\nC:3\n\n\n";
        let groups = groups(text.lines(), |name| name.len() == 1);
        assert_eq!(groups.len(), 2);
        assert_eq!(value(&groups[1], "b"), Some("2 more and more https://example.com"));
        assert_eq!(value(&groups[1], "c"), Some("3"));
    }

    #[test]
    fn a_host_is_taken_out_of_its_value() {
        assert_eq!(host("dns; mx.example.com. (192.0.2.1, the server)").as_deref(), Some("mx.example.com"));
        assert_eq!(host("dns;[192.0.2.1]").as_deref(), Some("192.0.2.1"));
        assert_eq!(host("mx.example.com").as_deref(), Some("mx.example.com"));
        assert_eq!(host("dns;"), None);
    }
}
