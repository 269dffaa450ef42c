//! `whybounce [PATH]...`: classify mails.

use std::io::Write;
use std::path::PathBuf;

use whybounce::answer::Classifier;
use whybounce::input::Mails;
use whybounce::output;

use super::{Ending, Reading, complain, load_table};

pub(super) fn run(paths: &[PathBuf], reading: &Reading) -> anyhow::Result<Ending> {
    let classifier = Classifier::new(load_table(&reading.rules)?);
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut ending = Ending::Good;
    for mail in Mails::of(paths) {
        match mail {
            Ok(mail) => {
                let answer = classifier.classify(&mail.source, &mail.bytes);
                output::write_json(&mut out, &answer)?;
            }
            Err(unreadable) => {
                complain(&unreadable.to_string());
                ending = Ending::Failed;
            }
        }
    }
    out.flush()?;
    Ok(ending)
}
