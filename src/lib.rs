//! whybounce
#![forbid(unsafe_code)]
#![warn(missing_docs, unreachable_pub)]
#![warn(clippy::print_stdout, clippy::print_stderr)]

pub mod answer;
pub mod check;
pub mod classify;
pub mod input;
pub mod limits;
pub mod mail;
pub mod output;
pub mod reply;
pub mod report;
pub mod rules;
pub mod verdict;
pub mod visible;
