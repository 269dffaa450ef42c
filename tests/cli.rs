//! The program from its command line to what it writes and how it ends. What can be told as a transcript stands in
//! `tests/cli/*.trycmd`; what needs signals, pipes, full disks or odd files is Rust.

#[path = "cli/endings.rs"]
mod endings;
#[path = "cli/escapes.rs"]
mod escapes;
#[path = "cli/run.rs"]
mod run;
#[path = "cli/sources.rs"]
mod sources;
#[path = "cli/volume.rs"]
mod volume;

#[test]
fn transcripts_are_as_they_stand() {
    trycmd::TestCases::new().case("tests/cli/*.trycmd");
}
