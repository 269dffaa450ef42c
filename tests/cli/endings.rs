//! How the program ends: closed pipes, full disks, signals; and that an output file is whole or not there.

#![cfg(unix)]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::run::{bounce, mbox, run, whybounce};

/// Waits, but not for ever.
fn ended(child: &mut Child) -> ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("a child") {
            return status;
        }
        if start.elapsed() > Duration::from_secs(60) {
            child.kill().expect("a child");
            panic!("the program does not end");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn unfinished(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
    names.map(|name| name.to_string_lossy().into_owned()).filter(|name| name.ends_with(".part")).collect()
}

fn many(folder: &Path, count: usize) {
    let texts: Vec<String> = (0..count).map(|at| bounce(&format!("user{at}@example.com"))).collect();
    fs::write(folder.join("all.mbox"), mbox(texts.iter().map(String::as_str))).expect("a file");
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let folder = tempfile::tempdir().expect("a folder");
    many(folder.path(), 2_000);
    let commands: [&[&str]; 5] = [
        &["-f", "json", "all.mbox"],
        &["-f", "csv", "-j", "1", "all.mbox"],
        &["rules", "list"],
        &["completions", "bash"],
        &["man"],
    ];
    for arguments in commands {
        let mut child =
            whybounce(folder.path()).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let mut first = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut first).expect("a line");
        assert!(!first.is_empty());
        let output = child.wait_with_output().expect("it ends");
        assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""), "{arguments:?}");
    }
}

#[test]
fn a_closed_pipe_ends_it_even_while_more_input_could_come() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut child = whybounce(folder.path())
        .args(["-f", "json", "-j", "4"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    drop(child.stdout.take());
    let mut input = child.stdin.take().expect("a pipe");
    let one = mbox([bounce("a@example.com").as_str()]);
    for _ in 0..1_000 {
        if input.write_all(one.as_bytes()).is_err() {
            break;
        }
    }
    // Standard input stays open.
    assert_eq!(ended(&mut child).code(), Some(0));
    drop(input);
}

#[test]
fn a_closed_pipe_turns_no_difference_into_success() {
    let folder = tempfile::tempdir().expect("a folder");
    many(folder.path(), 3);
    let mut child = whybounce(folder.path())
        .args(["check", "all.mbox", "--expect", "cause=mailbox_full"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    drop(child.stdout.take());
    assert_eq!(ended(&mut child).code(), Some(1));
}

#[test]
fn a_full_disk_is_told_and_a_device_stays_a_device() {
    let folder = tempfile::tempdir().expect("a folder");
    many(folder.path(), 500);
    for format in ["json", "csv", "text", "summary", "summary-json"] {
        let full = fs::File::options().write(true).open("/dev/full").expect("/dev/full");
        let output = whybounce(folder.path()).args(["-f", format, "all.mbox"]).stdout(full).output().expect("it runs");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(
            (output.status.code(), told.as_str()),
            (Some(2), "whybounce: can't write standard output: No space left on device\n"),
            "{format}"
        );
        let ran = run(folder.path(), &["-f", format, "all.mbox", "-o", "/dev/full"]);
        assert_eq!((ran.code, ran.err.as_str()), (Some(2), "whybounce: can't write `/dev/full`: No space left on device\n"));
    }
    assert!(!fs::metadata("/dev/full").expect("/dev/full").is_file());
    assert_eq!(run(folder.path(), &["-f", "json", "all.mbox", "-o", "/dev/null"]).code, Some(0));
    assert!(!fs::metadata("/dev/null").expect("/dev/null").is_file());
}

#[test]
fn an_output_file_that_can_not_be_finished_is_left_as_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    many(folder.path(), 500);
    fs::write(folder.path().join("out.json"), "old\n").expect("a file");
    // A limit on the size of files, its signal ignored, is a disk that gets full in the middle.
    let program = env!("CARGO_BIN_EXE_whybounce");
    let script = format!("trap '' XFSZ; ulimit -f 8; exec '{program}' -f json all.mbox -o out.json");
    let output = Command::new("sh").args(["-c", &script]).current_dir(folder.path()).output().expect("sh");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "whybounce: can't write `out.json`: File too large\n");
    assert_eq!(fs::read_to_string(folder.path().join("out.json")).expect("a file"), "old\n");
    assert_eq!(unfinished(folder.path()), [""; 0]);
    let ran = run(folder.path(), &["-f", "json", "all.mbox", "-o", "nowhere/out.json"]);
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (Some(2), "whybounce: can't write `nowhere/out.json`: No such file or directory (os error 2)\n")
    );
}

