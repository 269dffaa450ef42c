//! Where mails come from: Maildirs, mboxes, archives, compressed files, lists, standard input, and what can't be read.

use std::fs;
use std::io::Write;
use std::path::Path;

use crate::run::{SOURCES, bounce, mbox, run, run_with};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn zstandard(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, *bytes).expect("memory");
    }
    builder.into_inner().expect("memory")
}

fn sources(folder: &Path, paths: &[&str]) -> Vec<(String, String)> {
    let ran = run(folder, &[&SOURCES[..], paths].concat());
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{paths:?}");
    ran.out
        .lines()
        .skip(1)
        .map(|row| row.split_once(',').map(|(a, b)| (a.to_owned(), b.to_owned())).expect("two columns"))
        .collect()
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

#[test]
fn a_maildir_gives_cur_and_new_and_its_further_folders() {
    let folder = tempfile::tempdir().expect("a folder");
    let maildir = folder.path().join("Maildir");
    for (path, mail) in
        [("cur/1.host:2,S", "a"), ("new/2.host", "b"), ("tmp/3.host", "c"), ("sub/cur/4.host:2,", "d"), ("sub/tmp/5.host", "e")]
    {
        let path = maildir.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, bounce(&format!("{mail}@example.com"))).expect("a file");
    }
    fs::create_dir(maildir.join("sub/new")).expect("a folder");
    fs::write(maildir.join("dovecot-uidlist"), "3 V1").expect("a file");
    let ran = run(folder.path(), &["-f", "csv", "--fields", "address", "Maildir"]);
    assert_eq!(ran.column(), ["a@example.com", "b@example.com", "d@example.com"]);
    let named = run(folder.path(), &["-f", "csv", "--fields", "address", "Maildir/tmp"]);
    assert_eq!(named.column(), ["c@example.com"]);
}

#[test]
fn compressed_mails_and_mboxes_are_read_as_they_were() {
    let folder = tempfile::tempdir().expect("a folder");
    let mail = bounce("a@example.com");
    let two = mbox([bounce("b@example.com").as_str(), &bounce("c@example.com")]);
    // Several members or frames in one file are one stream, as `cat` of two compressed files is.
    let (begin, end) = two.as_bytes().split_at(500);
    for (name, bytes) in [
        ("a.eml.gz", gzip(mail.as_bytes())),
        ("a.eml.zst", zstandard(mail.as_bytes())),
        ("two.gz", [gzip(begin), gzip(end)].concat()),
        ("two.zst", [zstandard(begin), b"\x50\x2A\x4D\x18\x03\0\0\0abc".to_vec(), zstandard(end)].concat()),
    ] {
        fs::write(folder.path().join(name), bytes).expect("a file");
    }
    let all = pairs(&[
        ("./a.eml.gz", "a@example.com"),
        ("./a.eml.zst", "a@example.com"),
        ("./two.gz#1", "b@example.com"),
        ("./two.gz#2", "c@example.com"),
        ("./two.zst#1", "b@example.com"),
        ("./two.zst#2", "c@example.com"),
    ]);
    assert_eq!(sources(folder.path(), &["."]), all);
}

#[test]
fn archives_give_their_mails_by_name_and_pass_over_the_rest() {
    let folder = tempfile::tempdir().expect("a folder");
    let mail = bounce("a@example.com");
    let two = mbox([bounce("b@example.com").as_str(), &bounce("c@example.com")]);
    let long = format!("{}/mail.eml", "long".repeat(40));
    let packed = gzip(mail.as_bytes());
    let archive = tar(&[
        ("in/a.eml", mail.as_bytes()),
        ("in/a.expect.toml", b"kind = \"other\""),
        ("in/.hidden.eml", mail.as_bytes()),
        ("in/picture.png", b"\x89PNG\r\n\x1a\n\0\0"),
        ("box", two.as_bytes()),
        (&long, mail.as_bytes()),
        ("z.gz", &packed),
    ]);
    fs::write(folder.path().join("b.tar"), &archive).expect("a file");
    fs::write(folder.path().join("b.tgz"), gzip(&archive)).expect("a file");
    fs::write(folder.path().join("b.tar.zst"), zstandard(&archive)).expect("a file");
    for name in ["b.tar", "b.tgz", "b.tar.zst"] {
        let wanted = [("in/a.eml", "a"), ("box#1", "b"), ("box#2", "c"), (long.as_str(), "a"), ("z.gz", "a")];
        let wanted: Vec<_> = wanted.iter().map(|(file, who)| (format!("{name}#{file}"), format!("{who}@example.com"))).collect();
        assert_eq!(sources(folder.path(), &[name]), wanted);
    }
}

