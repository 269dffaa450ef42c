//! What a report says of one recipient + the rule table → the verdict.
//!
//! In: codes, texts, host and stage. Out: cause, bounce type, action, and which rule decided. This module sees no MIME and
//! decides no format.

use std::borrow::Cow;

use crate::limits::{DIAGNOSTIC_BYTES, cut};
use crate::reply::{Command, EnhancedCode, Reply, ReplyCode, Stage};
use crate::rules::{Day, Facts, Rule, Table};
use crate::verdict::{Action, BounceType, Cause, DecidedBy, Outcome};

/// What is known of one failure.
#[derive(Debug, Clone, Default)]
pub struct Evidence<'a> {
    /// The basic code that was answered.
    pub reply_code: Option<ReplyCode>,
    /// The most exact enhanced code.
    pub enhanced_code: Option<EnhancedCode>,
    /// The reply itself.
    pub diagnostic: Option<&'a str>,
    /// The reply's words ([`Reply::text`]), where they are known already.
    pub words: Option<Cow<'a, str>>,
    /// What the report says of this recipient in other words, looked at when the reply's own words tell nothing.
    pub explanation: Option<&'a str>,
    /// The host that answered.
    pub host: Option<&'a str>,
    /// The stage that was answered.
    pub stage: Stage<'a>,
    /// What became of the message.
    pub outcome: Option<Outcome>,
    /// The day of the mail.
    pub day: Option<Day>,
}

impl<'a> Evidence<'a> {
    /// The evidence of a bare reply.
    pub fn of_reply(text: &'a str, host: Option<&'a str>, command: Option<Command>) -> Self {
        let text = cut(text, DIAGNOSTIC_BYTES);
        let reply = Reply::parse(text);
        Self {
            reply_code: reply.code,
            enhanced_code: reply.enhanced,
            diagnostic: Some(text),
            words: Some(reply.text),
            host,
            stage: command.map_or(Stage::In(text), |command| Stage::Known(Some(command))),
            ..Self::default()
        }
    }

    /// Only temporary: the outcome is `delayed`, or a 4xx was answered and no 5xx. Where nothing was answered, an exact
    /// enhanced code of class 4 counts as well, since removing a good address is the dearest mistake; the bare class of
    /// `4.0.0` beside "given up" does not.
    fn is_temporary(&self) -> bool {
        match (self.outcome, self.reply_code, self.enhanced_code) {
            (Some(Outcome::Delayed), ..) => true,
            (_, Some(code), _) => code.class() == 4,
            (None, None, Some(code)) => code.class == 4,
            (Some(_), None, Some(code)) => code.class == 4 && code.is_exact(),
            _ => false,
        }
    }
}

/// Why, whose fault, what to do, and who says so.
#[derive(Debug, Clone, Copy)]
pub struct Verdict<'t> {
    /// Why.
    pub cause: Cause,
    /// Whose fault.
    pub bounce_type: BounceType,
    /// What to do.
    pub action: Action,
    /// What decided the cause.
    pub decided_by: DecidedBy,
    /// The rule that won; none with [`DecidedBy::None`].
    pub rule: Option<&'t Rule>,
    temporary: bool,
}

impl<'t> Verdict<'t> {
    fn new(rule: Option<&'t Rule>, temporary: bool) -> Self {
        let cause = rule.map_or(Cause::Unknown, |rule| rule.cause);
        let (bounce_type, action) = cause.judge(temporary);
        let decided_by = rule.map_or(DecidedBy::None, Rule::decided_by);
        Self { cause, bounce_type, action, decided_by, rule, temporary }
    }

    /// Whether the reply itself was clear, so that no explanation changes the verdict.
    pub fn is_settled(&self) -> bool {
        self.rule.is_some_and(is_settled)
    }

    /// What to do, in a few sentences: the cause's advice, then the rule's own.
    pub fn advice(&self) -> Cow<'t, str> {
        let general = self.cause.advice_when(self.temporary);
        match self.rule.and_then(|rule| rule.advice.as_deref()) {
            Some(own) => Cow::Owned(format!("{general} {own}")),
            None => Cow::Borrowed(general),
        }
    }
}

/// One step of how a verdict came about.
#[derive(Debug)]
pub struct Match<'t> {
    /// The rule that holds.
    pub rule: &'t Rule,
    /// The phrase of it that was seen, for a rule that reads the text.
    pub phrase: Option<&'t str>,
    /// Whether the phrase was seen in the explanation and not in the reply itself.
    pub in_explanation: bool,
}

/// The verdict on one failure.
pub fn classify<'t>(table: &'t Table, evidence: &Evidence<'_>) -> Verdict<'t> {
    let by_reply = Verdict::new(table.first(&facts(evidence, &words(evidence))), evidence.is_temporary());
    if by_reply.is_settled() { by_reply } else { reconsider(table, evidence, by_reply) }
}

/// A verdict that is not settled by the reply, once the evidence has an explanation.
pub fn reconsider<'t>(table: &'t Table, evidence: &Evidence<'_>, by_reply: Verdict<'t>) -> Verdict<'t> {
    match by_explanation(table, evidence) {
        Some(rule) => Verdict::new(Some(rule), evidence.is_temporary()),
        None => by_reply,
    }
}

