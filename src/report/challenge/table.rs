//! The marks of challenge-response systems.

use crate::report::mark::Mark::{self, Field, FieldHolds, Says, Subject};

/// Marks of such systems; each line of marks, whole, is enough.
pub(in crate::report) const CHALLENGES: &[&[Mark]] = &[
    &[Says("spamarrest.com")],
    &[Says("spam arrest"), Says("verif")],
    &[Field("X-TMDA-Confirm")],
    &[FieldHolds("X-Delivery-Agent", "tmda"), Says("confirm")],
    &[Subject("please confirm your message")],
    &[Subject("verification required")],
    &[Subject("confirmation required"), Says("your message")],
    &[Says("confirm that you are"), Says("click")],
    &[Says("verify that you are"), Says("click")],
    &[Says("you are a real person")],
    &[Says("you are not a robot"), Says("your message")],
    &[Says("guest list"), Says("add yourself")],
    &[Says("was waitlisted")],
    &[Says("antispam uol")],
    &[Says("challenge"), Says("response"), Says("verify that you are")],
    &[Says("prove that you are human")],
    &[Says("prove you are human"), Says("your message")],
    &[Says("protects his mailbox"), Says("confirm")],
    &[Says("held until you"), Says("confirm")],
    &[Says("mailblocks")],
    &[Says("bluebottle.com"), Says("verif")],
    &[Says("0spam.com"), Says("verif")],
    &[Says("sendio"), Says("verif")],
    &[Says("to release your message"), Says("reply to this")],
    &[Says("this one-time"), Says("confirm"), Says("to deliver your message")],
    &[Says("active spam killer"), Says("confirm")],
    &[Says("simply reply to this message"), Says("deliver")],
];
