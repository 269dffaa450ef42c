//! The signs by which a mail system is known.

use std::fmt;

/// A sign by which a mail system is known; texts in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// The From field holds this.
    From(&'static str),
    /// The Subject holds this.
    Subject(&'static str),
    /// The mail has this field.
    Field(&'static str),
    /// The field of this name holds this.
    FieldHolds(&'static str, &'static str),
    /// The prose holds this.
    Says(&'static str),
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mark::From(text) => write!(f, "From holds `{text}`"),
            Mark::Subject(text) => write!(f, "Subject holds `{text}`"),
            Mark::Field(name) => write!(f, "a field `{name}`"),
            Mark::FieldHolds(name, text) => write!(f, "{name} holds `{text}`"),
            Mark::Says(text) => write!(f, "the text says `{text}`"),
        }
    }
}

/// The texts that groups of marks look for in the prose.
#[cfg(not(compiled))]
pub(super) fn says(groups: &'static [&'static [Mark]]) -> impl Iterator<Item = &'static str> {
    groups.iter().flat_map(|marks| marks.iter()).filter_map(|mark| if let Mark::Says(text) = mark { Some(*text) } else { None })
}
