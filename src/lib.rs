//! whybounce
#![forbid(unsafe_code)]
#![warn(missing_docs, unreachable_pub)]
#![warn(clippy::print_stdout, clippy::print_stderr)]

pub mod classify;
pub mod limits;
pub mod reply;
pub mod rules;
pub mod verdict;
