//! The built-in section: rules, providers and their index as constants, which the build script wrote from the rule files.

use std::borrow::Cow;

use super::demand::Demand;
use super::section::{OwnedOrStatic, Owner, Section};
use super::{CodeMask, Pattern, Provider, ProviderId, Rule, StatusMask, Text};
use crate::phrases::{PhraseIndex, THOUSANDS};
use crate::reply::{Command, ReplyCode};
use crate::verdict::Cause;

include!(concat!(env!("OUT_DIR"), "/built_in_rules.rs"));

/// The built-in section; nothing is read or built for it.
pub(super) fn section() -> Section {
    Section {
        rules: OwnedOrStatic::Static(&RULES),
        first_rule: 0,
        demands: Cow::Borrowed(&DEMANDS),
        hosts: Cow::Borrowed(&HOSTS),
        providers: OwnedOrStatic::Static(&PROVIDERS),
        first_provider: 0,
        by_code: Cow::Borrowed(&BY_CODE),
        by_provider: Cow::Borrowed(&BY_PROVIDER),
        index: INDEX,
    }
}
