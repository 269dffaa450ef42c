//! How the tests call the program, and the mails that they give it.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The program, its working folder set.
pub(crate) fn whybounce(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_whybounce"));
    command.current_dir(folder).stdin(Stdio::null()).env_remove("NO_COLOR");
    command
}

/// Runs to the end.
pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Ran {
    whybounce(folder).args(arguments).output().expect("the program starts").into()
}

/// Runs to the end with this on standard input.
pub(crate) fn run_with(folder: &Path, arguments: &[&str], input: &[u8]) -> Ran {
    let mut child = whybounce(folder)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut pipe = child.stdin.take().expect("a pipe");
    let input = input.to_owned();
    let writer = std::thread::spawn(move || {
        // The program may end before it has read all.
        let _ = pipe.write_all(&input);
    });
    let ran = child.wait_with_output().expect("the program ends").into();
    writer.join().expect("no panic");
    ran
}

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).expect("UTF-8"),
            err: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }
}

impl Ran {
    /// The first column of each row after the header, without what keeps it from being a formula.
    pub(crate) fn column(&self) -> Vec<&str> {
        self.out.lines().skip(1).map(|row| row.split(',').next().unwrap_or_default().trim_matches(['"', '\''])).collect()
    }
}

/// A bounce of this address.
pub(crate) fn bounce(address: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mx1.example.net\nSubject: Undelivered\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\nContent-Type: text/plain\n\nFrom what we know, it failed.\n\nFrom now on, too.\n\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx1.example.net\n\nFinal-Recipient: rfc822; {address}\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 <{address}>: User unknown\n\n--b\nContent-Type: text/rfc822-headers\n\nFrom: news@example.org\nTo: {address}\nSubject: News\n\n--b--\n"
    )
}

/// Mails as one mbox (mboxrd).
pub(crate) fn mbox<'a>(mails: impl IntoIterator<Item = &'a str>) -> String {
    let mut mbox = String::new();
    for mail in mails {
        mbox.push_str("From MAILER-DAEMON Thu Jan  1 00:00:00 2026\n");
        for line in mail.lines() {
            if line.trim_start_matches('>').starts_with("From ") {
                mbox.push('>');
            }
            mbox.push_str(line);
            mbox.push('\n');
        }
        mbox.push('\n');
    }
    mbox
}

/// Rows of source and address.
pub(crate) const SOURCES: [&str; 4] = ["-f", "csv", "--fields", "source,address"];