/// Every rule that holds, in the order of precedence: the first is the one that [`classify`] lets win.
pub fn trace<'t>(table: &'t Table, evidence: &Evidence<'_>) -> Vec<Match<'t>> {
    let of_reply = table.all(&facts(evidence, &words(evidence)));
    let decided = of_reply.first().is_some_and(|(first, _)| is_settled(first));
    let of_reply = of_reply.into_iter().map(|(rule, phrase)| Match { rule, phrase, in_explanation: false });
    let explanation = evidence.explanation.map(|explanation| Reply::parse(cut(explanation, DIAGNOSTIC_BYTES)));
    let of_explanation = explanation.map(|reply| table.all(&facts(evidence, &reply.text))).unwrap_or_default();
    let of_explanation = of_explanation.into_iter().filter(|(_, phrase)| phrase.is_some()).map(|(rule, phrase)| Match {
        rule,
        phrase,
        in_explanation: true,
    });
    let mut matches: Vec<Match<'t>> =
        if decided { of_reply.chain(of_explanation).collect() } else { of_explanation.chain(of_reply).collect() };
    let mut known = std::collections::HashSet::new();
    matches.retain(|step| known.insert(step.rule.id.as_ref()));
    matches
}

/// The reply's words.
fn words<'e>(evidence: &'e Evidence<'_>) -> Cow<'e, str> {
    match &evidence.words {
        Some(words) => Cow::Borrowed(words),
        None => Reply::parse(cut(evidence.diagnostic.unwrap_or_default(), DIAGNOSTIC_BYTES)).text,
    }
}

/// Whether the reply itself was clear: its words decided, or its provider's own code did.
fn is_settled(rule: &Rule) -> bool {
    rule.decided_by() == DecidedBy::Text || !rule.provider.is_empty()
}

fn by_explanation<'t>(table: &'t Table, evidence: &Evidence<'_>) -> Option<&'t Rule> {
    let explanation = Reply::parse(cut(evidence.explanation?, DIAGNOSTIC_BYTES));
    table.first_by_words(&facts(evidence, &explanation.text))
}

fn facts<'a>(evidence: &Evidence<'a>, text: &'a str) -> Facts<'a> {
    Facts {
        code: evidence.reply_code,
        status: evidence.enhanced_code,
        text,
        host: evidence.host,
        stage: evidence.stage,
        day: evidence.day,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Source;

    fn table() -> Table {
        let text = "[[rule]]\nid = \"any-gone\"\ncause = \"user_unknown\"\nphrases = [\"gone\"]\nsource = \"s\"\nexamples = [\"550 gone\"]\n[[rule]]\nid = \"status-x-7-1\"\ncause = \"policy\"\nstatus = \"x.7.1\"\nsource = \"s\"\nexamples = [\"550 5.7.1\"]\n";
        Table::from_sources(&[Source { name: "test.toml", text }]).expect("a good table")
    }

    #[test]
    fn a_dead_address_is_never_concluded_from_a_temporary_reply() {
        let table = table();
        for (reply, action) in
            [("550 gone", Action::RemoveAddress), ("450 gone", Action::RetryLater), ("4.1.1 gone", Action::RetryLater)]
        {
            assert_eq!(classify(&table, &Evidence::of_reply(reply, None, None)).action, action, "{reply}");
        }
        let given_up = Evidence {
            enhanced_code: EnhancedCode::parse("4.0.0"),
            diagnostic: Some("gone"),
            outcome: Some(Outcome::Failed),
            ..Evidence::default()
        };
        assert_eq!(classify(&table, &given_up).action, Action::RemoveAddress);
        let delayed = Evidence { outcome: Some(Outcome::Delayed), ..given_up.clone() };
        assert_eq!(classify(&table, &delayed).action, Action::RetryLater);
    }

    #[test]
    fn the_explanation_is_asked_only_where_the_words_of_the_reply_tell_nothing() {
        let table = table();
        let evidence = Evidence { explanation: Some("he is gone"), ..Evidence::of_reply("550 5.7.1 no", None, None) };
        let verdict = classify(&table, &evidence);
        assert_eq!((verdict.cause, verdict.decided_by), (Cause::UserUnknown, DecidedBy::Text));
        let steps: Vec<_> =
            trace(&table, &evidence).into_iter().map(|step| (step.rule.id.as_ref(), step.in_explanation)).collect();
        assert_eq!(steps, [("any-gone", true), ("status-x-7-1", false)]);
    }

    #[test]
    fn the_trace_begins_with_the_winner_where_reply_and_explanation_hold_the_same_words() {
        let text =
            "[[rule]]\nid = \"own-code\"\ncause = \"policy\"\nstatus = \"x.7.1\"\nsource = \"s\"\nexamples = [\"550 5.7.1\"]\n";
        let word = |id: &str| {
            format!(
                "[[rule]]\nid = \"{id}\"\ncause = \"user_unknown\"\nphrases = [\"{id}\"]\nsource = \"s\"\nexamples = [\"550 {id}\"]\n"
            )
        };
        let text = format!("{text}{}{}", word("gone"), word("left"));
        let table = Table::from_sources(&[Source { name: "test.toml", text: &text }]).expect("a good table");
        let evidence = Evidence { explanation: Some("gone and left"), ..Evidence::of_reply("550 5.7.1 gone", None, None) };
        let winner = classify(&table, &evidence).rule.map(|rule| rule.id.as_ref());
        let steps: Vec<_> = trace(&table, &evidence).into_iter().map(|step| step.rule.id.as_ref()).collect();
        assert_eq!((winner, steps), (Some("gone"), vec!["gone", "left", "own-code"]));
    }

    #[test]
    fn nothing_known_is_unknown() {
        let table = table();
        let verdict = classify(&table, &Evidence::of_reply("554 no", None, None));
        assert_eq!((verdict.cause, verdict.decided_by, verdict.action), (Cause::Unknown, DecidedBy::None, Action::Inspect));
    }
}