#[test]
fn an_output_file_keeps_its_permissions_and_a_link_to_it_stays_a_link() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    many(folder.path(), 3);
    let real = folder.path().join("real.json");
    fs::write(&real, "old\n").expect("a file");
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).expect("permissions");
    std::os::unix::fs::symlink("real.json", folder.path().join("link.json")).expect("a link");
    assert_eq!(run(folder.path(), &["-f", "json", "all.mbox", "-o", "link.json"]).code, Some(0));
    assert_eq!(fs::read_to_string(&real).expect("a file").lines().count(), 3);
    assert!(fs::symlink_metadata(folder.path().join("link.json")).expect("a link").is_symlink());
    assert_eq!(fs::metadata(&real).expect("a file").permissions().mode() & 0o777, 0o640);
}

/// Ends the program by a signal when it has begun to write, with more input still to come.
fn interrupted(signal: &str, folder: &Path) -> ExitStatus {
    fs::write(folder.join("out.json"), "old\n").expect("a file");
    let mut child =
        whybounce(folder).args(["-f", "json", "-j", "2", "-o", "out.json"]).stdin(Stdio::piped()).spawn().expect("it starts");
    let mut input = child.stdin.take().expect("a pipe");
    let one = mbox([bounce("a@example.com").as_str()]);
    for _ in 0..1_000 {
        input.write_all(one.as_bytes()).expect("written");
    }
    let start = Instant::now();
    // Something was written to the file beside it.
    while unfinished(folder).iter().all(|name| fs::metadata(folder.join(name)).map_or(0, |file| file.len()) == 0) {
        assert!(start.elapsed() < Duration::from_secs(60), "nothing is written");
        std::thread::sleep(Duration::from_millis(5));
    }
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill");
    assert!(sent.success());
    let status = ended(&mut child);
    drop(input);
    assert_eq!(fs::read_to_string(folder.join("out.json")).expect("a file"), "old\n");
    status
}

#[test]
fn ctrl_c_ends_it_as_it_ends_any_program_and_takes_the_unfinished_file_away() {
    for (signal, number) in [("-INT", 2), ("-TERM", 15)] {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(interrupted(signal, folder.path()).signal(), Some(number));
        assert_eq!(unfinished(folder.path()), [""; 0]);
    }
}

#[test]
fn killed_at_once_it_leaves_the_output_as_it_was_and_nothing_that_a_folder_shows() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(interrupted("-KILL", folder.path()).signal(), Some(9));
    assert!(unfinished(folder.path()).iter().all(|name| name.starts_with('.')));
}

#[test]
fn the_version_tells_the_size_of_the_table_and_the_man_page_all_options() {
    let folder = tempfile::tempdir().expect("a folder");
    let version = run(folder.path(), &["--version"]).out;
    let rules = run(folder.path(), &["rules", "list"]).out.lines().count();
    assert!(version.starts_with(&format!("whybounce {} ({rules} rules, ", env!("CARGO_PKG_VERSION"))), "{version}");
    let man = run(folder.path(), &["man"]).out;
    for option in ["files\\-from", "where", "update", "strict"] {
        assert!(man.contains(option), "{option}");
    }
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = run(folder.path(), &["completions", shell]).out;
        assert!(script.contains("files-from"), "{shell}");
    }
}