#[test]
fn damaged_and_empty_archives_are_told_after_what_could_be_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let mail = bounce("a@example.com");
    let archive = tar(&[("a.eml", mail.as_bytes()), ("b.eml", mail.as_bytes())]);
    let mut wrong = archive.clone();
    wrong[1536 + 1] ^= 1;
    let mut bad_sum = gzip(mail.as_bytes());
    let at = bad_sum.len() - 6;
    bad_sum[at] ^= 1;
    let nested = gzip(&gzip(&gzip(&gzip(mail.as_bytes()))));
    for (name, bytes, mails, told) in [
        ("cut.tar", archive[..1600].to_vec(), 1, "it ends in the middle of a header"),
        ("cut-more.tar", archive[..2100].to_vec(), 2, "it ends in the middle of a file"),
        ("wrong.tar", wrong, 1, "checksum"),
        ("empty.tar", tar(&[("x.png", b"\x89PNG\0")]), 0, "no mails in this archive"),
        ("cut.gz", gzip(mbox([mail.as_str(), &mail]).as_bytes())[..300].to_vec(), 1, "`cut.gz`: "),
        ("bad-sum.gz", bad_sum, 1, "`bad-sum.gz`: "),
        ("cut.zst", zstandard(&mail.repeat(3).into_bytes())[..200].to_vec(), 0, "damaged zstd data"),
        ("deep.gz", nested, 0, "packed too often"),
    ] {
        fs::write(folder.path().join(name), bytes).expect("a file");
        let ran = run(folder.path(), &[&SOURCES[..], &[name]].concat());
        assert_eq!(ran.code, Some(2), "{name}: {ran:?}");
        assert!(ran.err.contains(told), "{name}: {}", ran.err);
        assert_eq!(ran.column().len(), mails, "{name}: {ran:?}");
    }
}

#[test]
fn standard_input_is_one_mail_or_an_mbox_or_either_compressed_or_an_archive() {
    let folder = tempfile::tempdir().expect("a folder");
    let mail = bounce("a@example.com");
    let two = mbox([mail.as_str(), &mail]);
    for (input, wanted) in [
        (mail.clone().into_bytes(), &["-"][..]),
        (mail.replace('\n', "\r\n").into_bytes(), &["-"]),
        (format!("\u{FEFF}{mail}").into_bytes(), &["-"]),
        (two.clone().into_bytes(), &["-#1", "-#2"]),
        (gzip(two.as_bytes()), &["-#1", "-#2"]),
        (zstandard(mail.as_bytes()), &["-"]),
        (tar(&[("x/a.eml", mail.as_bytes())]), &["-#x/a.eml"]),
    ] {
        let ran = run_with(folder.path(), &[&SOURCES[..], &["--where", "address=a@example.com"]].concat(), &input);
        assert_eq!((ran.code, ran.column()), (Some(0), wanted.to_vec()), "{ran:?}");
    }
    let binary = run_with(folder.path(), &[], b"\0\x01\x02");
    assert_eq!((binary.code, binary.err.as_str()), (Some(2), "whybounce: `-`: no mail: binary data without a header\n"));
}

