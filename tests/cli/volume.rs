//! Many mails: the same answer whatever the number of jobs and wherever the mails come from, in bounded memory.

use std::fs;
use std::io::{Read, Write};
use std::process::Stdio;

use crate::run::{bounce, mbox, run, whybounce};

/// JSON Lines without their sources.
fn without_sources(json: &str) -> Vec<&str> {
    json.lines().map(|line| line.split_once(",\"kind\"").expect("a source, then a kind").1).collect()
}

#[test]
fn every_number_of_jobs_and_every_way_to_keep_the_mails_gives_the_same_json() {
    let folder = tempfile::tempdir().expect("a folder");
    let mails = folder.path().join("mails");
    fs::create_dir(&mails).expect("a folder");
    let texts: Vec<String> = (0..600)
        .map(|at| {
            bounce(&format!("user{at}@example.com"))
                + &"From filler\n\nFrom: filler\n".repeat(if at % 50 == 0 { 15_000 } else { at % 7 })
        })
        .collect();
    for (at, text) in texts.iter().enumerate() {
        fs::write(mails.join(format!("{at:04}.eml")), text).expect("a file");
    }
    fs::write(folder.path().join("all.mbox"), mbox(texts.iter().map(String::as_str))).expect("a file");
    // Boxes between mails, small and large, must not change the order.
    let mixed = folder.path().join("mixed");
    fs::create_dir(&mixed).expect("a folder");
    for (part, texts) in texts.chunks(60).enumerate() {
        if part % 2 == 0 {
            fs::write(mixed.join(format!("{part}.mbox")), mbox(texts.iter().map(String::as_str))).expect("a file");
        } else {
            for (at, text) in texts.iter().enumerate() {
                fs::write(mixed.join(format!("{part}-{at:02}")), text).expect("a file");
            }
        }
    }
    let json = |source: &str, jobs: &str| {
        let ran = run(folder.path(), &["-f", "json", "-j", jobs, source]);
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{source}");
        ran.out
    };
    let one = json("mails", "1");
    assert_eq!(one.lines().count(), texts.len());
    for jobs in ["2", "3", "16"] {
        assert!(json("mails", jobs) == one, "{jobs} jobs");
    }
    let in_mbox = json("all.mbox", "1");
    assert!(without_sources(&in_mbox) == without_sources(&one), "an mbox gives something else");
    assert!(json("all.mbox", "5") == in_mbox);
    let in_mixed = json("mixed", "1");
    assert!(without_sources(&in_mixed) == without_sources(&one), "boxes in a folder give something else");
    assert!(json("mixed", "5") == in_mixed);
    assert!(json("mixed", "2") == in_mixed);
}

/// The most memory that a process had, in KiB.
#[cfg(target_os = "linux")]
fn peak(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("a living process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("VmHWM");
    line.trim().trim_end_matches(" kB").trim().parse().expect("a number")
}

#[cfg(target_os = "linux")]
#[test]
fn an_mbox_of_any_size_and_mails_of_any_size_take_bounded_memory() {
    let folder = tempfile::tempdir().expect("a folder");
    let small = mbox([(bounce("a@example.com") + &"QUJD".repeat(19).repeat(1_000)).as_str()]);
    let huge = mbox([(bounce("b@example.com") + &format!("{}\n", "QUJD".repeat(18)).repeat(400_000)).as_str()]);
    let mut child = whybounce(folder.path())
        .args(["-f", "json", "-j", "4"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut out = child.stdout.take().expect("a pipe");
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        out.read_to_string(&mut text).map(|_| text)
    });
    let mut pipe = child.stdin.take().expect("a pipe");
    for _ in 0..2 {
        pipe.write_all(huge.as_bytes()).expect("written");
        for _ in 0..700 {
            pipe.write_all(small.as_bytes()).expect("written");
        }
    }
    // What is written has been read but for one pipe; nothing of the input ends before standard input does.
    let memory = peak(child.id());
    drop(pipe);
    assert!(child.wait().expect("the program ends").success());
    let text = reader.join().expect("no panic").expect("UTF-8");
    assert_eq!(text.lines().count(), 1_402);
    assert_eq!(text.lines().filter(|line| line.ends_with("\"cut\":true}")).count(), 2);
    assert!(memory < 64 << 10, "{memory} KiB");
}

#[test]
fn one_huge_mail_is_answered_and_said_to_be_cut() {
    let folder = tempfile::tempdir().expect("a folder");
    let huge = bounce("a@example.com") + &"x".repeat(40 << 20);
    fs::write(folder.path().join("huge.eml"), &huge).expect("a file");
    let ran = run(folder.path(), &["-f", "json", "huge.eml"]);
    assert_eq!(ran.code, Some(0));
    assert!(ran.out.contains("\"cause\":\"user_unknown\"") && ran.out.ends_with("\"cut\":true}\n"), "{}", ran.out);
}

#[test]
fn progress_is_told_only_where_it_is_wanted() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("a.eml"), bounce("a@example.com")).expect("a file");
    for arguments in [&["a.eml"][..], &["a.eml", "--progress", "never"], &["a.eml", "--quiet"]] {
        assert_eq!(run(folder.path(), arguments).err, "", "{arguments:?}");
    }
    let told = run(folder.path(), &["a.eml", "--progress", "always"]).err;
    assert!(told.starts_with("whybounce: 1 mail, ") && told.ends_with("/s, 1 hard\n"), "{told}");
}
