//! Mails done, rate, time left and bounces by type on standard error, when it takes longer than a second.
//!
//! On a terminal a line is drawn over and over; elsewhere, when asked for, lines follow each other.

use std::fmt::Write as _;
use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use indicatif::{HumanCount, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};
use whybounce::output::Tally;

use super::batch::Share;
use super::{Common, When, complain};

/// When progress is first shown, and how often it is told where there is no terminal to draw on.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often the line is drawn.
const REDRAW: Duration = Duration::from_millis(125);
/// The share of the work from which on the time left is more than a guess.
const ENOUGH: f64 = 0.01;

/// Counts, and where they are shown; nothing is counted where nothing is.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    /// Whether there is a terminal to draw on.
    draws: bool,
    started: Instant,
    told: Instant,
    mails: u64,
    bounces: String,
    /// As it was known last.
    share: Share,
}

impl Progress {
    pub(super) fn new(common: &Common) -> Self {
        let draws = stderr().is_terminal();
        let wanted = match common.progress {
            When::Always => true,
            When::Never => false,
            When::Auto => !common.quiet && draws,
        };
        let bar = wanted.then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
            // The template is a constant of ours; where it were wrong, the plain bar would do.
            if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
                bar.set_style(style);
            }
            bar
        });
        let now = Instant::now();
        Self { bar, draws, started: now, told: now, mails: 0, bounces: String::new(), share: None }
    }

    /// Whether anybody will see it.
    pub(super) fn is_wanted(&self) -> bool {
        self.bar.is_some()
    }

    /// Counts mails; `tally` is what was counted of all of them.
    pub(super) fn add(&mut self, mails: u64, tally: &Tally, share: Share) {
        let Some(bar) = &self.bar else { return };
        self.mails += mails;
        self.share = share.or(self.share);
        let pause = if self.draws && !bar.is_hidden() { REDRAW } else { PATIENCE };
        if self.told.elapsed() < pause {
            return;
        }
        self.told = Instant::now();
        self.bounces = bounces(tally);
        if self.draws {
            if bar.is_hidden() {
                bar.set_draw_target(ProgressDrawTarget::stderr());
            }
            bar.set_message(self.line(self.share));
            bar.tick();
        } else {
            complain(&self.line(self.share));
        }
    }

    /// All that is to be said, on one line.
    fn line(&self, share: Share) -> String {
        let elapsed = self.started.elapsed();
        let rate = self.mails as f64 / elapsed.as_secs_f64().max(0.001);
        let word = if self.mails == 1 { "mail" } else { "mails" };
        let mut line = format!("{} {word}, {}/s", HumanCount(self.mails), HumanCount(rate as u64));
        if let Some((done, all)) = share
            && done / all as f64 >= ENOUGH
            && done < all as f64
        {
            let left = elapsed.mul_f64(all as f64 / done - 1.0);
            // Writing to a String can't fail.
            let _ = write!(line, ", {} left", HumanDuration(Duration::from_secs(left.as_secs())));
        }
        line.push_str(&self.bounces);
        line
    }

    /// Writes a complaint without tearing the line.
    pub(super) fn complain(&self, message: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| complain(message)),
            None => complain(message),
        }
    }

    /// Takes the line away; where there is no terminal, tells what it came to.
    pub(super) fn finish(&mut self, tally: &Tally) {
        let Some(bar) = &self.bar else { return };
        if self.draws {
            bar.finish_and_clear();
        } else {
            self.bounces = bounces(tally);
            complain(&self.line(None));
        }
    }
}

/// Bounces by type, each led by a comma.
fn bounces(tally: &Tally) -> String {
    tally.bounce_types().iter().map(|(name, number)| format!(", {} {name}", HumanCount(*number))).collect()
}