#[test]
fn a_list_of_paths_comes_from_standard_input_too_and_may_be_ended_by_nul() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["a", "b\nc", " d "] {
        fs::write(folder.path().join(name), bounce("x@example.com")).expect("a file");
    }
    let format = ["-f", "json"];
    let lines = run_with(folder.path(), &[&format[..], &["--files-from", "-"]].concat(), b"a\n\n d \n");
    assert_eq!((lines.code, lines.out.lines().count()), (Some(0), 2), "{lines:?}");
    let nul = run_with(folder.path(), &[&format[..], &["--files-from", "-", "-0"]].concat(), b"a\0b\nc\0");
    assert_eq!((nul.code, nul.out.lines().count()), (Some(0), 2), "{nul:?}");
    assert!(nul.out.contains(r#""source":"b\nc""#));
    let nothing = run_with(folder.path(), &[&format[..], &["--files-from", "-"]].concat(), b"");
    assert_eq!((nothing.code, nothing.out.as_str(), nothing.err.as_str()), (Some(0), "", ""));
}

#[cfg(unix)]
#[test]
fn what_can_not_be_read_in_a_folder_is_told_and_skipped() {
    let folder = tempfile::tempdir().expect("a folder");
    let mails = folder.path().join("mails");
    fs::create_dir_all(mails.join("inner")).expect("a folder");
    fs::write(mails.join("a.eml"), bounce("a@example.com")).expect("a file");
    fs::write(mails.join("inner/z.eml"), bounce("z@example.com")).expect("a file");
    std::os::unix::fs::symlink("..", mails.join("inner/loop")).expect("a link");
    std::os::unix::fs::symlink("nowhere", mails.join("broken")).expect("a link");
    std::os::unix::fs::symlink("../a.eml", mails.join("inner/linked.eml")).expect("a link");
    let made = std::process::Command::new("mkfifo").arg(mails.join("fifo")).status().expect("mkfifo");
    assert!(made.success());
    let _socket = std::os::unix::net::UnixListener::bind(mails.join("socket")).expect("a socket");
    let ran = run(folder.path(), &[&SOURCES[..], &["mails"]].concat());
    assert_eq!(ran.code, Some(2));
    assert_eq!(ran.column(), ["mails/a.eml", "mails/inner/linked.eml", "mails/inner/z.eml"]);
    let told: Vec<&str> = ran.err.lines().collect();
    assert_eq!(
        told,
        [
            "whybounce: `mails/broken`: no such file or directory",
            "whybounce: `mails/fifo`: a named pipe",
            "whybounce: `mails/inner/loop`: a symbolic link that leads back to `mails`",
            "whybounce: `mails/socket`: a socket",
        ]
    );
    // Only files that the user may not read are left; the super-user may read all.
    use std::os::unix::fs::PermissionsExt;
    let locked = folder.path().join("locked.eml");
    fs::write(&locked, bounce("l@example.com")).expect("a file");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).expect("permissions");
    let ran = run(folder.path(), &["locked.eml"]);
    match fs::File::open(&locked) {
        Ok(_) => assert_eq!(ran.code, Some(0)),
        Err(_) => assert_eq!((ran.code, ran.err.as_str()), (Some(2), "whybounce: `locked.eml`: permission denied\n")),
    }
}

#[cfg(unix)]
#[test]
fn a_named_pipe_that_is_asked_for_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo").success());
    let writer = std::thread::spawn(move || fs::write(path, bounce("a@example.com")));
    assert_eq!(sources(folder.path(), &["pipe"]), pairs(&[("pipe", "a@example.com")]));
    writer.join().expect("no panic").expect("written");
}

#[test]
fn a_compressed_mail_has_the_expectation_of_the_plain_one() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("a.eml.gz"), gzip(bounce("a@example.com").as_bytes())).expect("a file");
    fs::write(folder.path().join("b#1.eml"), bounce("b@example.com")).expect("a file");
    let updated = run(folder.path(), &["check", ".", "--update"]);
    assert_eq!(
        (updated.code, updated.out.as_str()),
        (Some(0), "./a.expect.toml written\n./b#1.expect.toml written\n2 expectation files written, 0 as they were\n")
    );
    let checked = run(folder.path(), &["check", ".", "--strict"]);
    assert_eq!((checked.code, checked.out.as_str()), (Some(0), "2 of 2 mails are as expected\n"));
}
