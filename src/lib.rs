//! Reads bounce e-mails and bare SMTP replies and says why they bounced and what to do.
//!
//! Data flows one way: [`input`] finds raw mails, [`mail`] takes one apart, [`report`] says what it tells of each recipient,
//! [`rules`] is the table that knows replies, [`classify`] brings the two together, [`answer`] is the whole answer of one mail,
//! [`check`] compares it with expectations, [`output`] writes it. [`reply`] reads reply codes, [`verdict`] is the taxonomy and
//! [`limits`] the bounds.
//!
//! ```
//! use whybounce::answer::Classifier;
//! use whybounce::rules::Table;
//!
//! // Built once, shared between threads.
//! let classifier = Classifier::new(Table::built_in());
//! let mail = b"From: MAILER-DAEMON@mx.example.net\nSubject: failure notice\n\n\
//!     <jo@example.com>:\n192.0.2.1 does not like recipient.\n\
//!     Remote host said: 550 5.1.1 User unknown\nGiving up on 192.0.2.1.\n";
//! let answer = classifier.classify("bounce.eml", mail);
//! let verdict = answer.verdicts[0].expect("a failed recipient has a verdict");
//! assert_eq!(verdict.cause.name(), "user_unknown");
//! assert_eq!(verdict.action.name(), "remove_address");
//! ```
#![forbid(unsafe_code)]
#![warn(missing_docs, unreachable_pub)]
#![warn(clippy::print_stdout, clippy::print_stderr)]

pub mod answer;
mod bits;
pub mod check;
pub mod classify;
pub mod input;
pub mod limits;
pub mod mail;
pub mod output;
mod phrases;
pub mod reply;
pub mod report;
pub mod rules;
pub mod verdict;
pub mod visible;
